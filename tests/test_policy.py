"""Policy files: what they may say, what is wrong with one, and what is in force when two of them speak."""

import json
from pathlib import Path

import jsonschema_rs
import pytest

from bot.errors import PolicyError
from bot.names import Mode, RegistryId, RuleName, Severity
from bot.policy import Overrides, Policy, PolicyFile, policy_in_force
from bot.policy.read import read_policy
from bot.policy.schema import policy_schema
from bot.registries import load_catalogue
from bot.rule import Rule
from bot.rules import RULES

REGISTRIES = list(load_catalogue().registries)
PUBLISHED = Path(__file__).parent.parent / "docs" / "publishing.schema.json"


def read(text: str, origin: str = "publishing.yml") -> PolicyFile:
    return read_policy(text.encode(), REGISTRIES, origin)


def rule(policy: Policy, name: str) -> Rule:
    return next(rule for rule in policy.rules if rule.name == name)


def test_without_a_file_every_rule_is_observed_with_its_own_severity() -> None:
    policy = policy_in_force()

    assert [type(rule) for rule in policy.rules] == list(RULES)
    assert {rule.mode for rule in policy.rules} == {Mode.OBSERVE}


def test_a_file_sets_modes_severities_exceptions_and_switches_rules_off() -> None:
    policy = policy_in_force(
        read("""
version: 1
mode: enforce
rules:
  trusted-publishing: {severity: critical, allow: [npm], mode: observe}
  protected-environment: off
""")
    )

    trusted = rule(policy, "trusted-publishing")
    assert (trusted.severity, trusted.allow, trusted.mode) == (Severity.CRITICAL, (RegistryId("npm"),), Mode.OBSERVE)
    assert rule(policy, "separate-publish-job").mode is Mode.ENFORCE
    assert "protected-environment" not in [rule.name for rule in policy.rules]


@pytest.mark.parametrize("word", ["off", "false"])
def test_a_rule_is_switched_off_by_either_word(word: str) -> None:
    file = read(f"version: 1\nrules: {{trusted-publishing: {word}}}")

    assert file.rules[RuleName("trusted-publishing")].off


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("", 1, "the file is empty"),
        ("- version: 1", 1, "the file is a list; it is to be a mapping (key: value)"),
        ("mode: observe", 1, "the file lacks `version`; add it"),
        ("version: 2", 1, "`version` is '2'; write 1"),
        ("version: 1\nmode: enforced", 2, "`mode` is 'enforced'; did you mean `enforce`?"),
        ("version: 1\nmodes: enforce", 2, "there is no key 'modes' here; did you mean `mode`?"),
        ("version: 1\nrules:\n  trusted-publishin: off", 3, "there is no rule 'trusted-publishin' here; did you mean `trusted-publishing`?"),
        ("version: 1\nrules:\n  trusted-publishing:\n    sevrity: low", 4, "there is no option 'sevrity' here; did you mean `severity`?"),
        ("version: 1\nrules: {trusted-publishing: true}", 2, "`rules.trusted-publishing` is 'true'; it may be `false`, `off`"),
        ("version: 1\nrules:\n  trusted-publishing:\n    allow: [npmm]", 4, "`rules.trusted-publishing.allow.0` is 'npmm'; did you mean `npm`?"),
        ("version: 1\nrules:\n  trusted-publishing:\n    allow: npm", 4, "`rules.trusted-publishing.allow` is 'npm'; it is to be a list ([a, b])"),
        ("version: 1\n\nversion: 1", 3, None),
        ("version: 1\nmode: &a [*a]", None, None),
        ("version: !!python/object:os.system 1", None, None),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_line_and_the_remedy(text: str, line: int | None, reason: str | None) -> None:
    with pytest.raises(PolicyError) as caught:
        read(text)

    if reason is not None:
        assert caught.value.reason == reason
    if line is not None:
        assert caught.value.line == line
        assert str(caught.value).startswith(f"line {line}: ")


