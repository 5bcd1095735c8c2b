"""What can be said of values alone: patterns of refs, owners of paths, plans, and that each fact has its permission."""

from dataclasses import fields

import pytest

from bot.github.settings.secrets_api import LONG_AGO
from bot.model.findings import Seen, Unseen
from bot.settings import (
    Enforcement,
    Environment,
    Feature,
    Holdings,
    Plan,
    Read,
    RepositoryFacts,
    RepositoryVisibility,
    Ruleset,
    RulesetRule,
    Secret,
    Store,
    Target,
    nothing_seen,
    offers,
    read_owners,
    ref_matches,
)

INSIDE = {Read.FILES, Read.PLAN, Read.SECRETS_REACH, Read.ENVIRONMENT_REFS, Read.ENVIRONMENT_RULES}  # of other facts


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
    assert read_owners("CODEOWNERS", OWNERS).owners_of(path) == owners


def test_each_fact_is_one_read_and_says_which_permission_would_show_it() -> None:
    nothing = Holdings()
    for each in fields(nothing):
        fact = getattr(nothing, each.name)
        assert fact == Read[each.name.upper()].not_read
    assert {read.name.lower() for read in Read} - {read.name.lower() for read in INSIDE} == {
        each.name for each in fields(nothing)
    }


def test_nothing_is_seen_for_one_reason() -> None:
    reasons = {getattr(nothing_seen("we were not there"), each.name).reason for each in fields(Holdings)}
    assert reasons == {"we were not there"}


def test_an_environment_is_found_in_any_case_and_may_not_exist() -> None:
    pypi = Environment("PyPI")
    holdings = Holdings(environments=Seen((pypi,)))
    assert holdings.environment("pypi") == Seen(pypi)
    assert holdings.environment("npm") == Seen(None)
    assert isinstance(Holdings().environment("pypi"), Unseen)


def test_stores_are_looked_at_together_and_what_was_unseen_is_told() -> None:
    token = Secret("TOKEN", Store.REPOSITORY, LONG_AGO, LONG_AGO)
    stored = Holdings(secrets=Seen((token,))).stored((Store.REPOSITORY, Store.DEPENDABOT))
    assert stored.secrets == (token,)
    assert [unseen.permission for unseen in stored.unseen] == ["dependabot_secrets: read"]


@pytest.mark.parametrize(
    ("target", "ref", "covered"),
    [
        (Target.TAG, "refs/tags/v1", True),
        (Target.TAG, "refs/heads/v1", False),
        (Target.BRANCH, "refs/heads/main", True),
        (Target.BRANCH, "refs/heads/old", False),
        (Target.BRANCH, "refs/heads/other", False),
        (Target.PUSH, "refs/heads/main", False),
    ],
)
def test_a_ruleset_covers_refs_of_its_own_kind(target: Target, ref: str, *, covered: bool) -> None:
    include = ("refs/tags/v*",) if target is Target.TAG else ("~DEFAULT_BRANCH", "refs/heads/old")
    rules = (RulesetRule("creation"), RulesetRule("deletion"))
    ruleset = Ruleset(1, "r", "acme", target, Enforcement.ACTIVE, include, ("refs/heads/old",), rules)
    assert ruleset.covers(ref, "main") is covered
    assert ruleset.has("creation", "deletion")
    assert not ruleset.has("creation", "update")


@pytest.mark.parametrize(
    ("visibility", "plan", "feature", "offered"),
    [
        (RepositoryVisibility.PUBLIC, Plan.FREE, Feature.REQUIRED_REVIEWERS, True),
        (RepositoryVisibility.PRIVATE, Plan.TEAM, Feature.REQUIRED_REVIEWERS, False),
        (RepositoryVisibility.INTERNAL, Plan.ENTERPRISE, Feature.REQUIRED_REVIEWERS, True),
        (RepositoryVisibility.PRIVATE, Plan.TEAM, Feature.REF_POLICIES, True),
        (RepositoryVisibility.PRIVATE, Plan.FREE, Feature.RULESETS, False),
        (RepositoryVisibility.PRIVATE, Plan.UNKNOWN, Feature.RULESETS, None),
    ],
)
def test_a_plan_offers_what_github_says(
    visibility: RepositoryVisibility, plan: Plan, feature: Feature, *, offered: bool | None
) -> None:
    assert offers(RepositoryFacts(visibility, "main", plan=plan), feature) is offered
