"""New versions on a registry, told from one another through the stand-ins: what accounts for one, and what raises an alert."""

from collections.abc import Iterator
from dataclasses import replace
from html import unescape

import pytest
from redis import Redis

from bot.model.core_types import Outcome, RegistryId, RepositoryId
from bot.packages.versions import Package, PackageFile, TraceStatus
from bot.registries.revocation_pages import find_withdrawal
from bot.rendering.markdown import WORD_JOINER
from handlers.jobs.repositories.stored_reports import LatestReports
from handlers.queue.job_specs import (
    CheckBranch,
    CheckDuePackages,
    CheckPackage,
    CheckRelease,
    SendDigest,
    WritePackageAlert,
)
from handlers.records.package_alert_store import PackageAlertStore
from handlers.records.trace_store import TraceStore
from handlers.records.watch_store import WatchStore
from tests.app.acme import CATALOG, adopt_policy
from tests.app.release_scenario import FAILED_STEPS, SUCCESSFUL_STEPS
from tests.bot.checks.alerts.observed_versions import DAY
from tests.fakes.github.state.issues import FakeIssue
from tests.handlers.jobs.packages.watched_package import (
    MINUTE,
    WatchedPackageScenario,
    policy,
    trace_statuses,
    watched_package_scenario,
)

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
def story(redis: Redis) -> Iterator[WatchedPackageScenario]:
    with watched_package_scenario(redis) as story:
        yield story


def titles(story: WatchedPackageScenario) -> list[str]:
    return sorted(str(each.title) for each in story.alert_issues)


def issue_text(issue: FakeIssue) -> str:
    return unescape(issue.body or "").replace(WORD_JOINER, "")


def test_a_release_by_the_workflow_raises_nothing(story: WatchedPackageScenario) -> None:
    story.release("1.1.0")
    story.observe_registry()

    assert trace_statuses(story) == {"1.0.0": None, "1.1.0": TraceStatus.TRACED}
    assert story.alert_issues == []


def test_a_version_sent_with_a_stolen_token_is_an_alarm_at_once(story: WatchedPackageScenario) -> None:
    story.publish("1.0.1", by="mallory")
    story.advance(2 * MINUTE)
    story.observe_registry()

    assert titles(story) == [
        "Publisher changed: widgets 1.0.1 on PyPI",
        "Untraced version: widgets 1.0.1 on PyPI",
    ]
    told = issue_text(next(each for each in story.alert_issues if str(each.title).startswith("Untraced")))
    assert "1.0.1 is published, and no publish step of acme/widgets accounts for it" in told
    assert "Why it matters" in told
    order = [
        told.index(word)
        for word in ("Ask, over another channel", "Withdraw each version", "Revoke every token", "Rotate")
    ]
    assert order == sorted(order)
    way = find_withdrawal(RegistryId("pypi"), "widgets", "1.0.1")
    assert way is not None
    assert f"]({way.url}), {way.instructions}" in told


def test_looked_at_again_nothing_is_written_again(story: WatchedPackageScenario) -> None:
    story.publish("1.0.1", by="mallory")
    story.advance(2 * MINUTE)
    story.observe_registry()
    before = (titles(story), [issue_text(each) for each in story.alert_issues], len(story.acme.github.world.log.calls))
    story.observe_registry()
    story.run_job(CheckDuePackages())
    story.write_alerts()

    assert (titles(story), [issue_text(each) for each in story.alert_issues]) == before[:2]
    calls = story.acme.github.world.log.calls[before[2] :]
    assert not any(call.operation.startswith(("POST /repos", "PATCH")) for call in calls)


def test_a_file_that_is_added_to_an_old_version_past_github_is_an_alarm(story: WatchedPackageScenario) -> None:
    project = story.registries.world.projects["pypi", "widgets"]
    old = project.releases["1.0.0"]
    project.releases["1.0.0"] = replace(
        old, files=(*old.files, PackageFile("widgets-1.0.0-cp314-none-any.whl", {"sha256": "0a" * 32}))
    )
    project.changed_at = story.time.now
    story.observe_registry()

    (alarm,) = titles(story)
    assert alarm == "Untraced version: widgets 1.0.0 (widgets-1.0.0-cp314-none-any.whl, sha256 0a0a0…"
    page = find_withdrawal(RegistryId("pypi"), "widgets", "1.0.0")
    assert page is not None
    assert str(page.url) in issue_text(story.alert_issues[0])


