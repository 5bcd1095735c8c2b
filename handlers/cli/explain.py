"""`wharfinger explain RULE`: print the page of a rule, of a condition of the gate or of a signal: why, what to do, examples."""

import argparse
import difflib
import sys
from collections.abc import Sequence
from pathlib import Path

from bot.checks import alerts, gate, rules
from bot.checks.alerts import SIGNALS
from bot.checks.gate import CONDITIONS
from bot.checks.rules import RULES
from bot.registries import load_catalogue
from bot.rendering.markdown import plain

PAGES, GATE_PAGES, SIGNAL_PAGES = (Path(str(room.__file__)).parent for room in (rules, gate, alerts))


def main(arguments: Sequence[str]) -> int:
    """Print the page of one rule, or the list of rules; return the exit status (0, or 2 for a rule that there is not)."""
    parser = argparse.ArgumentParser(
        prog="wharfinger explain", description="Print the page of a rule, of a condition of the gate or of a signal."
    )
    parser.add_argument("rule", nargs="?", metavar="NAME", help="its name; without one, all are listed")
    name: str | None = parser.parse_args(arguments).rule
    conditions = {str(each.name): each.title() for each in CONDITIONS}
    heard = {str(each.name): each.title() for each in SIGNALS}
    titles = {str(rule.name): rule.title() for rule in RULES} | conditions | heard
    if name is None:
        sys.stdout.write("".join(f"{each}: {title}\n" for each, title in titles.items()))
    elif name in titles:
        folder = GATE_PAGES if name in conditions else SIGNAL_PAGES if name in heard else PAGES
        page = (folder / f"{name.replace('-', '_')}.md").read_text()
        sys.stdout.write(load_catalogue().expand(page))
    else:
        near = difflib.get_close_matches(name[:100], titles, n=1)
        remedy = f"did you mean {near[0]}?" if near else f"the rules are {', '.join(titles)}."
        sys.stderr.write(f"wharfinger explain: there is no rule {plain(name, 60)}; {remedy}\n")
        return 2
    return 0
