"""Each fact is read as GitHub has it; what a plan or a server lacks is not there, and is not called unseen."""

from collections.abc import Iterator
from datetime import timedelta
from typing import TypeVar

import pytest
from redis import Redis

from bot.model.core_types import FullName
from bot.model.findings import Fact, Seen, Unseen
from bot.settings import (
    CustomRule,
    ImmutableReleases,
    Plan,
    Reach,
    Read,
    RefKind,
    RefPattern,
    Reviewer,
    ReviewerKind,
    SelectedRefs,
    Store,
    Visibility,
)
from tests.app.acme import Acme, acme_on
from tests.bot.github.settings.settings_scenario import EVERYTHING, TOKEN, full, read
from tests.fakes.github.scenario.scenario_repository import Repository

T = TypeVar("T")


@pytest.fixture
def acme(redis: Redis) -> Iterator[Acme]:
    with acme_on(redis, permissions=EVERYTHING) as acme:
        yield acme


@pytest.fixture
def widgets(acme: Acme) -> Repository:
    return full(acme)


def seen(fact: Fact[T]) -> T:
    assert isinstance(fact, Seen), fact
    return fact.value


def test_an_environment_has_all_that_protects_it(acme: Acme, widgets: Repository) -> None:
    found = read(acme, widgets).environment("pypi")
    assert isinstance(found, Seen)
    assert found.value is not None
    pypi = found.value
    assert pypi.reviewers == (Reviewer(ReviewerKind.TEAM, "release"), Reviewer(ReviewerKind.USER, "mona"))
    assert pypi.prevent_self_review
    assert pypi.wait_minutes == 5
    assert pypi.admins_bypass is False
    assert pypi.refs == Seen(SelectedRefs((RefPattern("v*", RefKind.TAG),)))
    assert pypi.custom_rules == Seen((CustomRule(acme.github.app.id, acme.github.app.slug, enabled=True),))


def test_secrets_have_names_dates_and_places(acme: Acme, widgets: Repository) -> None:
    stored = read(acme, widgets).stored()
    assert stored.unseen == ()
    assert {(secret.name, secret.store, secret.environment) for secret in stored.secrets} == {
        ("PYPI_TOKEN", Store.REPOSITORY, None),
        ("UPLOAD", Store.ENVIRONMENT, "pypi"),
        ("NPM_TOKEN", Store.ORGANISATION, None),
        ("FOR_ALL", Store.ORGANISATION, None),
        ("DEPS", Store.DEPENDABOT, None),
        ("DEPS_ALL", Store.ORGANISATION_DEPENDABOT, None),
        ("AGENT", Store.AGENT, None),
        ("AGENT_ALL", Store.ORGANISATION_AGENT, None),
    }
    token = next(secret for secret in stored.secrets if secret.name == "PYPI_TOKEN")
    assert token.updated_at - token.created_at == timedelta(days=300)


def test_an_organisations_secrets_say_whom_else_they_reach(acme: Acme, widgets: Repository) -> None:
    secrets = read(acme, widgets).stored((Store.ORGANISATION,)).secrets
    assert {secret.name: secret.reach for secret in secrets} == {
        "NPM_TOKEN": Seen(Reach(Visibility.SELECTED, (FullName(widgets.full_name),))),
        "FOR_ALL": Seen(Reach(Visibility.ALL)),
    }


def test_of_a_variables_value_only_its_form_is_kept(acme: Acme, widgets: Repository) -> None:
    holdings = read(acme, widgets)
    variables = {variable.name: variable for variable in seen(holdings.variables)}
    assert variables.keys() == {"CHANNEL", "LEFT_BEHIND", "SHARED"}
    assert variables["CHANNEL"].looks_like is None
    assert variables["LEFT_BEHIND"].looks_like is not None
    assert TOKEN not in repr(holdings)
    assert [variable.environment for variable in seen(holdings.environment_variables)] == ["pypi"]


