"""Finds the documentation of rules, gate conditions and alerts by their names."""

import difflib
from collections.abc import Mapping
from pathlib import Path

from bot.checks import alerts, gate, rules
from bot.checks.alerts import CHANGE_ALERTS
from bot.checks.gate import GATE_CONDITIONS
from bot.checks.rules import RULES
from bot.registries import Catalog

PAGE_FOLDERS = [Path(str(room.__file__)).parent for room in (rules, gate, alerts)]


def documented_checks() -> Mapping[str, str]:
    """Return the title of each rule, gate condition and alert by its name."""
    titles = {str(rule.name): rule.title() for rule in RULES}
    titles |= {str(condition.name): condition.title() for condition in GATE_CONDITIONS}
    return titles | {str(alert.name): alert.title() for alert in CHANGE_ALERTS}


def read_documentation(name: str, catalog: Catalog) -> str | None:
    """Return the page of a check as Markdown; None where there is no check of that name."""
    if name not in documented_checks():
        return None
    page = next(path for folder in PAGE_FOLDERS if (path := folder / f"{name.replace('-', '_')}.md").exists())
    return catalog.expand_addresses(page.read_text())


def nearest_check(name: str) -> str | None:
    """Return the name that somebody may have meant."""
    return next(iter(difflib.get_close_matches(name[:100], documented_checks(), n=1)), None)
