"""With any single permission withheld exactly the facts that need it are unknown, and say which permission would show them."""

from dataclasses import fields

import pytest
from redis import Redis

from bot.model.findings import Known, Unknown
from bot.settings import RepositorySettings, SettingsQuery
from tests.app.acme import acme_on
from tests.bot.github.settings.settings_scenario import ALL_SETTINGS, full_repository, read_settings_of

# Never withheld: without it there is no installation, nor can anything be judged.
ALWAYS = {"metadata", "contents", "checks"}
PERMISSIONS = sorted(ALL_SETTINGS.keys() - ALWAYS)
ELSEWHERE = {  # facts inside another one
    SettingsQuery.ORGANIZATION_SECRET_ACCESS: SettingsQuery.ORGANIZATION_SECRETS,
    SettingsQuery.ENVIRONMENT_REFS: SettingsQuery.ENVIRONMENTS,
    SettingsQuery.ENVIRONMENT_RULES: SettingsQuery.ENVIRONMENTS,
    SettingsQuery.PLAN: SettingsQuery.REPOSITORY,
}


def unseen_of(holdings: RepositorySettings) -> dict[SettingsQuery, str | None]:
    """Each fact that was not seen, and the permission that it asks for."""
    facts = {SettingsQuery[each.name.upper()]: getattr(holdings, each.name) for each in fields(holdings)}
    unseen = {read: fact.permission for read, fact in facts.items() if isinstance(fact, Unknown)}
    if isinstance(holdings.organization_secrets, Known):
        for secret in holdings.organization_secrets.value:
            if isinstance(secret.access, Unknown):
                unseen[SettingsQuery.ORGANIZATION_SECRET_ACCESS] = secret.access.permission
    return unseen


def needing(permission: str) -> set[SettingsQuery]:
    """The facts that the permission shows, as far as they can be seen to be unknown."""
    named = {read for read in SettingsQuery if read.permission == f"{permission}: read"} - {SettingsQuery.FILES}
    return {read for read in named if read not in ELSEWHERE or ELSEWHERE[read] not in named}


@pytest.mark.parametrize("permission", PERMISSIONS)
def test_exactly_the_facts_that_need_a_permission_are_unseen_without_it(redis: Redis, permission: str) -> None:
    with acme_on(redis, permissions=ALL_SETTINGS, without=(permission,)) as acme:
        widgets = full_repository(acme)
        assert unseen_of(read_settings_of(acme, widgets)) == dict.fromkeys(needing(permission), f"{permission}: read")
        # What an organization refused is remembered for a while, and still is a refusal.
        assert unseen_of(read_settings_of(acme, widgets)) == dict.fromkeys(needing(permission), f"{permission}: read")


def test_with_every_permission_everything_is_seen(redis: Redis) -> None:
    with acme_on(redis, permissions=ALL_SETTINGS) as acme:
        assert unseen_of(read_settings_of(acme, full_repository(acme))) == {}


@pytest.mark.parametrize(
    "only",
    [read for read in SettingsQuery if read not in {SettingsQuery.FILES, *ELSEWHERE}],
    ids=lambda read: read.name,
)
def test_what_no_rule_reads_is_not_read_and_says_so(redis: Redis, only: SettingsQuery) -> None:
    with acme_on(redis, permissions=ALL_SETTINGS) as acme:
        holdings = read_settings_of(acme, full_repository(acme), reads={only})
        facts = {SettingsQuery[each.name.upper()]: getattr(holdings, each.name) for each in fields(holdings)}
        assert {read for read, fact in facts.items() if isinstance(fact, Known)} == {only, SettingsQuery.REPOSITORY}
        assert all(fact == read.not_read for read, fact in facts.items() if isinstance(fact, Unknown))


def test_an_environment_of_unknown_name_holds_unknown_secrets(redis: Redis) -> None:
    with acme_on(redis, permissions=ALL_SETTINGS, without=("actions",)) as acme:
        secrets = read_settings_of(acme, full_repository(acme), named=None).environment_secrets
        assert isinstance(secrets, Unknown)
        assert secrets.reason.startswith("a workflow computes the environment's name")
        assert secrets.permission == "actions: read"


def test_more_environments_than_are_looked_into_are_no_fact(redis: Redis) -> None:
    with acme_on(redis, permissions=ALL_SETTINGS) as acme:
        busy = acme.organization.repository("busy")
        for number in range(21):
            busy.environment(f"e{number}")
        secrets = read_settings_of(acme, busy, named=None).environment_secrets
        assert secrets == Unknown(
            SettingsQuery.ENVIRONMENT_SECRETS.fact, "more than 20 environments may be published from"
        )


def test_one_permission_less_does_not_hide_what_a_named_environment_holds(redis: Redis) -> None:
    with acme_on(redis, permissions=ALL_SETTINGS, without=("actions",)) as acme:
        secrets = read_settings_of(acme, full_repository(acme)).environment_secrets
        assert isinstance(secrets, Known)
        assert [secret.name for secret in secrets.value] == ["UPLOAD"]
