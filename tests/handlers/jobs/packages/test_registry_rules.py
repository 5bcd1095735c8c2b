"""The rules about registries through the App: waived for a package, unseen where nobody could look, and no business elsewhere."""

from redis import Redis

from bot.model.core_types import Outcome
from handlers.records.report_store import Standings
from tests.app.acme import NOTHING, RELEASE
from tests.fakes.github.scenario.scenario_repository import Repository
from tests.handlers.jobs.packages.watched_package import MINUTE, WATCHED, Story, policy, watched

WAIVER = """waivers:
  - {{rule: consistent-publisher, repository: acme/widgets, package: "pkg:pypi/widgets", reason: it moves, owner: "@alice", expires: {day}}}
"""


def outcomes(story: Story, repository: Repository) -> dict[str, str]:
    story.do("recheck_commit", story.acme.id, repository.id, repository.full_name, repository.head)
    standing = next(each for each in Standings(story.acme.redis).all(story.acme.id) if each.id == repository.id)
    found = standing.report["outcomes"]
    assert isinstance(found, dict)
    return found


def test_it_fails_is_waived_for_its_package_and_holds_again_when_the_version_is_withdrawn(redis: Redis) -> None:
    with watched(redis) as story:
        assert outcomes(story, story.widgets)["consistent-publisher"] == Outcome.PASSED
        story.publish("1.0.1", by="mallory")
        story.later(MINUTE / 2)
        story.look()
        assert outcomes(story, story.widgets)["consistent-publisher"] == Outcome.FAILED

        home = story.acme.github.repository("acme/.github")
        home.push({"publishing.yml": policy() + WAIVER.format(day=story.acme.day(60))})
        assert outcomes(story, story.widgets)["consistent-publisher"] == Outcome.WAIVED

        home.push({"publishing.yml": policy()})
        story.registries.world.withdraw("pypi", "widgets", "1.0.1")
        story.look()
        assert outcomes(story, story.widgets)["consistent-publisher"] == Outcome.PASSED


def test_while_the_registry_is_away_they_are_unseen_and_name_it(redis: Redis) -> None:
    with watched(redis) as story:
        story.registries.world.outage("pypi")
        story.look()
        assert outcomes(story, story.widgets)["consistent-publisher"] == Outcome.UNSEEN
        standing = Standings(redis).get(story.widgets.id)  # type: ignore[arg-type]  # the story's number is GitHub's
        assert standing is not None
        assert "what pypi has of widgets" in str(standing.report["unseen"])
        assert standing.conclusion == "action_required"


def test_where_nothing_is_published_they_do_not_apply(redis: Redis) -> None:
    with watched(redis) as story:
        plain = story.acme.organisation.repository("plain", {RELEASE: NOTHING})
        assert {outcomes(story, plain)[rule] for rule in WATCHED} == {Outcome.NOT_APPLICABLE}
