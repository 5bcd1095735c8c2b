"""With any single permission withheld exactly the facts that need it are unseen, and say which permission would show them."""

from dataclasses import fields

import pytest
from redis import Redis

from bot.model.findings import Seen, Unseen
from bot.settings import Holdings, Read
from tests.app.acme import acme_on
from tests.bot.github.settings.settings_scenario import EVERYTHING, full, read

# Never withheld: without it there is no installation, nor can anything be judged.
ALWAYS = {"metadata", "contents", "checks"}
PERMISSIONS = sorted(EVERYTHING.keys() - ALWAYS)
ELSEWHERE = {  # facts inside another one
    Read.SECRETS_REACH: Read.ORGANISATION_SECRETS,
    Read.ENVIRONMENT_REFS: Read.ENVIRONMENTS,
    Read.ENVIRONMENT_RULES: Read.ENVIRONMENTS,
    Read.PLAN: Read.REPOSITORY,
}


def unseen_of(holdings: Holdings) -> dict[Read, str | None]:
    """Each fact that was not seen, and the permission that it asks for."""
    facts = {Read[each.name.upper()]: getattr(holdings, each.name) for each in fields(holdings)}
    unseen = {read: fact.permission for read, fact in facts.items() if isinstance(fact, Unseen)}
    if isinstance(holdings.organisation_secrets, Seen):
        for secret in holdings.organisation_secrets.value:
            if isinstance(secret.reach, Unseen):
                unseen[Read.SECRETS_REACH] = secret.reach.permission
    return unseen


def needing(permission: str) -> set[Read]:
    """The facts that the permission shows, as far as they can be seen to be unseen."""
    named = {read for read in Read if read.permission == f"{permission}: read"} - {Read.FILES}
    return {read for read in named if read not in ELSEWHERE or ELSEWHERE[read] not in named}


@pytest.mark.parametrize("permission", PERMISSIONS)
def test_exactly_the_facts_that_need_a_permission_are_unseen_without_it(redis: Redis, permission: str) -> None:
    with acme_on(redis, permissions=EVERYTHING, without=(permission,)) as acme:
        widgets = full(acme)
        assert unseen_of(read(acme, widgets)) == dict.fromkeys(needing(permission), f"{permission}: read")
        # What an organisation refused is remembered for a while, and still is a refusal.
        assert unseen_of(read(acme, widgets)) == dict.fromkeys(needing(permission), f"{permission}: read")


def test_with_every_permission_everything_is_seen(redis: Redis) -> None:
    with acme_on(redis, permissions=EVERYTHING) as acme:
        assert unseen_of(read(acme, full(acme))) == {}


@pytest.mark.parametrize(
    "only", [read for read in Read if read not in {Read.FILES, *ELSEWHERE}], ids=lambda read: read.name
)
def test_what_no_rule_reads_is_not_read_and_says_so(redis: Redis, only: Read) -> None:
    with acme_on(redis, permissions=EVERYTHING) as acme:
        holdings = read(acme, full(acme), reads={only})
        facts = {Read[each.name.upper()]: getattr(holdings, each.name) for each in fields(holdings)}
        assert {read for read, fact in facts.items() if isinstance(fact, Seen)} == {only, Read.REPOSITORY}
        assert all(fact == read.not_read for read, fact in facts.items() if isinstance(fact, Unseen))


def test_an_environment_of_unknown_name_holds_unknown_secrets(redis: Redis) -> None:
    with acme_on(redis, permissions=EVERYTHING, without=("actions",)) as acme:
        secrets = read(acme, full(acme), named=None).environment_secrets
        assert isinstance(secrets, Unseen)
        assert secrets.reason.startswith("a workflow computes the environment's name")
        assert secrets.permission == "actions: read"


def test_more_environments_than_are_looked_into_are_no_fact(redis: Redis) -> None:
    with acme_on(redis, permissions=EVERYTHING) as acme:
        busy = acme.organisation.repository("busy")
        for number in range(21):
            busy.environment(f"e{number}")
        secrets = read(acme, busy, named=None).environment_secrets
        assert secrets == Unseen(Read.ENVIRONMENT_SECRETS.what, "more than 20 environments may be published from")


def test_one_permission_less_does_not_hide_what_a_named_environment_holds(redis: Redis) -> None:
    with acme_on(redis, permissions=EVERYTHING, without=("actions",)) as acme:
        secrets = read(acme, full(acme)).environment_secrets
        assert isinstance(secrets, Seen)
        assert [secret.name for secret in secrets.value] == ["UPLOAD"]