def test_a_file_that_is_added_where_nothing_is_signed_is_not_accounted_for_by_the_run_of_the_others(
    redis: Redis,
) -> None:
    with watched_package_scenario(redis, packages=("gadgets",)) as story:
        story.registries.world.publish("pypi", "gadgets", "1.0.0", by="alice")  # by the run of the tag v1.0.0
        story.check_repository()
        project = story.registries.world.projects["pypi", "gadgets"]
        (watch,) = (each for each in WatchStore(story.acme.records).all() if each.package.name == "gadgets")
        old, project.changed_at = project.releases["1.0.0"], story.time.now + 30 * DAY
        story.advance(30 * DAY)
        added = PackageFile("gadgets-1.0.0-cp314-none-any.whl", {"sha256": "0a" * 32}, story.time.now)
        project.releases["1.0.0"] = replace(old, files=(*old.files, added))
        for _ in range(2):  # looked at again, it is none the better
            story.run_job(CheckPackage(story.acme.id, RegistryId("pypi"), "gadgets"))
            story.advance(MINUTE)

        assert trace_statuses(story, watch) == {"1.0.0": TraceStatus.UNTRACED}


def test_a_version_that_is_deleted_and_comes_back_with_another_file_is_an_alarm(story: WatchedPackageScenario) -> None:
    project = story.registries.world.projects["pypi", "widgets"]
    old = project.releases["1.0.0"]
    story.registries.world.delete("pypi", "widgets", "1.0.0")
    story.observe_registry()
    story.advance(5 * MINUTE)
    project.releases["1.0.0"], project.changed_at = old, story.time.now
    story.observe_registry()  # as a registry's copies do, some of which lag behind
    assert (trace_statuses(story), story.alert_issues) == ({"1.0.0": None}, [])

    story.registries.world.delete("pypi", "widgets", "1.0.0")
    story.observe_registry()
    story.advance(5 * MINUTE)
    story.publish("1.0.0", files=(PackageFile("widgets-1.0.0-1-py3-none-any.whl", {"sha256": "0a" * 32}),))
    story.advance(2 * MINUTE)
    story.observe_registry()
    assert trace_statuses(story) == {"1.0.0": TraceStatus.UNTRACED}


def test_a_version_that_is_gone_before_its_grace_is_over_is_an_alarm_all_the_same(
    story: WatchedPackageScenario,
) -> None:
    story.publish("1.0.1")
    story.observe_registry()
    assert trace_statuses(story)["1.0.1"] is TraceStatus.PENDING
    story.registries.world.delete("pypi", "widgets", "1.0.1")
    story.advance(2 * MINUTE)
    story.observe_registry()

    assert trace_statuses(story)["1.0.1"] is TraceStatus.UNTRACED
    assert "Untraced version: widgets 1.0.1 on PyPI" in titles(story)
    assert "it is withdrawn by now" in issue_text(story.alert_issues[-1])


def test_a_tag_of_an_image_that_is_moved_is_accounted_for_by_a_run_or_an_alarm(story: WatchedPackageScenario) -> None:
    world, image = story.registries.world, (RegistryId("docker-hub"), "acme/tool")
    for tag in ("1.0.0", "latest"):
        world.publish(*image, tag, by="alice")
    adopt_policy(story.acme.github.repository("acme/.github"), policy() + TOOL)
    tool = story.acme.organization.repository("tool", {".github/workflows/image.yml": IMAGE})
    story.run_job(CheckBranch(*story.acme.names(tool)))
    (watch,) = WatchStore(story.acme.records).of_repository(RepositoryId(tool.id))
    assert trace_statuses(story, watch) == {"1.0.0": None, "latest": None}
    story.advance(MINUTE)

    run = tool.start_run(".github/workflows/image.yml", by="alice")
    tool.finish_job(run, tool.start_job(run, "image"), "success", {"Push": "success"})
    tool.finish_run(run)
    world.move_tag(*image, "latest", by="alice")
    story.run_job(CheckPackage(story.acme.id, *image))
    assert trace_statuses(story, watch)["latest"] is TraceStatus.TRACED

    story.advance(5 * DAY)
    world.move_tag(*image, "latest", by="mallory")
    story.advance(2 * MINUTE)
    story.run_job(CheckPackage(story.acme.id, *image))
    story.write_alerts()
    (kept,) = TraceStore(story.acme.records).find_all(Package(RegistryId("docker-hub"), "acme/tool"), "latest")
    assert kept.status is TraceStatus.UNTRACED
    (alarm,) = story.alert_issues
    digest = world.projects[image].releases["latest"].files[0].digests["sha256"]
    assert alarm.title == f"Untraced version: acme/tool latest (sha256 {digest[:12]}) on Docker Hub"


def test_a_publish_step_that_was_skipped_is_an_alarm_though_provenance_is_valid(story: WatchedPackageScenario) -> None:
    story.release("1.0.1", FAILED_STEPS)
    story.observe_registry()

    (alarm,) = titles(story)
    assert alarm == "Publish step not run: widgets 1.0.1 on PyPI"


