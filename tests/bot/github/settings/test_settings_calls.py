"""What reading costs in calls, what is asked for only once an hour, and what happens when GitHub fails in the middle."""

from collections.abc import Iterator

import pytest
from redis import Redis

from bot.checks.alerts import CHANGE_ALERTS
from bot.checks.rules import RULES
from bot.github.settings import OrganizationCache
from bot.github.settings.organization_api import MEMBERSHIP_KINDS
from bot.model.errors import RetryLaterError
from bot.model.findings import Known
from bot.settings import SettingsQuery
from tests.app.acme import (
    CREATE_TOKEN,
    RELEASE_WORKFLOW_PATH,
    STORED_TOKEN,
    TRUSTED_PUBLISHING,
    WITHOUT_PUBLICATION,
    AcmeInstallation,
    acme_on,
)
from tests.bot.github.settings.settings_scenario import ALL_SETTINGS, full_repository, read_settings_of
from tests.fakes.github.http_api.faults import Fault
from tests.fakes.github.scenario.scenario_repository import ScenarioRepository

SHARED = {SettingsQuery.ORGANIZATION_SECRET_ACCESS, SettingsQuery.ORGANIZATION, SettingsQuery.FINE_GRAINED_TOKENS, SettingsQuery.APP_INSTALLATIONS, SettingsQuery.PLAN,
          SettingsQuery.ORGANIZATION_DEPENDABOT_SECRETS, SettingsQuery.ORGANIZATION_AGENT_SECRETS, SettingsQuery.ORGANIZATION_SECRETS}  # fmt: skip
# What a policy with every rule about secrets, environments, branches and tags reads.
USUAL = {SettingsQuery.SECRETS, SettingsQuery.ORGANIZATION_SECRETS, SettingsQuery.ORGANIZATION_SECRET_ACCESS, SettingsQuery.ENVIRONMENT_SECRETS, SettingsQuery.DEPENDABOT_SECRETS,
         SettingsQuery.ENVIRONMENTS, SettingsQuery.ENVIRONMENT_REFS, SettingsQuery.ENVIRONMENT_RULES, SettingsQuery.RULESETS, SettingsQuery.BRANCH_PROTECTION, SettingsQuery.CODE_OWNERS,
         SettingsQuery.IMMUTABLE_RELEASES, SettingsQuery.ORGANIZATION, SettingsQuery.PLAN, SettingsQuery.AGENT_SECRETS}  # fmt: skip


@pytest.fixture
def acme(redis: Redis) -> Iterator[AcmeInstallation]:
    with acme_on(redis, permissions=ALL_SETTINGS) as acme:
        yield acme


def calls(
    acme: AcmeInstallation,
    repository: ScenarioRepository,
    reads: set[SettingsQuery],
    *,
    publishes: bool = True,
    fresh: bool = False,
) -> list[str]:
    before = len(acme.github.calls)
    read_settings_of(acme, repository, reads=reads, publishes=publishes, fresh=fresh)
    return [call for call in acme.github.calls[before:] if call != CREATE_TOKEN]


def test_a_repository_that_publishes_nothing_costs_two_calls(acme: AcmeInstallation) -> None:
    plain = acme.organization.repository("plain", {RELEASE_WORKFLOW_PATH: WITHOUT_PUBLICATION})
    plain.secret("CODE_COVERAGE")
    plain.environment("pypi")
    assert calls(acme, plain, set(SettingsQuery), publishes=False) == [
        "POST /graphql",
        "GET /repos/{owner}/{repo}/actions/secrets",
    ]


def test_without_rules_about_settings_there_is_one_call(acme: AcmeInstallation) -> None:
    assert calls(acme, full_repository(acme), set()) == ["POST /graphql"]


def test_a_registrys_secret_is_reason_enough_to_look_further(acme: AcmeInstallation) -> None:
    forgotten = acme.organization.repository("forgotten", {RELEASE_WORKFLOW_PATH: WITHOUT_PUBLICATION})
    forgotten.secret("PYPI_TOKEN")
    assert len(calls(acme, forgotten, USUAL, publishes=False)) > 2


def test_one_publish_environment_costs_thirteen_calls_at_most(acme: AcmeInstallation) -> None:
    widgets = full_repository(acme)
    read_settings_of(acme, acme.organization.repository("first"), reads=USUAL)  # pays for the organization
    cold = calls(acme, widgets, USUAL)
    assert len(cold) <= 13, cold
    assert not [call for call in cold if "/orgs/" in call and "{secret_name}" not in call]


