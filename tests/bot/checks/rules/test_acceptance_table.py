"""Each rule through GitHub, five ways: it fails, it holds, it is waived, it has nothing to judge, it cannot be seen."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from redis import Redis

from bot.checks.check import Rule
from bot.checks.rules import RULES
from bot.model.core_types import Outcome, RepositoryId
from bot.settings import SettingsQuery
from handlers.records.report_store import ReportStore
from handlers.records.review_store import ReviewStore
from tests.app.acme import CATALOG, RELEASE_WORKFLOW_PATH, WITHOUT_PUBLICATION, AcmeInstallation, acme_on, adopt_policy
from tests.bot.checks.rules.acceptance_states import REGISTER, STATES, Arrange, old_secret, trusted
from tests.bot.checks.rules.test_rule_pages import result_of
from tests.fakes.github.scenario.scenario_organization import ScenarioOrganization
from tests.fakes.github.scenario.scenario_repository import ScenarioRepository
from tests.repository.page_examples import read_page

FOLDER = Path(__file__).parents[4] / "bot" / "checks" / "rules"
REVIEWED = "reviewed-access"  # what people confirm is kept by the access review, not by GitHub
WATCHED = {
    "consistent-publisher",
    "publish-rate",
    "registry-owners",
    "locked-package",
    "unused-publishers",
}  # registries tell of it, not GitHub
RELEASED = {"traceable-versions", "attested-artifacts", "approved-release"}  # judged in tests/evidence
EVERYWHERE = {"no-hardcoded-tokens"}  # about every workflow, whether it publishes or not
BROKEN = {".github/workflows/broken.yml": "jobs: ["}

ABOUT_SETTINGS = [pytest.param(rule, id=str(rule.name)) for rule in RULES if rule.name in STATES]
JUDGED = [pytest.param(rule, id=str(rule.name)) for rule in RULES if rule.name not in {REVIEWED, *WATCHED, *RELEASED}]


def only(rule: type[Rule]) -> str:
    """A policy by which one rule is in force."""
    declared = (
        f"  {rule.name}: {{allowed-bypass: [nobody]}}\n" if hasattr(rule, "allowed_bypass") else ""
    )  # GitHub hides it
    return "version: 1\nrules:\n" + "".join(f"  {each.name}: off\n" for each in RULES if each is not rule) + declared


def outcome(acme: AcmeInstallation, rule: type[Rule], repository: ScenarioRepository, policy: str) -> Outcome:
    """What becomes of the rule in the repository under a policy, as the App keeps it."""
    acme.organization.repository(".github-private", {"publishing.yml": policy})
    return outcomes(acme, repository)[rule.name]


def outcomes(acme: AcmeInstallation, repository: ScenarioRepository) -> dict[str, Outcome]:
    """What becomes of each rule that is in force."""
    acme.check(repository)
    standing = ReportStore(acme.records).get(RepositoryId(repository.id))
    assert standing is not None
    found = standing.report["outcomes"]
    assert isinstance(found, dict)
    return {name: Outcome(each) for name, each in found.items()}


def example(rule: type[Rule], wanted: Outcome) -> Arrange:
    """A repository with the files of the page's first example that ends so."""
    page = read_page(FOLDER / f"{rule.name.replace('-', '_')}.md")
    found = next(
        each for each in page.examples if each.policy is None and result_of(rule, each).outcome is wanted
    )  # fmt: skip
    files: Mapping[str, str] = {path: CATALOG.expand_addresses(text) for path, text in found.files.items()}

    def arrange(organization: ScenarioOrganization) -> ScenarioRepository:
        return organization.repository("widgets", files)

    return arrange


def failing(acme: AcmeInstallation, rule: type[Rule]) -> tuple[ScenarioRepository, str]:
    state = STATES.get(rule.name)
    arrange = state.failing if state else example(rule, Outcome.FAILED)
    return arrange(acme.organization), only(rule) + register(acme, state.register_fails if state else None)


def passing(acme: AcmeInstallation, rule: type[Rule]) -> tuple[ScenarioRepository, str]:
    state = STATES.get(rule.name)
    arrange = state.passing if state else example(rule, Outcome.PASSED)
    return arrange(acme.organization), only(rule) + register(acme, state.register_passes if state else None)


def register(acme: AcmeInstallation, entry: tuple[str, int] | None) -> str:
    return REGISTER.format(owner=entry[0], expires=acme.date_in(entry[1])) if entry else ""


