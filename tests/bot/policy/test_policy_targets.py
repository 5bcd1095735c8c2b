"""Which repositories an entry of `repositories` means, and what is in force where several do."""

import pytest

from bot.model.core_types import FullName, Mode, RuleName, Severity
from bot.policy import RepositoryMatch, TargetRepository, policy_in_force
from bot.settings import RepositoryVisibility
from tests.bot.policy.test_policy import read, rule

TOOL = TargetRepository(
    FullName("acme/Sandbox-Tool"),
    visibility=RepositoryVisibility.INTERNAL,
    topics=("python", "release"),
    properties={"Tier": ("gold",), "teams": ("a", "b")},
)
UNKNOWN = TargetRepository(FullName("acme/Sandbox-Tool"))
PUBLIC, INTERNAL = RepositoryVisibility.PUBLIC, RepositoryVisibility.INTERNAL


@pytest.mark.parametrize(
    ("match", "known", "unknown"),
    [
        (RepositoryMatch(names=("sandbox-*",)), True, True),
        (RepositoryMatch(names=("*-lib", "*-TOOL")), True, True),
        (RepositoryMatch(names=("acme/*",)), True, True),
        (RepositoryMatch(names=("globex/*",)), False, False),
        (RepositoryMatch(names=("tool",)), False, False),
        (RepositoryMatch(names=("sandbox-[st]*",)), True, True),
        (RepositoryMatch(topics=("go", "python")), True, None),
        (RepositoryMatch(topics=("go",)), False, None),
        (RepositoryMatch(properties={"tier": ("gold", "silver")}), True, None),
        (RepositoryMatch(properties={"tier": ("gold",), "teams": ("c",)}), False, None),
        (RepositoryMatch(properties={"absent": ("true",)}), False, None),
        (RepositoryMatch(visibilities=(PUBLIC, INTERNAL)), True, None),
        (RepositoryMatch(visibilities=(PUBLIC,)), False, None),
        (RepositoryMatch(names=("other",), topics=("python",)), False, False),  # what is certain settles it
        (RepositoryMatch(names=("sandbox-*",), topics=("python",)), True, None),
    ],
)
def test_a_match_holds_where_all_that_is_said_does(match: RepositoryMatch, known: bool, unknown: bool | None) -> None:  # noqa: FBT001 - a table of answers
    assert match.matches(TOOL) is known
    assert match.matches(UNKNOWN) is unknown


LAYERS = """version: 1
mode: enforce
rules:
  trusted-publishing: {severity: low, mode: observe}
  separate-publish-job: off
repositories:
  - match: {topic: python}
    rules: {trusted-publishing: {severity: high}, protected-environment: off}
  - match: {name: "sandbox-*"}
    mode: observe
    rules: {protected-environment: {severity: low}, separate-publish-job: {}}
"""


def test_later_entries_win_option_by_option() -> None:
    policy = policy_in_force(read(LAYERS), None, TOOL)

    assert rule(policy, "trusted-publishing").severity is Severity.HIGH
    assert rule(policy, "protected-environment").severity is Severity.LOW
    assert RuleName("separate-publish-job") in [rule.name for rule in policy.rules]
    assert {rule.mode for rule in policy.rules} == {Mode.OBSERVE}


def test_other_repositories_are_left_as_they_are() -> None:
    policy = policy_in_force(read(LAYERS), None, TargetRepository(FullName("acme/app"), topics=()))

    assert rule(policy, "trusted-publishing").severity is Severity.LOW
    assert rule(policy, "trusted-publishing").mode is Mode.OBSERVE
    assert rule(policy, "protected-environment").mode is Mode.ENFORCE
    assert policy.undecided == ()


def test_an_entry_that_hangs_on_something_unseen_is_a_doubt_with_its_line() -> None:
    policy = policy_in_force(read(LAYERS), None, UNKNOWN)

    assert policy.undecided == (
        "publishing.yml:7 is for repositories by topic, which could not be seen; it is left out.",
    )
    assert rule(policy, "trusted-publishing").severity is Severity.LOW


def test_a_mode_for_some_repositories_is_not_undone_by_what_single_rules_had_before() -> None:
    text = (
        "version: 1\nrules: {trusted-publishing: {mode: observe}}\nrepositories: [{match: {name: '*'}, mode: enforce}]"
    )

    assert {rule.mode for rule in policy_in_force(read(text), None, TOOL).rules} == {Mode.ENFORCE}