@pytest.mark.parametrize("key", ["repositories", "identities", "packages", "waivers", "reports"])
def test_a_key_without_meaning_yet_is_refused_so_that_nobody_trusts_in_it(key: str) -> None:
    empty = "{}" if key == "reports" else "[]"

    with pytest.raises(PolicyError, match=f"`{key}` has no meaning in this version"):
        read(f"version: 1\n{key}: {empty}")


EVIL = '"x\\e[31m\\n@everyone' + "y" * 5_000 + '"'


@pytest.mark.parametrize(
    "text",
    [
        EVIL + ": 1",
        "repositories: [{match: {property: {" + EVIL + ": []}}}]",
        "rules: {trusted-publishing: {allow: [" + EVIL + "]}}",
        "rules: {" + EVIL + ": off}",
    ],
    ids=["key", "property", "registry", "rule"],
)
def test_hostile_names_are_shown_short_and_on_one_line(text: str) -> None:
    with pytest.raises(PolicyError) as caught:
        read(f"version: 1\n{text}")

    assert len(str(caught.value)) < 500
    assert str(caught.value).isprintable()


ORGANISATION = """
version: 1
rules:
  trusted-publishing: {severity: high, allow: [npm, pypi]}
  separate-publish-job: off
"""


def test_a_repository_may_be_stricter_than_its_organisation() -> None:
    own = read(
        "version: 1\nmode: enforce\nrules: {trusted-publishing: {allow: [npm], severity: critical}, separate-publish-job: {}}"
    )
    policy = policy_in_force(read(ORGANISATION), own)

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


def test_an_organisation_may_let_a_repository_do_anything_or_nothing() -> None:
    own = read("version: 1\nrules: {trusted-publishing: off, protected-environment: {severity: low}}")
    free = policy_in_force(read("version: 1\noverrides: any"), own)
    bound = policy_in_force(read("version: 1\noverrides: none"), own)

    assert "trusted-publishing" not in [rule.name for rule in free.rules]
    assert rule(free, "protected-environment").severity is Severity.LOW
    assert rule(bound, "protected-environment").severity is Severity.MEDIUM
    assert bound.notes == ("publishing.yml is not followed: publishing.yml says overrides: none.",)


def test_without_an_organisation_the_repositorys_file_is_the_policy() -> None:
    policy = policy_in_force(None, read("version: 1\nrules: {trusted-publishing: off}", ".github/publishing.yml"))

    assert "trusted-publishing" not in [rule.name for rule in policy.rules]
    assert policy.origins == (".github/publishing.yml",)


def test_overrides_are_stricter_unless_a_file_says_otherwise() -> None:
    assert read("version: 1").overrides is Overrides.STRICTER


def test_the_published_schema_is_the_one_that_files_are_held_to() -> None:
    assert json.loads(PUBLISHED.read_text()) == policy_schema()


def test_the_schema_knows_all_that_a_policy_will_say() -> None:
    whole = {
        "version": 1,
        "mode": "observe",
        "rules": {"trusted-publishing": {"severity": "high", "allow": ["npm"]}, "separate-publish-job": "off"},
        "repositories": [{"match": {"name": "sandbox-*"}, "rules": {"protected-environment": "off"}}],
        "overrides": "stricter",
        "identities": [{"secret": "LEGACY", "in": "acme/legacy", "owner": "@acme/release", "purpose": "uploads", "expires": "2027-01-31"}],
        "packages": [{"purl": "pkg:npm/%40acme/cli", "repository": "acme/cli"}],
        "waivers": [
            {"rule": "trusted-publishing", "repository": "acme/legacy", "secret": "LEGACY", "reason": "moving", "owner": "@acme/release", "expires": "2027-01-31"}
        ],
        "reports": {"issues": "repository", "central": "acme/security", "digest": {"repository": "acme/security", "every": "week"}},
    }  # fmt: skip

    assert jsonschema_rs.validator_for(policy_schema(REGISTRIES)).is_valid(whole)
