"""Policy files: what they may say, what is wrong with one, and what is in force when two of them speak."""

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from bot.checks.check import Rule
from bot.checks.rules import RULES
from bot.model.core_types import FullName, Mode, RegistryId, RuleName, Severity
from bot.model.errors import PolicyError
from bot.model.identity_register import IdentityKind
from bot.policy import (
    DigestForm,
    DigestInterval,
    DigestSettings,
    IssueDestination,
    Overrides,
    Policy,
    PolicyFile,
    ReportSettings,
    RepositoryMatch,
    TargetRepository,
    policy_in_force,
)
from bot.policy.policy_schema import policy_schema
from bot.policy.read_policy import read_policy
from bot.registries import load_catalog
from bot.settings import RepositoryVisibility

REGISTRIES = list(load_catalog().registries)
PUBLISHED = Path(__file__).parents[3] / "docs" / "publishing.schema.json"


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

    assert file.checks[RuleName("trusted-publishing")].off


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


WAIVER = (
    "waivers:\n- {rule: trusted-publishing, repository: acme/tool, reason: moving, owner: '@ann', expires: 2027-01-31"
)
IDENTITY = "identities:\n- {in: acme, owner: '@ann', purpose: x, expires: 2027-01-31"


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        (WAIVER.replace("publishing,", "publishin,") + "}", 3, "`waivers.0.rule` is 'trusted-publishin'; did you mean `trusted-publishing`?"),
        (WAIVER.replace("owner", "ownr") + "}", 3, "there is no key 'ownr' here; did you mean `owner`?"),
        (WAIVER.replace(", owner: '@ann'", "") + "}", 3, "`waivers.0` lacks `owner`; add it"),
        (WAIVER.replace("moving", "") + "}", 3, "`waivers.0.reason` is empty; it is to be text"),
        (WAIVER.replace("acme/tool", "tool") + "}", 3, "`waivers.0.repository` is 'tool'; what is wanted: A repository with its owner: acme/tool."),
        (WAIVER.replace("01-31", "02-31") + "}", 3, "`expires` is '2027-02-31', which is no day of the calendar"),
        (IDENTITY + "}", 3, "this entry of the register names no identity; name exactly one of `secret`, `publisher`, `deploy-key`, `token`, `app`, `person`"),
        (IDENTITY + ", secret: A, app: b}", 3, "this entry of the register names 2 identities; name exactly one of `secret`, `publisher`, `deploy-key`, `token`, `app`, `person`"),
        ("repositories:\n- match: {visibility: publik}", 3, "`repositories.0.match.visibility` is 'publik'; did you mean `public`?"),
        ("reports:\n  issues: central", 3, "`reports.issues` is central, but no repository is named; add `central: owner/name`"),
        ("max-waiver-duration: 1 year", 2, "`max-waiver-duration` is '1 year'; what is wanted: How long a waiver may last, such as 90d; 180d unless said."),
        ("packages: [{purl: npm, repository: a/b}]", 2, "`packages.0.purl` is 'npm'; what is wanted: A package URL: pkg:npm/%40acme/cli."),
    ],
)  # fmt: skip
def test_the_other_parts_of_a_file_are_held_to_their_form_too(text: str, line: int, reason: str) -> None:
    with pytest.raises(PolicyError) as caught:
        read(f"version: 1\n{text}")

    assert (caught.value.line, caught.value.reason) == (line, reason)


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


def test_overrides_are_stricter_unless_a_file_says_otherwise() -> None:
    assert read("version: 1").overrides is Overrides.STRICTER


def test_the_published_schema_is_the_one_that_files_are_held_to() -> None:
    assert json.loads(PUBLISHED.read_text()) == policy_schema()


def test_the_example_of_the_page_is_valid_and_says_everything() -> None:
    page = (PUBLISHED.parent / "policy.md").read_text()
    file = read(page.partition("```yaml\n")[2].partition("```")[0])

    assert all((file.checks, file.repositories, file.identities, file.packages, file.waivers, file.reports.digest))


WHOLE = """
version: 1
extends: acme-base/policies
mode: observe
max-waiver-duration: 90d
rules:
  trusted-publishing: {severity: high, allow: [npm]}
  separate-publish-job: off
overrides: stricter
repositories:
  - match: {name: "sandbox-*", topic: [demo, toy], property: {tier: [1, gold], open: true}, visibility: private}
    mode: observe
    rules: {protected-environment: off}
identities:
  - {secret: LEGACY, in: acme/legacy, environment: pypi, owner: "@acme/release", purpose: uploads, expires: 2027-01-31, machine: true}
  - {publisher: pypi, in: acme/tool, workflow: release.yml, owner: "@ann", purpose: releases, expires: 2027-01-31}
packages:
  - {purl: "pkg:npm/%40acme/cli", repository: acme/cli}
waivers:
  - rule: trusted-publishing
    repository: acme/legacy
    secret: LEGACY
    reason: moving
    owner: "@acme/release"
    expires: 2027-01-31
reports:
  issues: central
  central: acme/security
  digest: {repository: acme/security, every: month, form: period}
"""


def test_a_file_says_all_that_a_policy_may_say() -> None:
    file = read(WHOLE)

    assert (file.extends, file.max_waiver_duration, file.overrides) == (
        "acme-base/policies",
        timedelta(days=90),
        Overrides.STRICTER,
    )
    assert file.repositories[0].match == RepositoryMatch(
        ("sandbox-*",), ("demo", "toy"), {"tier": ("1", "gold"), "open": ("true",)}, (RepositoryVisibility.PRIVATE,)
    )
    assert [(each.kind, each.name, each.holder, each.machine) for each in file.identities] == [
        (IdentityKind.SECRET, "LEGACY", "acme/legacy", True),
        (IdentityKind.PUBLISHER, "pypi", "acme/tool", None),
    ]
    assert [(each.purl, each.repository) for each in file.packages] == [("pkg:npm/%40acme/cli", "acme/cli")]
    assert [(str(each), each.secret, each.expires) for each in file.waivers] == [
        ("publishing.yml:20", "LEGACY", date(2027, 1, 31))
    ]
    security = FullName("acme/security")
    assert file.reports == ReportSettings(
        IssueDestination.CENTRAL, security, DigestSettings(security, DigestInterval.MONTH, DigestForm.ISSUE_PER_PERIOD)
    )


def test_what_concerns_a_repository_is_in_its_policy_and_nothing_else() -> None:
    file = read(WHOLE)
    legacy, tool, other = (
        policy_in_force(file, None, TargetRepository(FullName(f"ACME/{name}"))) for name in ("legacy", "tool", "x")
    )

    assert ([each.name for each in legacy.identities], len(legacy.waivers)) == (["LEGACY"], 1)
    assert ([each.name for each in tool.identities], len(tool.waivers)) == (["pypi"], 0)
    assert (other.identities, other.waivers, other.packages) == ((), (), ())