def waiver(acme: AcmeInstallation, rule: type[Rule]) -> str:
    return f"""waivers:
  - {{rule: {rule.name}, repository: acme/widgets, reason: it is being moved, owner: "@mona", expires: {acme.date_in(60)}}}
"""


def test_every_rule_about_settings_has_its_row() -> None:
    reading = {rule.name for rule in RULES if rule.reads != {SettingsQuery.FILES}}
    assert reading == STATES.keys() | {REVIEWED, "registry-owners"}


@pytest.mark.parametrize("rule", JUDGED)
def test_it_fails_and_is_waived(redis: Redis, rule: type[Rule]) -> None:
    with acme_on(redis) as acme:
        repository, policy = failing(acme, rule)
        assert outcome(acme, rule, repository, policy) is Outcome.FAILED
        adopt_policy(acme.github.repository("acme/.github-private"), policy + waiver(acme, rule))
        acme.check(repository, recheck=True)
        standing = ReportStore(acme.records).get(RepositoryId(repository.id))
        assert standing is not None
        assert standing.report["outcomes"] == {rule.name: "waived"}
        assert standing.conclusion != "failure"


@pytest.mark.parametrize("rule", JUDGED)
def test_it_holds(redis: Redis, rule: type[Rule]) -> None:
    with acme_on(redis) as acme:
        assert outcome(acme, rule, *passing(acme, rule)) is Outcome.PASSED


def test_no_rule_applies_where_nothing_is_published(redis: Redis) -> None:
    with acme_on(redis) as acme:
        plain = acme.organization.repository("plain", {RELEASE_WORKFLOW_PATH: WITHOUT_PUBLICATION})
        plain.secret("CODECOV_TOKEN", age=1000)
        plain.environment("pypi")
        applying = {name for name, each in outcomes(acme, plain).items() if each is not Outcome.NOT_APPLICABLE}
        assert applying == EVERYWHERE
        empty = acme.organization.repository("empty", {"README.md": "Nothing runs here\n"})
        assert set(outcomes(acme, empty).values()) == {Outcome.NOT_APPLICABLE}


@pytest.mark.parametrize("rule", [each for each in ABOUT_SETTINGS if each.id != "protected-tags"])
def test_without_its_permission_it_is_unseen_and_names_it(redis: Redis, rule: type[Rule]) -> None:
    permission = STATES[rule.name].permission
    with acme_on(redis, without=(permission,)) as acme:
        assert outcome(acme, rule, *passing(acme, rule)) is Outcome.UNKNOWN
        standing = next(ReportStore(acme.records).all(acme.id))
        unseen = standing.report["unknown"]
        assert isinstance(unseen, list)
        assert {each["permission"] for each in unseen} == {f"{permission}: read"}


def test_with_a_file_that_cannot_be_read_nothing_is_well(redis: Redis) -> None:
    with acme_on(redis) as acme:
        widgets = trusted(acme.organization)
        whole = outcomes(acme, widgets)
        widgets.push(BROKEN)
        for name, each in outcomes(acme, widgets).items():
            assert each is (Outcome.FAILED if whole[name] is Outcome.FAILED else Outcome.UNKNOWN), name


def test_access_that_was_not_reviewed_in_time_fails_and_is_waived(redis: Redis) -> None:
    (rule,) = (each for each in RULES if each.name == REVIEWED)
    with acme_on(redis) as acme:
        repository = old_secret(acme.organization)
        ReviewStore(acme.records).record_check(RepositoryId(repository.id), datetime.now(UTC) - timedelta(days=200))
        assert outcome(acme, rule, repository, only(rule)) is Outcome.FAILED
        adopt_policy(acme.github.repository("acme/.github-private"), only(rule) + waiver(acme, rule))
        acme.check(repository, recheck=True)
        standing = ReportStore(acme.records).get(RepositoryId(repository.id))
        assert standing is not None
        assert standing.report["outcomes"] == {rule.name: "waived"}


@pytest.mark.parametrize(("without", "wanted"), [((), Outcome.PASSED), (("secrets",), Outcome.UNKNOWN)])
def test_nothing_is_overdue_from_the_first_look_on_and_what_is_withheld_is_unseen(
    redis: Redis, without: tuple[str, ...], wanted: Outcome
) -> None:
    (rule,) = (each for each in RULES if each.name == REVIEWED)
    with acme_on(redis, without=without) as acme:
        assert outcome(acme, rule, old_secret(acme.organization), only(rule)) is wanted
