"""What can be said of values alone: patterns of refs, owners of paths, plans, and that each fact has its permission."""

from dataclasses import fields

import pytest

from bot.github.settings.secrets_api import UNKNOWN_DATE
from bot.model.findings import Known, Unknown
from bot.settings import (
    Environment,
    GitHubPlan,
    PlanFeature,
    RepositoryFacts,
    RepositorySettings,
    RepositoryVisibility,
    Ruleset,
    RulesetEnforcement,
    RulesetRule,
    RulesetTarget,
    Secret,
    SecretStore,
    SettingsQuery,
    all_unknown,
    parse_code_owners,
    plan_offers,
    ref_matches,
)

INSIDE = {
    SettingsQuery.FILES,
    SettingsQuery.PLAN,
    SettingsQuery.ORGANIZATION_SECRET_ACCESS,
    SettingsQuery.ENVIRONMENT_REFS,
    SettingsQuery.ENVIRONMENT_RULES,
}  # of other facts


@pytest.mark.parametrize(
    ("pattern", "ref", "matches"),
    [
        ("main", "main", True),
        ("main", "mainly", False),
        ("release/*", "release/1", True),
        ("release/*", "release/1/2", False),
        ("*", "release/1", False),
        ("**/*", "a/b/c", True),
        ("**/c", "c", True),
        ("v?.0", "v1.0", True),
        ("v?.0", "v/.0", False),
        ("v[0-9]", "v5", True),
        ("v[^0-9]", "v5", False),
        ("v[!0-9]", "vx", True),
        ("a[/]b", "a/b", False),
        ("v[9-0]", "v9", False),
        ("v[", "v[", True),
        (r"v\*", "v*", True),
        (r"v\*", "v1", False),
        ("refs/tags/v*", "refs/tags/v1", True),
        ("a+(b)", "a+(b)", True),
        ("a.c", "abc", False),
        ("*" * 200, "x" * 200, True),
        ("*a" * 15, "a" * 255 + "b", False),
        ("x" * 300, "x" * 300, True),
    ],
)
def test_a_pattern_of_refs_means_what_it_means_to_github(pattern: str, ref: str, *, matches: bool) -> None:
    assert ref_matches(pattern, ref) is matches


OWNERS = """\
# everything
*                 @acme/all
/docs/            docs@example.com
*.yml             @acme/config   # wherever
/.github/workflows/release.yml @mona @acme/release
build/logs/       @logs
apps/*            @apps
/free/
/with\\ space/     @space
!not              @nobody
"""


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        ("README.md", ("@acme/all",)),
        ("docs/a/b.md", ("docs@example.com",)),
        ("other/docs/a.md", ("@acme/all",)),
        (".github/workflows/test.yml", ("@acme/config",)),
        (".github/workflows/release.yml", ("@mona", "@acme/release")),
        ("build/logs/today.txt", ("@logs",)),
        ("apps/one.txt", ("@apps",)),
        ("apps/deeper/one.txt", ("@acme/all",)),
        ("free/thing", ()),
        ("with space/thing", ("@space",)),
        ("not", ("@acme/all",)),
    ],
)
def test_the_last_line_that_matches_names_the_owners(path: str, owners: tuple[str, ...]) -> None:
    assert parse_code_owners("CODEOWNERS", OWNERS).owners_of(path) == owners


def test_each_fact_is_one_read_and_says_which_permission_would_show_it() -> None:
    nothing = RepositorySettings()
    for each in fields(nothing):
        fact = getattr(nothing, each.name)
        assert fact == SettingsQuery[each.name.upper()].not_read
    assert {read.name.lower() for read in SettingsQuery} - {read.name.lower() for read in INSIDE} == {
        each.name for each in fields(nothing)
    }


def test_nothing_is_seen_for_one_reason() -> None:
    reasons = {getattr(all_unknown("we were not there"), each.name).reason for each in fields(RepositorySettings)}
    assert reasons == {"we were not there"}


def test_an_environment_is_found_in_any_case_and_may_not_exist() -> None:
    pypi = Environment("PyPI")
    holdings = RepositorySettings(environments=Known((pypi,)))
    assert holdings.environment("pypi") == Known(pypi)
    assert holdings.environment("npm") == Known(None)
    assert isinstance(RepositorySettings().environment("pypi"), Unknown)


def test_stores_are_looked_at_together_and_what_was_unseen_is_told() -> None:
    token = Secret("TOKEN", SecretStore.REPOSITORY, UNKNOWN_DATE, UNKNOWN_DATE)
    stored = RepositorySettings(secrets=Known((token,))).secrets_in((SecretStore.REPOSITORY, SecretStore.DEPENDABOT))
    assert stored.secrets == (token,)
    assert [unseen.permission for unseen in stored.unknown] == ["dependabot_secrets: read"]


@pytest.mark.parametrize(
    ("target", "ref", "covered"),
    [
        (RulesetTarget.TAG, "refs/tags/v1", True),
        (RulesetTarget.TAG, "refs/heads/v1", False),
        (RulesetTarget.BRANCH, "refs/heads/main", True),
        (RulesetTarget.BRANCH, "refs/heads/old", False),
        (RulesetTarget.BRANCH, "refs/heads/other", False),
        (RulesetTarget.PUSH, "refs/heads/main", False),
    ],
)
def test_a_ruleset_covers_refs_of_its_own_kind(target: RulesetTarget, ref: str, *, covered: bool) -> None:
    include = ("refs/tags/v*",) if target is RulesetTarget.TAG else ("~DEFAULT_BRANCH", "refs/heads/old")
    rules = (RulesetRule("creation"), RulesetRule("deletion"))
    ruleset = Ruleset(1, "r", "acme", target, RulesetEnforcement.ACTIVE, include, ("refs/heads/old",), rules)
    assert ruleset.covers(ref, "main") is covered
    assert ruleset.has_rules("creation", "deletion")
    assert not ruleset.has_rules("creation", "update")


@pytest.mark.parametrize(
    ("visibility", "plan", "feature", "offered"),
    [
        (RepositoryVisibility.PUBLIC, GitHubPlan.FREE, PlanFeature.REQUIRED_REVIEWERS, True),
        (RepositoryVisibility.PRIVATE, GitHubPlan.TEAM, PlanFeature.REQUIRED_REVIEWERS, False),
        (RepositoryVisibility.INTERNAL, GitHubPlan.ENTERPRISE, PlanFeature.REQUIRED_REVIEWERS, True),
        (RepositoryVisibility.PRIVATE, GitHubPlan.TEAM, PlanFeature.REF_POLICIES, True),
        (RepositoryVisibility.PRIVATE, GitHubPlan.FREE, PlanFeature.RULESETS, False),
        (RepositoryVisibility.PRIVATE, GitHubPlan.UNKNOWN, PlanFeature.RULESETS, None),
    ],
)
def test_a_plan_offers_what_github_says(
    visibility: RepositoryVisibility, plan: GitHubPlan, feature: PlanFeature, *, offered: bool | None
) -> None:
    assert plan_offers(RepositoryFacts(visibility, "main", plan=plan), feature) is offered
