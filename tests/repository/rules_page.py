"""Make docs/rules.md from the rules and their pages: `make rulebook`."""

from collections.abc import Iterable, Iterator
from dataclasses import Field, fields
from datetime import timedelta
from enum import StrEnum
from inspect import getdoc
from pathlib import Path
from typing import Any

from bot.checks.alerts import CHANGE_ALERTS
from bot.checks.check import Check, Rule
from bot.checks.frameworks import FRAMEWORKS, requirements_of
from bot.checks.gate import GATE_CONDITIONS
from bot.checks.rules import RULES
from bot.policy.policy_schema import format_duration, option_key

ROOT = Path(__file__).parents[2]
RULES_PAGE = ROOT / "docs" / "rules.md"

FAMILIES: dict[str, tuple[str, ...]] = {
    "Credentials": (
        "trusted-publishing", "no-leftover-secrets", "no-unused-secrets", "environment-secrets", "scoped-organization-secrets",
        "secret-rotation", "step-scoped-secrets", "no-hardcoded-tokens", "explicit-secrets",
    ),
    "Identities": (
        "owned-identities", "unexpired-identities", "reviewed-access", "current-owners", "human-approval", "registry-owners", "locked-package",
        "unused-publishers",
    ),
    "Environments": (
        "protected-environment", "required-reviewers", "restricted-refs", "protected-tags", "protected-workflows", "no-workflow-approvals",
        "deployment-gate",
    ),
    "Publish path": (
        "separate-publish-job", "least-permissions", "trusted-triggers", "no-shared-cache", "pinned-actions", "ephemeral-runners",
        "workflow-hygiene",
    ),
    "Evidence": (
        "traceable-versions", "attested-artifacts", "approved-release", "consistent-publisher", "publish-rate", "immutable-releases",
    ),
}  # fmt: skip

RULES_PAGE_HEAD = """\
# Rules

<!-- Made by `make rulebook` from bot/checks/rules; change the rules and their pages, not this one. -->

A rule describes a good state. Its page explains why and what to do, lists its options, and shows examples that run as tests. The tables
map each rule to NIST's Cybersecurity Framework 2.0, OWASP's Non-Human Identities Top 10 (2025), and OpenSSF's OSPS Baseline (2026-02-19) or
SLSA. If Wharfinger lacks a permission that a rule needs, the outcome of the rule is `unknown`.

Every rule has the options `severity` (low, medium, high, critical), `mode` (observe, enforce) and `allow` (registries to which it does not
apply). *Stricter* says in which direction a repository's own policy may change an option under `overrides: stricter`.
"""


def rules_page() -> str:
    """The whole page."""
    by_name = {str(rule.name): rule for rule in RULES}
    lines = [RULES_PAGE_HEAD]
    for family, names in FAMILIES.items():
        rules = [by_name[name] for name in names]
        lines += [f"## {family}", "", *_table(rules), ""]
        for rule in rules:
            lines += [*_rule_section(rule), ""]
    return "\n".join(lines)


def rule_page(rule: type[Rule]) -> Path:
    """The file of a rule's page."""
    return ROOT / "bot" / "checks" / "rules" / f"{rule.name.replace('-', '_')}.md"


def framework_places(rule: type[Rule]) -> dict[str, list[str]]:
    """Where a rule stands in each framework, as its page says."""
    return {name: list(requirements) for name, requirements in requirements_of(rule).items()}


def _table(rules: list[type[Rule]]) -> Iterator[str]:
    yield f"| rule | severity | {' | '.join(FRAMEWORKS)} |"
    yield "|---|---|---|---|---|"
    for rule in rules:
        places = " | ".join(", ".join(each) for each in framework_places(rule).values())
        yield f"| [`{rule.name}`](#{rule.name}) | {rule().severity} | {places} |"


def _rule_section(rule: type[Rule]) -> Iterator[str]:
    title, _, more = (getdoc(rule) or "").partition("\n")
    yield f"### {rule.name}\n"
    yield f"**{title}** {' '.join(more.split())}\n"
    permissions = sorted({read.permission for read in rule.reads})
    yield f"Reads with {', '.join(f'`{each}`' for each in permissions)}. [Its page](../bot/checks/rules/{rule_page(rule).name})."
    own = [each for each in fields(rule) if each.name not in {"severity", "mode", "allow"}]
    if own:
        yield "\n| option | default | means | stricter |"
        yield "|---|---|---|---|"
        for each in own:
            yield f"| `{option_key(each)}` | {default_of(each)} | {each.metadata['means']} | {each.metadata['stricter']} |"


def default_of(option: "Field[Any]") -> str:
    """An option's default as a policy says it."""
    value = option.default
    if isinstance(value, tuple):
        return ", ".join(f"`{each}`" for each in value) or "none"
    if isinstance(value, timedelta):
        return f"`{format_duration(value)}`"
    return f"`{value.value if isinstance(value, StrEnum) else str(value).lower()}`"


SHARED_OPTIONS = {"severity", "mode", "allow", "open_issue"}


def options_section(check: type[Check[Any]]) -> str:
    """The section `Options` of a check's page: its own options, and the names of those that every check of its kind has."""
    own = [each for each in fields(check) if each.name not in SHARED_OPTIONS]
    lines = [f"- `{option_key(each)}`: {each.metadata['means'].rstrip('.')} ({default_of(each)})." for each in own]
    shared = ", ".join(f"`{option_key(each)}`" for each in fields(check) if each.name in SHARED_OPTIONS)
    return "\n".join([*lines, f"- {shared}: the same for every check of this kind."])


def write_options(checks: Iterable[type[Check[Any]]]) -> None:
    """Write the section `Options` of each page anew."""
    for check in checks:
        head, _, rest = check.page().read_text().partition("\n## Options\n")
        check.page().write_text(
            f"{head}\n## Options\n\n{options_section(check)}\n\n## {rest.partition(chr(10) + '## ')[2]}"
        )


if __name__ == "__main__":
    write_options((*RULES, *GATE_CONDITIONS, *CHANGE_ALERTS))
    RULES_PAGE.write_text(rules_page())