def test_rulesets_come_with_the_organisations_and_who_is_above_them_may_be_hidden(
    acme: Acme, widgets: Repository
) -> None:
    holdings = read(acme, widgets)
    assert [(each.name, each.source) for each in seen(holdings.rulesets)] == [
        ("releases", "acme/widgets"),
        ("reviews", "acme"),
    ]
    releases, reviews = seen(holdings.rulesets)
    assert releases.covers("refs/tags/v1", "main")
    assert releases.has("creation", "deletion")
    assert (reviews.rules[0].approvals, reviews.rules[0].code_owners) == (2, True)
    assert isinstance(releases.bypass_actors, Unseen)
    assert [(each.pattern, each.binds_admins, each.approvals) for each in seen(holdings.branch_protection)] == [
        ("main", True, 0)
    ]
    assert seen(holdings.code_owners).owners_of(".github/workflows/release.yml") == ("@acme/release",)


def test_settings_keys_runners_and_properties(acme: Acme, widgets: Repository) -> None:
    holdings = read(acme, widgets)
    policy = seen(holdings.actions_policy)
    assert (policy.allowed, policy.github_owned, policy.sha_pinning_required, policy.default_token) == (
        "selected", True, True, "read",
    )  # fmt: skip
    assert seen(holdings.oidc_subject).claims == ("repo", "context")
    assert seen(holdings.immutable_releases) == ImmutableReleases(enabled=True)
    assert [(key.title, key.read_only) for key in seen(holdings.deploy_keys)] == [("ship it", False)]
    assert [(runner.name, runner.ephemeral) for runner in seen(holdings.runners)] == [("basement", False)]
    assert seen(holdings.properties) == {"tier": ("gold",)}


def test_people_apps_and_tokens(acme: Acme, widgets: Repository) -> None:
    other = acme.github.world.register("publisher", acme.github.app.owner, {"contents": "write"}, [])
    acme.github.install(acme.organisation, app=other)  # our own is not listed: it need not be declared to itself
    holdings = read(acme, widgets)
    people = seen(holdings.organisation)
    assert people.has("MONA")
    assert people.teams["release"].members == {"mona", "hubot"}
    assert [(token.name, token.owner, token.writes) for token in seen(holdings.tokens)] == [
        ("laptop", "mona", ("contents",))
    ]
    assert [(app.slug, app.writes) for app in seen(holdings.installations)] == [("publisher", ("contents",))]
    facts = seen(holdings.repository)
    assert (facts.is_public, facts.plan, facts.owner_is_organisation) == (False, Plan.ENTERPRISE, True)


def test_a_list_is_read_to_its_end(acme: Acme) -> None:
    many = acme.organisation.repository("many")
    for number in range(230):
        many.secret(f"SECRET_{number}")
    for number in range(101):
        many.ruleset({"name": f"r{number}"})
    holdings = read(acme, many, reads={Read.SECRETS, Read.RULESETS})
    assert len(seen(holdings.secrets)) == 230
    assert len(seen(holdings.rulesets)) == 101


def test_what_the_plan_does_not_offer_is_not_there_and_the_plan_is_known(acme: Acme) -> None:
    acme.organisation.state.plan = "free"
    poor = acme.organisation.repository("poor")
    holdings = read(acme, poor)
    assert seen(holdings.rulesets) == ()
    assert seen(holdings.repository).plan is Plan.FREE


def test_a_server_without_a_feature_has_nothing_in_it(redis: Redis) -> None:
    with acme_on(redis, enterprise=True, permissions=EVERYTHING) as acme:
        holdings = read(acme, acme.organisation.repository("inside"))
        assert seen(holdings.immutable_releases) == ImmutableReleases(enabled=False, offered=False)
        assert seen(holdings.agent_secrets) == ()
        assert seen(holdings.organisation_agent_secrets) == ()


def test_off_is_told_from_absent(acme: Acme) -> None:
    holdings = read(acme, acme.organisation.repository("plain"))
    assert seen(holdings.immutable_releases) == ImmutableReleases(enabled=False, offered=True)


def test_a_persons_repository_has_no_organisation_above_it(redis: Redis) -> None:
    with acme_on(redis, permissions=EVERYTHING) as acme:
        mona = acme.github.user("mona")
        installation = acme.github.install(mona, permissions=EVERYTHING)
        mine = mona.repository("mine")
        hers = Acme(acme.github, mona, installation, redis, acme.telephone, acme.registries)
        holdings = read(hers, mine)
        assert seen(holdings.organisation_secrets) == ()
        assert seen(holdings.tokens) == ()
        assert seen(holdings.organisation).has("mona")
        assert not [call for call in acme.github.calls if "/orgs/" in call]
