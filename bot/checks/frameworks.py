"""Maps rules and gate conditions to the requirements of security frameworks that their pages name."""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from bot.checks.check import Check

FRAMEWORKS: Mapping[str, re.Pattern[str]] = {
    "NIST CSF 2.0": re.compile(r"\b[A-Z]{2}\.[A-Z]{2}-\d\d"),
    "OWASP NHI 2025": re.compile(r"\bNHI\d+"),
    "OSPS Baseline, SLSA": re.compile(r"OSPS-[A-Z]{2}-\d\d(?:\.\d\d)?|SLSA (?:Build|Source) L\d"),
}


@cache
def requirements_of(check: type[Check[Any]]) -> Mapping[str, tuple[str, ...]]:
    """Return the requirements that a check's page names, by framework, in the page's order."""
    text = check.page().read_text().partition("## Where it stands")[2].partition("\n## ")[0]
    return {name: tuple(dict.fromkeys(pattern.findall(text))) for name, pattern in FRAMEWORKS.items()}


def checks_by_requirement(checks: Iterable[type[Check[Any]]]) -> Mapping[tuple[str, str], tuple[str, ...]]:
    """Return the names of the checks of each requirement, by framework and requirement, sorted."""
    found: dict[tuple[str, str], list[str]] = {}
    for check in checks:
        for framework, requirements in requirements_of(check).items():
            for requirement in requirements:
                found.setdefault((framework, requirement), []).append(str(check.name))
    order = {name: place for place, name in enumerate(FRAMEWORKS)}
    return {key: tuple(found[key]) for key in sorted(found, key=lambda key: (order[key[0]], _natural(key[1])))}


def _natural(text: str) -> list[tuple[int, str]]:
    """Return what requirements are sorted by: NHI10 after NHI9."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", text)]
