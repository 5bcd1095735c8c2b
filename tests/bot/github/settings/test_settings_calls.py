"""What reading costs in calls, what is asked for only once an hour, and what happens when GitHub fails in the middle."""

from collections.abc import Iterator

import pytest
from redis import Redis

from bot.checks.alerts import SIGNALS
from bot.checks.rules import RULES
from bot.github.settings import Kept
from bot.github.settings.organization_api import PEOPLE
from bot.model.errors import LaterError
from bot.model.findings import Seen
from bot.settings import Read
from tests.app.acme import MINTED, NOTHING, RELEASE, STORED_TOKEN, TRUSTED, Acme, acme_on
from tests.bot.github.settings.settings_scenario import EVERYTHING, full, read
from tests.fakes.github.http_api.faults import Fault
from tests.fakes.github.scenario.scenario_repository import Repository

SHARED = {Read.SECRETS_REACH, Read.ORGANISATION, Read.TOKENS, Read.INSTALLATIONS, Read.PLAN,
          Read.ORGANISATION_DEPENDABOT_SECRETS, Read.ORGANISATION_AGENT_SECRETS, Read.ORGANISATION_SECRETS}  # fmt: skip
# What a policy with every rule about secrets, environments, branches and tags reads.
USUAL = {Read.SECRETS, Read.ORGANISATION_SECRETS, Read.SECRETS_REACH, Read.ENVIRONMENT_SECRETS, Read.DEPENDABOT_SECRETS,
         Read.ENVIRONMENTS, Read.ENVIRONMENT_REFS, Read.ENVIRONMENT_RULES, Read.RULESETS, Read.BRANCH_PROTECTION, Read.CODE_OWNERS,
         Read.IMMUTABLE_RELEASES, Read.ORGANISATION, Read.PLAN, Read.AGENT_SECRETS}  # fmt: skip


@pytest.fixture
def acme(redis: Redis) -> Iterator[Acme]:
    with acme_on(redis, permissions=EVERYTHING) as acme:
        yield acme


def calls(
    acme: Acme, repository: Repository, reads: set[Read], *, publishes: bool = True, fresh: bool = False
) -> list[str]:
    before = len(acme.github.calls)
    read(acme, repository, reads=reads, publishes=publishes, fresh=fresh)
    return [call for call in acme.github.calls[before:] if call != MINTED]


def test_a_repository_that_publishes_nothing_costs_two_calls(acme: Acme) -> None:
    plain = acme.organisation.repository("plain", {RELEASE: NOTHING})
    plain.secret("CODE_COVERAGE")
    plain.environment("pypi")
    assert calls(acme, plain, set(Read), publishes=False) == [
        "POST /graphql",
        "GET /repos/{owner}/{repo}/actions/secrets",
    ]


def test_without_rules_about_settings_there_is_one_call(acme: Acme) -> None:
    assert calls(acme, full(acme), set()) == ["POST /graphql"]


def test_a_registrys_secret_is_reason_enough_to_look_further(acme: Acme) -> None:
    forgotten = acme.organisation.repository("forgotten", {RELEASE: NOTHING})
    forgotten.secret("PYPI_TOKEN")
    assert len(calls(acme, forgotten, USUAL, publishes=False)) > 2


def test_one_publish_environment_costs_twelve_calls_at_most(acme: Acme) -> None:
    widgets = full(acme)
    read(acme, acme.organisation.repository("first"), reads=USUAL)  # pays for the organisation
    cold = calls(acme, widgets, USUAL)
    assert len(cold) <= 12, cold
    assert not [call for call in cold if "/orgs/" in call and "{secret_name}" not in call]


def test_what_is_the_organisations_is_asked_for_once(acme: Acme) -> None:
    one, other = (acme.organisation.repository(name) for name in ("one", "other"))
    acme.organisation.secret("FOR_ALL")
    acme.organisation.secret("FOR_ALL_TOO")
    acme.organisation.team("release", "mona")
    assert [call for call in calls(acme, one, SHARED) if "/orgs/" in call]
    assert not [call for call in calls(acme, other, SHARED) if "/orgs/" in call]
    again = [call for call in calls(acme, other, SHARED, fresh=True) if "/orgs/" in call]
    assert len(again) == len(set(again)) > 0


