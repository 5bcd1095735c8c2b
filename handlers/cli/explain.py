"""Runs `wharfinger explain`: prints the documentation of a rule, gate condition or alert."""

import argparse
import difflib
import sys
from pathlib import Path

from bot.checks import alerts, gate, rules
from bot.checks.alerts import CHANGE_ALERTS
from bot.checks.gate import GATE_CONDITIONS
from bot.checks.rules import RULES
from bot.registries import load_catalog
from bot.rendering.markdown import plain_line

PAGE_FOLDERS = [Path(str(room.__file__)).parent for room in (rules, gate, alerts)]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `wharfinger explain`."""
    name = parser.add_argument("name", nargs="?", metavar="NAME", help="its name; without one, all are listed")
    name.completer = lambda **_: _titles()  # type: ignore[attr-defined]  # argcomplete reads it


def main(options: argparse.Namespace) -> int:
    """Print one page, or list all titles; return the exit status (0, or 2 if there is no such page)."""
    name: str | None = options.name
    titles = _titles()
    if name is None:
        sys.stdout.write("".join(f"{each}: {title}\n" for each, title in titles.items()))
    elif name in titles:
        page = next(path for folder in PAGE_FOLDERS if (path := folder / f"{name.replace('-', '_')}.md").exists())
        sys.stdout.write(load_catalog().expand_addresses(page.read_text()))
    else:
        similar = difflib.get_close_matches(name[:100], titles, n=1)
        remedy = f"did you mean {similar[0]}?" if similar else f"the rules are {', '.join(titles)}."
        sys.stderr.write(f"wharfinger explain: there is no rule {plain_line(name, 60)}; {remedy}\n")
        return 2
    return 0


def _titles() -> dict[str, str]:
    titles = {str(rule.name): rule.title() for rule in RULES}
    titles |= {str(condition.name): condition.title() for condition in GATE_CONDITIONS}
    return titles | {str(alert.name): alert.title() for alert in CHANGE_ALERTS}
