"""What a later version of a policy loosens, and what it does not."""

import pytest

from bot.policy.loosening import loosenings
from tests.bot.policy.test_policy import read

FULL = """\
version: 1
mode: enforce
rules:
  trusted-publishing: {allow: [npm]}
  secret-rotation: {max-age: 90d}
  pinned-actions: off
gate: {independent-approval: {mode: enforce}}
overrides: stricter
max-waiver-duration: 90d
policy-delay: 2h
repositories:
  - match: {name: [sandbox-one, sandbox-two]}
    mode: observe
  - match: {topic: library}
    rules: {protected-environment: {severity: critical}}
identities:
  - {secret: KEY, in: acme/tool, owner: "@ann", purpose: old, expires: 2027-01-31}
packages: [{purl: "pkg:npm/tool", repository: acme/tool}]
waivers:
  - {rule: trusted-publishing, repository: acme/tool, job: publish, reason: moving, owner: "@ann", expires: 2027-01-31}
reports: {issues: central, central: acme/security, digest: {repository: acme/security}}
"""

LOOSER = {
    "mode": ("mode: enforce\nrules", "mode: observe\nrules"),
    "a rule is off": ("{max-age: 90d}", "off"),
    "an older secret": ("max-age: 90d", "max-age: 120d"),
    "one more exception": ("allow: [npm]", "allow: [npm, pypi]"),
    "a condition is observed": ("independent-approval: {mode: enforce}", "independent-approval: {mode: observe}"),
    "overrides": ("overrides: stricter", "overrides: any"),
    "longer waivers": ("max-waiver-duration: 90d", "max-waiver-duration: 91d"),
    "a shorter delay": ("policy-delay: 2h", "policy-delay: 1h"),
    "custody": ("policy-delay: 2h", "policy-delay: 2h\ncustody: delay"),
    "one more repository is observed": ("[sandbox-one, sandbox-two]", "[sandbox-one, sandbox-two, tool]"),
    "other repositories are observed": ("name: [sandbox-one, sandbox-two]", "visibility: public"),
    "a group is judged more mildly": ("{severity: critical}", "{severity: medium}"),
    "a register entry is gone": ("secret: KEY", "secret: OTHER"),
    "a register entry lasts longer": ("purpose: old, expires: 2027-01-31", "purpose: old, expires: 2027-02-01"),
    "a package belongs elsewhere": ("repository: acme/tool}]", "repository: acme/evil}]"),
    "a wider waiver": ("job: publish, ", ""),
    "a longer waiver": ('owner: "@ann", expires: 2027-01-31}\nreports', 'owner: "@ann", expires: 2027-03-01}\nreports'),
    "another central repository": ("central: acme/security,", "central: acme/elsewhere,"),
    "no issues": ("issues: central", "issues: off"),
    "another digest": ("digest: {repository: acme/security}", "digest: {repository: acme/elsewhere}"),
    "another policy is extended": ("version: 1\n", "version: 1\nextends: others/policies\n"),
}
NOT_LOOSER = {
    "nothing": ("", ""),
    "a comment": ("version: 1\n", "version: 1\n# the policy\n"),
    "a younger secret": ("max-age: 90d", "max-age: 30d"),
    "one exception fewer": ("allow: [npm]", "allow: []"),
    "a rule is on": ("  pinned-actions: off\n", ""),
    "overrides": ("overrides: stricter", "overrides: none"),
    "a longer delay": ("policy-delay: 2h", "policy-delay: 3h"),
    "one repository fewer is observed": ("[sandbox-one, sandbox-two]", "[sandbox-one]"),
    "an earlier end": ("purpose: old, expires: 2027-01-31", "purpose: old, expires: 2027-01-30"),
    "a narrower waiver": ("job: publish, ", "job: publish, secret: KEY, "),
    "another reason": ("reason: moving", "reason: it is being moved"),
    "a sharper group": ("topic: library}\n    rules", "topic: library}\n    mode: enforce\n    rules"),
}


def changed(old: str, new: str) -> tuple[str, ...]:
    text = FULL.replace(old, new, 1) if old else FULL
    assert (text != FULL) is bool(old)
    return loosenings(read(FULL), read(text))


@pytest.mark.parametrize("name", LOOSER)
def test_it_is_looser(name: str) -> None:
    assert changed(*LOOSER[name]) != ()


@pytest.mark.parametrize("name", NOT_LOOSER)
def test_it_is_not_looser(name: str) -> None:
    assert changed(*NOT_LOOSER[name]) == ()


def test_what_is_looser_for_a_group_names_the_group() -> None:
    assert "`mode` of trusted-publishing is looser for name tool" in changed(*LOOSER["one more repository is observed"])


def test_more_groups_than_are_compared_make_any_change_a_loosening() -> None:
    groups = "repositories:\n" + "".join(
        f"  - {{match: {{topic: t{number}}}, rules: {{trusted-publishing: {{severity: low}}}}}}\n"
        for number in range(9)
    )
    before = f"version: 1\n{groups}"

    assert loosenings(read(before), read(before + "max-waiver-duration: 30d\n")) == ()
    assert loosenings(read(before), read(before.replace("low", "high", 1))) != ()
