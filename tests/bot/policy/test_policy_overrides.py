"""What is in force when several files speak: the organization's, the one it extends, and a repository's own."""

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.checks.check import StricterWhen
from bot.model.core_types import FullName, Mode, RegistryId, RuleName, Severity
from bot.policy import CheckSettings, Overrides, PolicyFile, TargetRepository, policy_in_force
from bot.policy.policy_schema import is_fully_applied, stricter_value
from tests.bot.policy.test_policy import read, rule

ORGANIZATION = """
version: 1
rules:
  trusted-publishing: {severity: high, allow: [npm, pypi]}
  separate-publish-job: off
"""


def test_a_repository_may_be_stricter_than_its_organization() -> None:
    own = read(
        "version: 1\nmode: enforce\nrules: {trusted-publishing: {allow: [npm], severity: critical}, separate-publish-job: {}}"
    )
    policy = policy_in_force(read(ORGANIZATION), own)

    trusted = rule(policy, "trusted-publishing")
    assert (trusted.severity, trusted.allow, trusted.mode) == (Severity.CRITICAL, (RegistryId("npm"),), Mode.ENFORCE)
    assert rule(policy, "separate-publish-job").mode is Mode.ENFORCE
    assert policy.notes == ()


def test_a_repository_may_not_be_looser_and_is_told_so() -> None:
    own = read("""version: 1
rules:
  trusted-publishing: {severity: low, allow: [npm, crates.io]}
  protected-environment: off
""", ".github/publishing.yml")  # fmt: skip
    policy = policy_in_force(read("version: 1\nmode: enforce\nrules: {trusted-publishing: {allow: [npm]}}"), own)

    trusted = rule(policy, "trusted-publishing")
    assert (trusted.severity, trusted.allow) == (Severity.HIGH, (RegistryId("npm"),))
    assert rule(policy, "protected-environment").mode is Mode.ENFORCE
    assert [note.partition(",")[0] for note in policy.notes] == [
        ".github/publishing.yml:3 makes severity looser for trusted-publishing",
        ".github/publishing.yml:3 makes allow looser for trusted-publishing",
        ".github/publishing.yml:4 switches it off for protected-environment",
    ]


def test_a_repository_may_not_step_back_from_enforce() -> None:
    policy = policy_in_force(read("version: 1\nmode: enforce"), read("version: 1\nmode: observe"))

    assert {rule.mode for rule in policy.rules} == {Mode.ENFORCE}
    assert policy.notes


def test_an_organization_may_let_a_repository_do_anything_or_nothing() -> None:
    own = read("version: 1\nrules: {trusted-publishing: off, protected-environment: {severity: low}}")
    free = policy_in_force(read("version: 1\noverrides: any"), own)
    bound = policy_in_force(read("version: 1\noverrides: none"), own)

    assert "trusted-publishing" not in [rule.name for rule in free.rules]
    assert rule(free, "protected-environment").severity is Severity.LOW
    assert rule(bound, "protected-environment").severity is Severity.HIGH
    assert bound.notes == ("publishing.yml is not followed: publishing.yml says overrides: none.",)


def test_without_an_organization_the_repositorys_file_is_the_policy() -> None:
    policy = policy_in_force(None, read("version: 1\nrules: {trusted-publishing: off}", ".github/publishing.yml"))

    assert "trusted-publishing" not in [rule.name for rule in policy.rules]
    assert policy.origins == (".github/publishing.yml",)


def test_a_repositorys_own_file_says_nothing_of_what_is_the_organizations_to_say() -> None:
    own = read("""version: 1
overrides: any
reports: {issues: off, digest: {repository: acme/x}}
repositories: [{match: {name: "*"}, rules: {trusted-publishing: off}}]
waivers: [{rule: trusted-publishing, repository: acme/tool, reason: x, owner: "@ann", expires: 2027-01-31}]
""", "own")  # fmt: skip
    tool = TargetRepository(FullName("acme/tool"))
    bound = policy_in_force(read("version: 1", "theirs"), own, tool)
    free = policy_in_force(read("version: 1\noverrides: any", "theirs"), own, tool)

    assert bound.notes == (
        "own has `overrides`, `repositories`, `reports` and `waivers`, which only the organization's policy may say; not followed.",
    )
    assert (bound.waivers, len(free.waivers)) == ((), 1)
    assert bound.reports == policy_in_force(read("version: 1")).reports
    assert "trusted-publishing" in [rule.name for rule in free.rules]


def test_a_file_stands_on_the_one_it_extends_and_has_the_last_word() -> None:
    base = read("""version: 1
mode: enforce
overrides: none
max-waiver-duration: 30d
rules: {trusted-publishing: {severity: low, allow: [npm]}, protected-environment: off}
repositories: [{match: {name: tool}, rules: {separate-publish-job: off}}]
waivers: [{rule: trusted-publishing, repository: acme/tool, reason: x, owner: "@ann", expires: 2027-01-31}]
""", "base")  # fmt: skip
    file = replace(read("version: 1\nrules: {trusted-publishing: {severity: high}}", "own"), base=base)
    policy = policy_in_force(file, None, TargetRepository(FullName("acme/tool")))

    trusted = rule(policy, "trusted-publishing")
    assert (trusted.severity, trusted.allow, trusted.mode) == (Severity.HIGH, (RegistryId("npm"),), Mode.ENFORCE)
    assert not {"protected-environment", "separate-publish-job"} & {str(rule.name) for rule in policy.rules}
    assert (file.overrides, policy.max_waiver_duration, policy.origins) == (
        Overrides.NONE,
        timedelta(days=30),
        ("base", "own"),
    )
    assert policy.waivers == ()  # what another organization accepts, this one does not


