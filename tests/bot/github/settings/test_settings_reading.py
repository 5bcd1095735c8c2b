"""Each fact is read as GitHub has it; what a plan or a server lacks is not there, and is not called unknown."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

import pytest
from redis import Redis

from bot.model.core_types import FullName
from bot.model.findings import Known, MaybeKnown, Unknown
from bot.settings import (
    CustomProtectionRule,
    GitHubPlan,
    ImmutableReleasesSetting,
    RefKind,
    RefPattern,
    Reviewer,
    ReviewerKind,
    SecretAccess,
    SecretStore,
    SecretVisibility,
    SelectedRefs,
    SettingsQuery,
)
from tests.app.acme import AcmeInstallation, acme_on
from tests.bot.github.settings.settings_scenario import ALL_SETTINGS, TOKEN, full_repository, read_settings_of
from tests.fakes.github.scenario.scenario_repository import ScenarioRepository

T = TypeVar("T")


@pytest.fixture
def acme(redis: Redis) -> Iterator[AcmeInstallation]:
    with acme_on(redis, permissions=ALL_SETTINGS) as acme:
        yield acme


@pytest.fixture
def widgets(acme: AcmeInstallation) -> ScenarioRepository:
    return full_repository(acme)


def seen(fact: MaybeKnown[T]) -> T:
    assert isinstance(fact, Known), fact
    return fact.value


def test_an_environment_has_all_that_protects_it(acme: AcmeInstallation, widgets: ScenarioRepository) -> None:
    found = read_settings_of(acme, widgets).environment("pypi")
    assert isinstance(found, Known)
    assert found.value is not None
    pypi = found.value
    assert pypi.reviewers == (Reviewer(ReviewerKind.TEAM, "release"), Reviewer(ReviewerKind.USER, "mona"))
    assert pypi.prevent_self_review
    assert pypi.wait_minutes == 5
    assert pypi.admins_bypass is False
    assert pypi.allowed_refs == Known(SelectedRefs((RefPattern("v*", RefKind.TAG),)))
    assert pypi.custom_rules == Known((CustomProtectionRule(acme.github.app.id, acme.github.app.slug, enabled=True),))


def test_secrets_have_names_dates_and_places(acme: AcmeInstallation, widgets: ScenarioRepository) -> None:
    stored = read_settings_of(acme, widgets).secrets_in()
    assert stored.unknown == ()
    assert {(secret.name, secret.store, secret.environment) for secret in stored.secrets} == {
        ("PYPI_TOKEN", SecretStore.REPOSITORY, None),
        ("UPLOAD", SecretStore.ENVIRONMENT, "pypi"),
        ("NPM_TOKEN", SecretStore.ORGANIZATION, None),
        ("FOR_ALL", SecretStore.ORGANIZATION, None),
        ("DEPS", SecretStore.DEPENDABOT, None),
        ("DEPS_ALL", SecretStore.ORGANIZATION_DEPENDABOT, None),
        ("AGENT", SecretStore.AGENT, None),
        ("AGENT_ALL", SecretStore.ORGANIZATION_AGENT, None),
    }
    token = next(secret for secret in stored.secrets if secret.name == "PYPI_TOKEN")
    assert token.updated_at - token.created_at == timedelta(days=300)


def test_an_organizations_secrets_say_whom_else_they_reach(acme: AcmeInstallation, widgets: ScenarioRepository) -> None:
    secrets = read_settings_of(acme, widgets).secrets_in((SecretStore.ORGANIZATION,)).secrets
    assert {secret.name: secret.access for secret in secrets} == {
        "NPM_TOKEN": Known(SecretAccess(SecretVisibility.SELECTED, (FullName(widgets.full_name),))),
        "FOR_ALL": Known(SecretAccess(SecretVisibility.ALL)),
    }


def test_of_a_variables_value_only_its_form_is_kept(acme: AcmeInstallation, widgets: ScenarioRepository) -> None:
    holdings = read_settings_of(acme, widgets)
    variables = {variable.name: variable for variable in seen(holdings.variables)}
    assert variables.keys() == {"CHANNEL", "LEFT_BEHIND", "SHARED"}
    assert variables["CHANNEL"].token_kind is None
    assert variables["LEFT_BEHIND"].token_kind is not None
    assert TOKEN not in repr(holdings)
    assert [variable.environment for variable in seen(holdings.environment_variables)] == ["pypi"]


def test_rulesets_come_with_the_organizations_and_who_is_above_them_may_be_hidden(
    acme: AcmeInstallation, widgets: ScenarioRepository
) -> None:
    holdings = read_settings_of(acme, widgets)
    assert [(each.name, each.source) for each in seen(holdings.rulesets)] == [
        ("releases", "acme/widgets"),
        ("reviews", "acme"),
    ]
    releases, reviews = seen(holdings.rulesets)
    assert releases.covers("refs/tags/v1", "main")
    assert releases.has_rules("creation", "deletion")
    assert (reviews.rules[0].required_approvals, reviews.rules[0].require_code_owner_review) == (2, True)
    assert isinstance(releases.bypass_actors, Unknown)
    assert [
        (each.pattern, each.enforce_admins, each.required_approvals) for each in seen(holdings.branch_protection)
    ] == [("main", True, 0)]
    assert seen(holdings.code_owners).owners_of(".github/workflows/release.yml") == ("@acme/release",)


def test_settings_keys_runners_and_properties(acme: AcmeInstallation, widgets: ScenarioRepository) -> None:
    holdings = read_settings_of(acme, widgets)
    assert seen(holdings.workflow_permissions).can_approve_pull_requests
    assert seen(holdings.immutable_releases) == ImmutableReleasesSetting(enabled=True)
    assert [(key.title, key.read_only) for key in seen(holdings.deploy_keys)] == [("ship it", False)]
    assert [(runner.name, runner.ephemeral) for runner in seen(holdings.runners)] == [("basement", False)]
    assert seen(holdings.custom_properties) == {"tier": ("gold",)}


def test_people_apps_and_tokens(acme: AcmeInstallation, widgets: ScenarioRepository) -> None:
    other = acme.github.world.register("publisher", acme.github.app.owner, {"contents": "write"}, [])
    acme.github.install(acme.organization, app=other)  # our own is not listed: it need not be declared to itself
    holdings = read_settings_of(acme, widgets)
    people = seen(holdings.organization)
    assert people.has_member("MONA")
    assert people.teams["release"].members == {"mona", "hubot"}
    assert [(token.name, token.owner, token.write_permissions) for token in seen(holdings.fine_grained_tokens)] == [
        ("laptop", "mona", ("contents",))
    ]
    assert [(app.slug, app.write_permissions) for app in seen(holdings.app_installations)] == [
        ("publisher", ("contents",))
    ]
    facts = seen(holdings.repository)
    assert (facts.is_public, facts.plan, facts.owner_is_organization) == (False, GitHubPlan.ENTERPRISE, True)


def test_a_list_is_read_to_its_end(acme: AcmeInstallation) -> None:
    many = acme.organization.repository("many")
    for number in range(230):
        many.secret(f"SECRET_{number}")
    for number in range(101):
        many.ruleset({"name": f"r{number}"})
    holdings = read_settings_of(acme, many, reads={SettingsQuery.SECRETS, SettingsQuery.RULESETS})
    assert len(seen(holdings.secrets)) == 230
    assert len(seen(holdings.rulesets)) == 101


def test_what_the_plan_does_not_offer_is_not_there_and_the_plan_is_known(acme: AcmeInstallation) -> None:
    acme.organization.state.plan = "free"
    poor = acme.organization.repository("poor")
    holdings = read_settings_of(acme, poor)
    assert seen(holdings.rulesets) == ()
    assert seen(holdings.repository).plan is GitHubPlan.FREE


def test_a_server_without_a_feature_has_nothing_in_it(redis: Redis) -> None:
    with acme_on(redis, enterprise=True, permissions=ALL_SETTINGS) as acme:
        holdings = read_settings_of(acme, acme.organization.repository("inside"))
        assert seen(holdings.immutable_releases) == ImmutableReleasesSetting(enabled=False, supported=False)
        assert seen(holdings.agent_secrets) == ()
        assert seen(holdings.organization_agent_secrets) == ()


def test_off_is_told_from_absent(acme: AcmeInstallation) -> None:
    holdings = read_settings_of(acme, acme.organization.repository("plain"))
    assert seen(holdings.immutable_releases) == ImmutableReleasesSetting(enabled=False, supported=True)


def test_a_persons_repository_has_no_organization_above_it(redis: Redis) -> None:
    with acme_on(redis, permissions=ALL_SETTINGS) as acme:
        mona = acme.github.user("mona")
        installation = acme.github.install(mona, permissions=ALL_SETTINGS)
        mine = mona.repository("mine")
        hers = replace(acme, organization=mona, installation=installation)
        holdings = read_settings_of(hers, mine)
        assert seen(holdings.organization_secrets) == ()
        assert seen(holdings.fine_grained_tokens) == ()
        assert seen(holdings.organization).has_member("mona")
        assert not [call for call in acme.github.calls if "/orgs/" in call]
