"""The rules about registries through the App: waived for a package, unknown where nobody could look, and no business elsewhere."""

from redis import Redis

from bot.model.core_types import Outcome
from handlers.queue.job_specs import RecheckCommit
from handlers.records.report_store import ReportStore
from tests.app.acme import RELEASE_WORKFLOW_PATH, WITHOUT_PUBLICATION, adopt_policy
from tests.fakes.github.scenario.scenario_repository import ScenarioRepository
from tests.handlers.jobs.packages.watched_package import (
    MINUTE,
    RULES_IN_FORCE,
    WatchedPackageScenario,
    policy,
    watched_package_scenario,
)

WAIVER = """waivers:
  - {{rule: consistent-publisher, repository: acme/widgets, package: "pkg:pypi/widgets", reason: it moves, owner: "@alice", expires: {day}}}
"""


def outcomes(story: WatchedPackageScenario, repository: ScenarioRepository) -> dict[str, str]:
    story.run_job(RecheckCommit(*story.acme.names(repository), repository.head))
    standing = next(each for each in ReportStore(story.acme.records).all(story.acme.id) if each.id == repository.id)
    found = standing.report["outcomes"]
    assert isinstance(found, dict)
    return found


def test_it_fails_is_waived_for_its_package_and_holds_again_when_the_version_is_withdrawn(redis: Redis) -> None:
    with watched_package_scenario(redis) as story:
        assert outcomes(story, story.widgets)["consistent-publisher"] == Outcome.PASSED
        story.publish("1.0.1", by="mallory")
        story.advance(MINUTE / 2)
        story.observe_registry()
        assert outcomes(story, story.widgets)["consistent-publisher"] == Outcome.FAILED

        home = story.acme.github.repository("acme/.github")
        adopt_policy(home, policy() + WAIVER.format(day=story.acme.date_in(60)))
        assert outcomes(story, story.widgets)["consistent-publisher"] == Outcome.WAIVED

        adopt_policy(home, policy())
        story.registries.world.withdraw("pypi", "widgets", "1.0.1")
        story.observe_registry()
        assert outcomes(story, story.widgets)["consistent-publisher"] == Outcome.PASSED


def test_while_the_registry_is_away_they_are_unseen_and_name_it(redis: Redis) -> None:
    with watched_package_scenario(redis) as story:
        story.registries.world.outage("pypi")
        story.observe_registry()
        assert outcomes(story, story.widgets)["consistent-publisher"] == Outcome.UNKNOWN
        standing = ReportStore(story.acme.records).get(story.widgets.id)  # type: ignore[arg-type]  # the story's number is GitHub's
        assert standing is not None
        assert "what pypi has of widgets" in str(standing.report["unknown"])
        assert standing.conclusion == "action_required"


def test_where_nothing_is_published_they_do_not_apply(redis: Redis) -> None:
    with watched_package_scenario(redis) as story:
        plain = story.acme.organization.repository("plain", {RELEASE_WORKFLOW_PATH: WITHOUT_PUBLICATION})
        assert {outcomes(story, plain)[rule] for rule in RULES_IN_FORCE} == {Outcome.NOT_APPLICABLE}