def test_what_is_the_organizations_is_asked_for_once(acme: AcmeInstallation) -> None:
    one, other = (acme.organization.repository(name) for name in ("one", "other"))
    acme.organization.secret("FOR_ALL")
    acme.organization.secret("FOR_ALL_TOO")
    acme.organization.team("release", "mona")
    assert [call for call in calls(acme, one, SHARED) if "/orgs/" in call]
    assert not [call for call in calls(acme, other, SHARED) if "/orgs/" in call]
    again = [call for call in calls(acme, other, SHARED, fresh=True) if "/orgs/" in call]
    assert len(again) == len(set(again)) > 0


def test_what_an_event_says_has_changed_is_forgotten(acme: AcmeInstallation) -> None:
    widgets = acme.organization.repository("widgets")
    acme.organization.member("mona")
    assert is_member(acme, widgets, "mona")
    acme.organization.remove_member("mona")
    assert is_member(acme, widgets, "mona")  # for an hour at most
    OrganizationCache(acme.client.installation(acme.id), acme.redis, "acme").forget(*MEMBERSHIP_KINDS)
    assert not is_member(acme, widgets, "mona")


def is_member(acme: AcmeInstallation, repository: ScenarioRepository, login: str) -> bool:
    found = read_settings_of(acme, repository, reads={SettingsQuery.ORGANIZATION}).organization
    assert isinstance(found, Known)
    return found.value.has_member(login)


def test_nobody_reads_the_settings_of_environments_that_do_not_publish_where_there_are_many(
    acme: AcmeInstallation,
) -> None:
    busy = acme.organization.repository("busy", {RELEASE_WORKFLOW_PATH: STORED_TOKEN})
    for name in ("pypi", *(f"preview-{number}" for number in range(30))):
        busy.environment(name, tags=["v*"])
    cold = calls(
        acme, busy, {SettingsQuery.ENVIRONMENTS, SettingsQuery.ENVIRONMENT_REFS, SettingsQuery.ENVIRONMENT_SECRETS}
    )
    assert len(cold) == 4, cold


@pytest.mark.parametrize("fault", [Fault.BAD_GATEWAY, Fault.DROP, Fault.SECONDARY, Fault.PRIMARY])
@pytest.mark.parametrize("where", ["/environments", "/actions/secrets", "/orgs/acme/members", "graphql"])
def test_an_outage_in_the_middle_is_no_fact_at_all(acme: AcmeInstallation, fault: Fault, where: str) -> None:
    widgets = full_repository(acme)
    acme.github.inject_fault(fault, where, times=3, skip=1 if where == "graphql" else 0)
    with pytest.raises(RetryLaterError):
        read_settings_of(acme, widgets)


@pytest.mark.parametrize("fault", [Fault.BAD_GATEWAY, Fault.SECONDARY])
def test_the_verdict_before_an_outage_stands(redis: Redis, fault: Fault) -> None:
    with acme_on(redis) as acme:
        widgets = acme.organization.repository("widgets", {RELEASE_WORKFLOW_PATH: TRUSTED_PUBLISHING})
        acme.add_environment(widgets, "pypi")
        run = acme.check(widgets)
        said = (run.conclusion, run.title, run.text, run.write_count)
        acme.github.inject_fault(fault, "/environments", times=3)
        with pytest.raises(RetryLaterError):
            acme.check(widgets, recheck=True)
        assert (run.conclusion, run.title, run.text, run.write_count) == said


def test_a_name_from_github_can_not_lead_elsewhere(acme: AcmeInstallation) -> None:
    odd = acme.organization.repository("odd", {RELEASE_WORKFLOW_PATH: STORED_TOKEN})
    for name in ("a/../../b", "a b?c#d", "%2e%2e"):
        odd.environment(name)
        odd.secret("TOKEN", environment=name)
    secrets = read_settings_of(
        acme, odd, reads={SettingsQuery.ENVIRONMENTS, SettingsQuery.ENVIRONMENT_SECRETS}
    ).environment_secrets
    assert isinstance(secrets, Known)
    assert {secret.environment for secret in secrets.value} == {"a/../../b", "a b?c#d", "%2e%2e"}


def test_all_rules_together_read_a_publish_environment_in_thirteen_calls(acme: AcmeInstallation) -> None:
    reads = {read for rule in RULES for read in rule.reads} - {SettingsQuery.FILES}
    widgets = full_repository(acme)
    read_settings_of(acme, acme.organization.repository("first"), reads=reads)  # pays for the organization
    cold = calls(acme, widgets, reads)
    assert len([call for call in cold if "/orgs/" not in call]) <= 13, cold
    more = {read for signal in CHANGE_ALERTS for read in signal.reads if isinstance(read, SettingsQuery)} - reads
    assert more == {SettingsQuery.RUNNERS}  # on the default branch alerts compare them with the last look
