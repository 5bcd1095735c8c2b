"""Runs `wharfinger explain`: prints the documentation of a rule, gate condition or alert."""

import argparse
import difflib
import sys
from collections.abc import Sequence
from pathlib import Path

from bot.checks import alerts, gate, rules
from bot.checks.alerts import CHANGE_ALERTS
from bot.checks.gate import GATE_CONDITIONS
from bot.checks.rules import RULES
from bot.registries import load_catalog
from bot.rendering.markdown import plain_line

RULE_PAGES, GATE_PAGES, CHANGE_ALERT_PAGES = (Path(str(room.__file__)).parent for room in (rules, gate, alerts))


def main(arguments: Sequence[str]) -> int:
    """Print the page of one rule, or the list of rules; return the exit status (0, or 2 for a rule that there is not)."""
    parser = argparse.ArgumentParser(
        prog="wharfinger explain", description="Print the page of a rule, of a condition of the gate or of an alert."
    )
    parser.add_argument("rule", nargs="?", metavar="NAME", help="its name; without one, all are listed")
    name: str | None = parser.parse_args(arguments).rule
    conditions = {str(each.name): each.title() for each in GATE_CONDITIONS}
    heard = {str(each.name): each.title() for each in CHANGE_ALERTS}
    titles = {str(rule.name): rule.title() for rule in RULES} | conditions | heard
    if name is None:
        sys.stdout.write("".join(f"{each}: {title}\n" for each, title in titles.items()))
    elif name in titles:
        folder = GATE_PAGES if name in conditions else CHANGE_ALERT_PAGES if name in heard else RULE_PAGES
        page = (folder / f"{name.replace('-', '_')}.md").read_text()
        sys.stdout.write(load_catalog().expand_addresses(page))
    else:
        near = difflib.get_close_matches(name[:100], titles, n=1)
        remedy = f"did you mean {near[0]}?" if near else f"the rules are {', '.join(titles)}."
        sys.stderr.write(f"wharfinger explain: there is no rule {plain_line(name, 60)}; {remedy}\n")
        return 2
    return 0