def test_a_run_that_is_under_way_has_its_time_and_then_settles_the_alarm(story: WatchedPackageScenario) -> None:
    tag = story.tag("1.1.0")
    run = story.widgets.start_run(".github/workflows/release.yml", ref=tag, by="alice")
    job = story.widgets.start_job(run, "publish", environment="pypi")
    story.publish("1.1.0", workload=story.workload(run), provenance=story.provenance_of(run))
    story.observe_registry()
    assert (trace_statuses(story)["1.1.0"], story.alert_issues) == (TraceStatus.PENDING, [])

    story.advance(16 * MINUTE)
    story.observe_registry()
    (alarm,) = story.alert_issues
    assert (alarm.state, alarm.title) == ("open", "Untraced version: widgets 1.1.0 on PyPI")

    story.widgets.approve(run, "pypi", by="bob")
    story.widgets.finish_job(run, job, "success", SUCCESSFUL_STEPS)
    story.widgets.finish_run(run)
    story.advance(MINUTE)
    story.observe_registry()
    assert (alarm.state, trace_statuses(story)["1.1.0"]) == ("closed", TraceStatus.TRACED)
    assert "1.1.0 is traced" in unescape(alarm.comments[-1].body)


def test_the_digest_tells_of_open_alarms(story: WatchedPackageScenario) -> None:
    story.publish("1.0.1", by="mallory")
    story.advance(2 * MINUTE)
    story.observe_registry()
    for each in (story.widgets, story.security, story.acme.github.repository("acme/.github")):
        story.run_job(CheckBranch(*story.acme.names(each)))
    story.run_job(SendDigest(story.acme.id, "acme"))

    (digest,) = story.widgets.issues
    assert "### Open alerts (2)" in issue_text(digest)
    assert "1.0.1 is published, and no publish step of acme/widgets accounts for it" in issue_text(digest)


def test_what_a_person_closed_stays_closed_and_what_comes_later_has_an_alarm_of_its_own(
    story: WatchedPackageScenario,
) -> None:
    story.publish("1.0.1", by="mallory")
    story.advance(2 * MINUTE)
    story.observe_registry()
    for each in story.alert_issues:
        story.security.close(each.number, by="alice")
    story.advance(MINUTE)
    story.publish("1.0.2", by="mallory")
    story.advance(2 * MINUTE)
    story.observe_registry()
    story.write_alerts()

    assert [each.state for each in story.alert_issues] == ["closed", "closed", "open", "open"]
    assert all("1.0.2" in str(each.title) for each in story.alert_issues[2:])


def test_an_alarm_that_a_person_closed_is_no_longer_open_for_the_digest_and_the_pages(
    story: WatchedPackageScenario,
) -> None:
    story.publish("1.0.1", by="mallory")
    story.advance(2 * MINUTE)
    story.observe_registry()
    story.security.close(1, by="alice")
    for alarm, issue in tuple(PackageAlertStore(story.acme.records).all(story.acme.id)):
        assert issue is not None
        story.run_job(WritePackageAlert(story.acme.id, alarm.key))
        assert alarm.is_open

    found = {
        issue.number: alarm.is_open
        for alarm, issue in PackageAlertStore(story.acme.records).all(story.acme.id)
        if issue
    }
    assert found == {1: False, 2: True}


def test_what_is_found_out_of_a_release_goes_into_its_check(story: WatchedPackageScenario) -> None:
    story.release("1.1.0")
    story.observe_registry()
    waiting = CheckRelease(*story.acme.names(story.widgets), "v1.1.0")
    assert story.acme.redis.exists(f"rq:job:{waiting.deduplication_key}")


def test_a_burst_is_one_issue_of_each_kind(story: WatchedPackageScenario) -> None:
    for minor in range(1, 8):
        story.publish(f"1.0.{minor}", by="mallory")
        story.advance(MINUTE)
    story.advance(MINUTE)
    story.observe_registry()

    assert len(story.alert_issues) == 3
    assert "Burst of versions: widgets on PyPI" in titles(story)
    assert "Untraced version: widgets 1.0.1 and 6 more on PyPI" in titles(story)


def test_the_rules_fail_where_the_watch_raises_alarms(story: WatchedPackageScenario) -> None:
    story.publish("1.0.1", by="mallory")
    story.advance(2 * MINUTE)
    story.observe_registry()
    report = LatestReports(story.acme.records, story.acme.redis, CATALOG, story.acme.id).report(
        RepositoryId(story.widgets.id)
    )

    assert report is not None
    assert report.outcomes["consistent-publisher"] is Outcome.FAILED  # type: ignore[index]  # a rule's name
    assert report.outcomes["traceable-versions"] is Outcome.FAILED  # type: ignore[index]  # as above
    assert report.outcomes["publish-rate"] is Outcome.PASSED  # type: ignore[index]  # as above