def test_what_an_event_says_has_changed_is_forgotten(acme: Acme) -> None:
    widgets = acme.organisation.repository("widgets")
    acme.organisation.member("mona")
    assert is_member(acme, widgets, "mona")
    acme.organisation.remove_member("mona")
    assert is_member(acme, widgets, "mona")  # for an hour at most
    Kept(acme.telephone.installation(acme.id), acme.redis, "acme").forget(*PEOPLE)
    assert not is_member(acme, widgets, "mona")


def is_member(acme: Acme, repository: Repository, login: str) -> bool:
    found = read(acme, repository, reads={Read.ORGANISATION}).organisation
    assert isinstance(found, Seen)
    return found.value.has(login)


def test_nobody_reads_the_settings_of_environments_that_do_not_publish_where_there_are_many(acme: Acme) -> None:
    busy = acme.organisation.repository("busy", {RELEASE: STORED_TOKEN})
    for name in ("pypi", *(f"preview-{number}" for number in range(30))):
        busy.environment(name, tags=["v*"])
    cold = calls(acme, busy, {Read.ENVIRONMENTS, Read.ENVIRONMENT_REFS, Read.ENVIRONMENT_SECRETS})
    assert len(cold) == 4, cold


@pytest.mark.parametrize("fault", [Fault.BAD_GATEWAY, Fault.DROP, Fault.SECONDARY, Fault.PRIMARY])
@pytest.mark.parametrize("where", ["/environments", "/actions/secrets", "/orgs/acme/members", "graphql"])
def test_an_outage_in_the_middle_is_no_fact_at_all(acme: Acme, fault: Fault, where: str) -> None:
    widgets = full(acme)
    acme.github.fail(fault, where, times=3, skip=1 if where == "graphql" else 0)
    with pytest.raises(LaterError):
        read(acme, widgets)


@pytest.mark.parametrize("fault", [Fault.BAD_GATEWAY, Fault.SECONDARY])
def test_the_verdict_before_an_outage_stands(redis: Redis, fault: Fault) -> None:
    with acme_on(redis) as acme:
        widgets = acme.organisation.repository("widgets", {RELEASE: TRUSTED})
        acme.protect(widgets, "pypi")
        run = acme.check(widgets)
        said = (run.conclusion, run.title, run.text, run.writes)
        acme.github.fail(fault, "/environments", times=3)
        with pytest.raises(LaterError):
            acme.check(widgets, job="recheck_commit")
        assert (run.conclusion, run.title, run.text, run.writes) == said


def test_a_name_from_github_can_not_lead_elsewhere(acme: Acme) -> None:
    odd = acme.organisation.repository("odd", {RELEASE: STORED_TOKEN})
    for name in ("a/../../b", "a b?c#d", "%2e%2e"):
        odd.environment(name)
        odd.secret("TOKEN", environment=name)
    secrets = read(acme, odd, reads={Read.ENVIRONMENTS, Read.ENVIRONMENT_SECRETS}).environment_secrets
    assert isinstance(secrets, Seen)
    assert {secret.environment for secret in secrets.value} == {"a/../../b", "a b?c#d", "%2e%2e"}


def test_all_rules_together_read_a_publish_environment_in_twelve_calls(acme: Acme) -> None:
    reads = {read for rule in RULES for read in rule.reads} - {Read.FILES}
    widgets = full(acme)
    read(acme, acme.organisation.repository("first"), reads=reads)  # pays for the organisation
    cold = calls(acme, widgets, reads)
    assert len([call for call in cold if "/orgs/" not in call]) <= 12, cold
    more = {read for signal in SIGNALS for read in signal.reads if isinstance(read, Read)} - reads
    assert more == {Read.RUNNERS}  # on the default branch signals compare them with the last look
