"""New versions on a registry, told from one another through the stand-ins: what accounts for one, and what raises an alarm."""

from collections.abc import Iterator
from dataclasses import replace
from html import unescape

import pytest
from redis import Redis

from bot.model.core_types import Outcome, RegistryId, RepositoryId
from bot.packages.versions import File, Package, Standing
from bot.registries.withdrawal import withdrawal
from bot.rendering.markdown import JOINER
from handlers.jobs.repositories.latest import Latest
from handlers.queue.enqueue import job_id
from handlers.queue.job_specs import Priority, Work
from handlers.records.package_alert_store import AlarmBook
from handlers.records.trace_store import AccountBook
from handlers.records.watch_store import WatchBook
from tests.app.acme import CATALOGUE
from tests.app.release_scenario import DONE, FAILED
from tests.bot.checks.alerts.observed_versions import DAY
from tests.fakes.github.state.issues import Issue
from tests.handlers.jobs.packages.watched_package import MINUTE, Story, policy, standings, watched

IMAGE = """
on: {push: {branches: [main]}}
permissions: {}
jobs:
  image:
    runs-on: ubuntu-latest
    steps:
      - uses: docker/login-action@v3
        with: {username: acme, password: "${{ secrets.HUB }}"}
      - {name: Push, run: docker push acme/tool:latest}
"""
TOOL = "packages: [{purl: pkg:docker/acme/tool, repository: acme/tool}]\n"


@pytest.fixture
def story(redis: Redis) -> Iterator[Story]:
    with watched(redis) as story:
        yield story


def titles(story: Story) -> list[str]:
    return sorted(str(each.title) for each in story.alarms)


def shown(issue: Issue) -> str:
    return unescape(issue.body or "").replace(JOINER, "")


def test_a_release_by_the_workflow_raises_nothing(story: Story) -> None:
    story.release("1.1.0")
    story.look()

    assert standings(story) == {"1.0.0": None, "1.1.0": Standing.ACCOUNTED}
    assert story.alarms == []


def test_a_version_sent_with_a_stolen_token_is_an_alarm_at_once(story: Story) -> None:
    story.publish("1.0.1", by="mallory")
    story.later(2 * MINUTE)
    story.look()

    assert titles(story) == [
        "Alarm: 1.0.1 of widgets on PyPI did not come from where its versions come from",
        "Alarm: nobody can account for 1.0.1 of widgets on PyPI",
    ]
    told = shown(next(each for each in story.alarms if "account" in str(each.title)))
    assert "1.0.1 is published, and no publish step of acme/widgets accounts for it" in told
    assert "What it means" in told
    order = [
        told.index(word) for word in ("Ask, by another way", "Withdraw the version", "Revoke every token", "Rotate")
    ]
    assert order == sorted(order)
    way = withdrawal(RegistryId("pypi"), "widgets", "1.0.1")
    assert way is not None
    assert f"{way.url}, {way.way}" in told.replace("<code>", "").replace("</code>", "")


def test_looked_at_again_nothing_is_written_again(story: Story) -> None:
    story.publish("1.0.1", by="mallory")
    story.later(2 * MINUTE)
    story.look()
    before = (titles(story), [shown(each) for each in story.alarms], len(story.acme.github.world.record.calls))
    story.look()
    story.do("watch")
    story.tell()

    assert (titles(story), [shown(each) for each in story.alarms]) == before[:2]
    calls = story.acme.github.world.record.calls[before[2] :]
    assert not any(call.operation.startswith(("POST /repos", "PATCH")) for call in calls)


def test_a_file_that_is_added_to_an_old_version_past_github_is_an_alarm(story: Story) -> None:
    project = story.registries.world.projects["pypi", "widgets"]
    old = project.releases["1.0.0"]
    project.releases["1.0.0"] = replace(
        old, files=(*old.files, File("widgets-1.0.0-cp314-none-any.whl", {"sha256": "0a" * 32}))
    )
    project.changed = story.time.now
    story.look()

    (alarm,) = titles(story)
    assert (
        alarm
        == "Alarm: nobody can account for 1.0.0 (widgets-1.0.0-cp314-none-any.whl, sha256 0a0a0a0a0a0a) of widgets on PyPI"
    )
    page = withdrawal(RegistryId("pypi"), "widgets", "1.0.0")
    assert page is not None
    assert str(page.url) in shown(story.alarms[0])


