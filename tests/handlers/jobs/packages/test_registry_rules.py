"""The rules about registries through the App: waived for a package, unknown where nobody could look, and no business elsewhere."""

import pytest
from redis import Redis

from bot.checks.rules import RULES
from bot.evaluation.package_alerts import thresholds_of
from bot.model.core_types import Outcome, RegistryId
from bot.policy import policy_in_force
from bot.policy.read_policy import read_policy
from bot.rendering.register_report import build_register, render_register_text
from handlers.jobs.repositories.stored_reports import LatestReports
from handlers.queue.job_specs import OrganizationChange, OrganizationChanged, RecheckCommit
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


PEOPLE = """people:
  - {login: "@alice", accounts: {pypi: alice}}
  - {login: "@mona", accounts: {pypi: mona}}
"""


def test_an_account_that_the_register_does_not_name_or_whose_person_left_is_a_finding(redis: Redis) -> None:
    with watched_package_scenario(redis) as story:
        home = story.acme.github.repository("acme/.github")
        asked = policy().replace("  registry-owners: off\n", "") + PEOPLE
        adopt_policy(home, asked)
        assert outcomes(story, story.widgets)["registry-owners"] == Outcome.FAILED
        (finding,) = findings(story, "registry-owners")
        assert finding == "widgets can be published by mallory, whom the register does not name"

        story.registries.world.remove_maintainer("pypi", "widgets", "mallory")
        story.registries.world.add_maintainer("pypi", "widgets", "alice")
        story.observe_registry()
        assert outcomes(story, story.widgets)["registry-owners"] == Outcome.PASSED

        story.acme.organization.member("mona")
        story.registries.world.add_maintainer("pypi", "widgets", "mona", "Maintainer")
        story.observe_registry()
        story.acme.organization.remove_member("mona")
        story.run_job(OrganizationChanged(story.acme.id, "acme", OrganizationChange.PEOPLE))
        assert outcomes(story, story.widgets)["registry-owners"] == Outcome.FAILED
        (finding,) = findings(story, "registry-owners")
        assert finding == "widgets can be published by mona (@mona), who left the organization"


def test_while_the_registry_is_away_the_accounts_that_it_told_last_are_judged(redis: Redis) -> None:
    with watched_package_scenario(redis) as story:
        home = story.acme.github.repository("acme/.github")
        adopt_policy(home, policy().replace("  registry-owners: off\n", "") + PEOPLE)
        story.registries.world.outage("pypi")
        story.observe_registry()
        assert outcomes(story, story.widgets)["registry-owners"] != Outcome.PASSED


def test_the_register_lists_the_accounts_of_a_package_and_what_can_still_publish_it(redis: Redis) -> None:
    with watched_package_scenario(redis) as story:
        home = story.acme.github.repository("acme/.github")
        adopt_policy(home, policy() + PEOPLE)
        story.registries.world.add_maintainer("pypi", "widgets", "alice", "Maintainer")
        story.observe_registry()
        outcomes(story, story.widgets)
        acme = story.acme
        report = LatestReports(acme.records, acme.redis, acme.context.catalog, acme.id).report(
            acme.names(story.widgets)[1]
        )
        assert report is not None
        register = build_register(report)

        accounts = {line.identity.name: line.identity for line in register.entries if line.identity.packages}
        assert {name: (each.owner, each.packages) for name, each in accounts.items()} == {
            "alice": ("@alice", ("widgets (Maintainer)",)),
            "mallory": (None, ("widgets (Owner)",)),
        }
        (package,) = register.packages
        assert package.tokens == "accepted: the registry has no setting that refuses them"
        assert package.can_publish == (
            "the account alice (Maintainer) of @alice",
            "the account mallory (Owner) of nobody whom the register names",
            "the trusted publisher release.yml of pypi from the environment pypi",
        )
        assert "can be published by" in render_register_text([register])


@pytest.mark.parametrize("rule", ["registry-owners", "locked-package", "unused-publishers"])
def test_a_package_is_watched_as_long_as_any_rule_reads_what_its_registry_tells(rule: str) -> None:
    nothing, others = policy_in_force(read_policy(only().encode(), ())), only(rule)
    assert not thresholds_of(nothing, RegistryId("npm")).kinds
    assert thresholds_of(policy_in_force(read_policy(others.encode(), ())), RegistryId("npm")).kinds


def only(*rules: str) -> str:
    return "version: 1\nrules:\n" + "".join(f"  {each.name}: off\n" for each in RULES if each.name not in rules)


def findings(story: WatchedPackageScenario, rule: str) -> list[str]:
    standing = ReportStore(story.acme.records).get(story.widgets.id)  # type: ignore[arg-type]  # the story's number is GitHub's
    assert standing is not None
    found = standing.report["findings"]
    assert isinstance(found, list)
    return [each["message"] for each in found if each["rule"] == rule]