NAMES = [RuleName(name) for name in ("trusted-publishing", "protected-environment", "separate-publish-job")]
SAID: st.SearchStrategy[CheckSettings] = st.one_of(
    st.just(CheckSettings(1, off=True)),
    st.fixed_dictionaries(
        {},
        optional={
            "severity": st.sampled_from(Severity),
            "mode": st.sampled_from(Mode),
            "allow": st.lists(st.sampled_from([RegistryId(name) for name in ("npm", "pypi", "nuget")]), unique=True).map(tuple),
        },
    ).map(lambda options: CheckSettings(1, options=options)),
)  # fmt: skip
FILES = st.builds(
    PolicyFile,
    origin=st.just("file"),
    mode=st.none() | st.sampled_from(Mode),
    checks=st.dictionaries(st.sampled_from(NAMES), SAID),
)


def laxness(policy: Any) -> dict[str, Any]:  # noqa: ANN401 - read by name
    return {str(rule.name): (rule.severity.rank, rule.mode.rank, set(rule.allow)) for rule in policy.rules}


@given(FILES, FILES)
def test_under_stricter_nothing_a_repository_says_makes_anything_looser(
    organization: PolicyFile, own: PolicyFile
) -> None:
    theirs = laxness(policy_in_force(organization))
    both = laxness(policy_in_force(replace(organization, own_overrides=Overrides.STRICTER), own))

    for name, (severity, mode, allow) in theirs.items():
        assert name in both
        assert both[name][0] >= severity
        assert both[name][1] >= mode
        assert both[name][2] <= allow


@given(FILES, FILES)
def test_under_none_the_organizations_word_is_all_and_under_any_the_repositorys_wins(
    organization: PolicyFile, own: PolicyFile
) -> None:
    bound = policy_in_force(replace(organization, own_overrides=Overrides.NONE), own)
    free = policy_in_force(replace(organization, own_overrides=Overrides.ANY), own)

    assert laxness(bound) == laxness(policy_in_force(organization))
    in_force = {rule.name: rule for rule in free.rules}
    for name, said in own.checks.items():
        assert (name in in_force) is not said.off
        for option, value in said.options.items():
            assert getattr(in_force[name], option) == value


@given(FILES, FILES)
def test_whatever_is_not_followed_is_said(organization: PolicyFile, own: PolicyFile) -> None:
    policy = policy_in_force(replace(organization, own_overrides=Overrides.STRICTER), own)
    free = policy_in_force(replace(organization, own_overrides=Overrides.ANY), own)

    assert bool(policy.notes) is (laxness(policy) != laxness(free))


ORDERED = st.sampled_from([(StricterWhen.HIGHER, max), (StricterWhen.LOWER, min)])
LISTS = st.lists(st.sampled_from("abcd"), unique=True).map(tuple)


@pytest.mark.parametrize(("way", "join"), [(StricterWhen.FEWER, set.intersection), (StricterWhen.MORE, set.union)])
@given(has=LISTS, asked=LISTS)
def test_of_two_lists_the_stricter_is_their_meet_and_one_that_is_it_already_is_followed(
    way: StricterWhen,
    join: Callable[[set[str], set[str]], set[str]],
    has: tuple[str, ...],
    asked: tuple[str, ...],
) -> None:
    given = stricter_value(way, has, asked)

    assert isinstance(given, tuple)
    assert set(given) == join(set(has), set(asked))
    assert set(stricter_value(way, asked, has)) == set(given)  # type: ignore[arg-type]  # a list, as above
    assert stricter_value(way, has, given) == given or way is StricterWhen.MORE
    assert is_fully_applied(way, given, given)


@given(ORDERED, st.data())
def test_of_two_numbers_or_durations_it_is_the_higher_or_the_lower(ordered: Any, data: st.DataObject) -> None:  # noqa: ANN401 - a way and what it does
    way, pick = ordered
    kind: st.SearchStrategy[Any] = data.draw(st.sampled_from([st.integers(0, 9), st.timedeltas()]))
    has, asked = data.draw(kind), data.draw(kind)

    assert stricter_value(way, has, asked) == pick(has, asked) == stricter_value(way, asked, has)
    assert is_fully_applied(way, asked, stricter_value(way, has, asked)) is (pick(has, asked) == asked)


def test_every_option_says_which_way_it_gets_stricter() -> None:
    for each in policy_in_force().rules:
        assert all(isinstance(option.metadata["stricter"], StricterWhen) for option in fields(each))