def test_a_file_that_is_added_where_nothing_is_signed_is_not_accounted_for_by_the_run_of_the_others(
    redis: Redis,
) -> None:
    with watched(redis, packages=("gadgets",)) as story:
        story.registries.world.publish("pypi", "gadgets", "1.0.0", by="alice")  # by the run of the tag v1.0.0
        story.judge()
        project = story.registries.world.projects["pypi", "gadgets"]
        (watch,) = (each for each in WatchBook(redis).all() if each.package.name == "gadgets")
        old, project.changed = project.releases["1.0.0"], story.time.now + 30 * DAY
        story.later(30 * DAY)
        added = File("gadgets-1.0.0-cp314-none-any.whl", {"sha256": "0a" * 32}, story.time.now)
        project.releases["1.0.0"] = replace(old, files=(*old.files, added))
        for _ in range(2):  # looked at again, it is none the better
            story.do("watch_package", story.acme.id, "pypi", "gadgets")
            story.later(MINUTE)

        assert standings(story, watch) == {"1.0.0": Standing.UNACCOUNTED}


def test_a_version_that_is_deleted_and_comes_back_with_another_file_is_an_alarm(story: Story) -> None:
    project = story.registries.world.projects["pypi", "widgets"]
    old = project.releases["1.0.0"]
    story.registries.world.delete("pypi", "widgets", "1.0.0")
    story.look()
    story.later(5 * MINUTE)
    project.releases["1.0.0"], project.changed = old, story.time.now
    story.look()  # as a registry's copies do, some of which lag behind
    assert (standings(story), story.alarms) == ({"1.0.0": None}, [])

    story.registries.world.delete("pypi", "widgets", "1.0.0")
    story.look()
    story.later(5 * MINUTE)
    story.publish("1.0.0", files=(File("widgets-1.0.0-1-py3-none-any.whl", {"sha256": "0a" * 32}),))
    story.later(2 * MINUTE)
    story.look()
    assert standings(story) == {"1.0.0": Standing.UNACCOUNTED}


def test_a_version_that_is_gone_before_its_grace_is_over_is_an_alarm_all_the_same(story: Story) -> None:
    story.publish("1.0.1")
    story.look()
    assert standings(story)["1.0.1"] is Standing.PENDING
    story.registries.world.delete("pypi", "widgets", "1.0.1")
    story.later(2 * MINUTE)
    story.look()

    assert standings(story)["1.0.1"] is Standing.UNACCOUNTED
    assert "Alarm: nobody can account for 1.0.1 of widgets on PyPI" in titles(story)
    assert "it is withdrawn by now" in shown(story.alarms[-1])


def test_a_tag_of_an_image_that_is_moved_is_accounted_for_by_a_run_or_an_alarm(story: Story) -> None:
    world, image = story.registries.world, ("docker-hub", "acme/tool")
    for tag in ("1.0.0", "latest"):
        world.publish(*image, tag, by="alice")
    story.acme.github.repository("acme/.github").push({"publishing.yml": policy() + TOOL})
    tool = story.acme.organisation.repository("tool", {".github/workflows/image.yml": IMAGE})
    story.do("check_branch", story.acme.id, tool.id, tool.full_name)
    (watch,) = WatchBook(story.acme.redis).of(RepositoryId(tool.id))
    assert standings(story, watch) == {"1.0.0": None, "latest": None}
    story.later(MINUTE)

    run = tool.start_run(".github/workflows/image.yml", by="alice")
    tool.finish_job(run, tool.start_job(run, "image"), "success", {"Push": "success"})
    tool.finish_run(run)
    world.move(*image, "latest", by="alice")
    story.do("watch_package", story.acme.id, *image)
    assert standings(story, watch)["latest"] is Standing.ACCOUNTED

    story.later(5 * DAY)
    world.move(*image, "latest", by="mallory")
    story.later(2 * MINUTE)
    story.do("watch_package", story.acme.id, *image)
    story.tell()
    (kept,) = AccountBook(story.acme.redis).get(Package(RegistryId("docker-hub"), "acme/tool"), "latest")
    assert kept.standing is Standing.UNACCOUNTED
    (alarm,) = story.alarms
    digest = world.projects[image].releases["latest"].files[0].digests["sha256"]
    assert alarm.title == f"Alarm: nobody can account for latest (sha256 {digest[:12]}) of acme/tool on Docker Hub"


def test_a_publish_step_that_was_skipped_is_an_alarm_though_provenance_is_valid(story: Story) -> None:
    story.release("1.0.1", FAILED)
    story.look()

    (alarm,) = titles(story)
    assert alarm == "Alarm: 1.0.1 of widgets on PyPI is published, and its publish step did not succeed"


def test_a_run_that_is_under_way_has_its_time_and_then_settles_the_alarm(story: Story) -> None:
    tag = story.tag("1.1.0")
    run = story.widgets.start_run(".github/workflows/release.yml", ref=tag, by="alice")
    job = story.widgets.start_job(run, "publish", environment="pypi")
    story.publish("1.1.0", workload=story.workload(run), provenance=story.signed(run))
    story.look()
    assert (standings(story)["1.1.0"], story.alarms) == (Standing.PENDING, [])

    story.later(16 * MINUTE)
    story.look()
    (alarm,) = story.alarms
    assert (alarm.state, alarm.title) == ("open", "Alarm: nobody can account for 1.1.0 of widgets on PyPI")

    story.widgets.approve(run, "pypi", by="bob")
    story.widgets.finish_job(run, job, "success", DONE)
    story.widgets.finish_run(run)
    story.later(MINUTE)
    story.look()
    assert (alarm.state, standings(story)["1.1.0"]) == ("closed", Standing.ACCOUNTED)
    assert "1.1.0 is accounted for" in unescape(alarm.comments[-1].body)


def test_the_digest_tells_of_open_alarms(story: Story) -> None:
    story.publish("1.0.1", by="mallory")
    story.later(2 * MINUTE)
    story.look()
    for each in (story.widgets, story.security, story.acme.github.repository("acme/.github")):
        story.do("check_branch", story.acme.id, each.id, each.full_name)
    story.do("send_digest", story.acme.id, "acme")

    (digest,) = story.widgets.issues
    assert "### Alarms (2)" in shown(digest)
    assert "1.0.1 is published, and no publish step of acme/widgets accounts for it" in shown(digest)


def test_what_a_person_closed_stays_closed_and_what_comes_later_has_an_alarm_of_its_own(story: Story) -> None:
    story.publish("1.0.1", by="mallory")
    story.later(2 * MINUTE)
    story.look()
    for each in story.alarms:
        story.security.close(each.number, by="alice")
    story.later(MINUTE)
    story.publish("1.0.2", by="mallory")
    story.later(2 * MINUTE)
    story.look()
    story.tell()

    assert [each.state for each in story.alarms] == ["closed", "closed", "open", "open"]
    assert all("1.0.2" in str(each.title) for each in story.alarms[2:])


def test_an_alarm_that_a_person_closed_is_no_longer_open_for_the_digest_and_the_pages(story: Story) -> None:
    story.publish("1.0.1", by="mallory")
    story.later(2 * MINUTE)
    story.look()
    story.security.close(1, by="alice")
    for alarm, issue in tuple(AlarmBook(story.acme.redis).all(story.acme.id)):
        assert issue is not None
        story.do("write_alarm", story.acme.id, alarm.key)
        assert alarm.is_open

    found = {issue.number: alarm.is_open for alarm, issue in AlarmBook(story.acme.redis).all(story.acme.id) if issue}
    assert found == {1: False, 2: True}


def test_what_is_found_out_of_a_release_goes_into_its_check(story: Story) -> None:
    story.release("1.1.0")
    story.look()
    waiting = Work("check_release", Priority.CHECK, "", (story.acme.id, story.widgets.id, "acme/widgets", "v1.1.0"))
    assert story.acme.redis.exists(f"rq:job:{job_id(waiting)}")


def test_a_burst_is_one_issue_of_each_kind(story: Story) -> None:
    for minor in range(1, 8):
        story.publish(f"1.0.{minor}", by="mallory")
        story.later(MINUTE)
    story.later(MINUTE)
    story.look()

    assert len(story.alarms) == 3
    assert "Alarm: a burst of versions of widgets on PyPI" in titles(story)
    assert "Alarm: nobody can account for 1.0.1 and 6 more of widgets on PyPI" in titles(story)


def test_the_rules_fail_where_the_watch_raises_alarms(story: Story) -> None:
    story.publish("1.0.1", by="mallory")
    story.later(2 * MINUTE)
    story.look()
    report = Latest(story.acme.redis, CATALOGUE, story.acme.id).report(RepositoryId(story.widgets.id))

    assert report is not None
    assert report.outcomes["consistent-publisher"] is Outcome.FAILED  # type: ignore[index]  # a rule's name
    assert report.outcomes["traceable-versions"] is Outcome.FAILED  # type: ignore[index]  # as above
    assert report.outcomes["publish-rate"] is Outcome.PASSED  # type: ignore[index]  # as above
