"""Runs `wharfinger explain`: prints the documentation of a rule, gate condition or alert."""

import argparse
import sys

from bot.checks.documentation import documented_checks, nearest_check, read_documentation
from bot.registries import load_catalog
from bot.rendering.markdown import plain_line


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `wharfinger explain`."""
    name = parser.add_argument("name", nargs="?", metavar="NAME", help="its name; without one, all are listed")
    name.completer = lambda **_: documented_checks()  # type: ignore[attr-defined]  # argcomplete reads it


def main(options: argparse.Namespace) -> int:
    """Print one page, or list all titles; return the exit status (0, or 2 if there is no such page)."""
    name: str | None = options.name
    titles = documented_checks()
    if name is None:
        sys.stdout.write("".join(f"{each}: {title}\n" for each, title in titles.items()))
        return 0
    if (page := read_documentation(name, load_catalog())) is not None:
        sys.stdout.write(page)
        return 0
    similar = nearest_check(name)
    remedy = f"did you mean {similar}?" if similar else "`wharfinger explain` lists all"
    sys.stderr.write(f"wharfinger explain: there is no rule {plain_line(name, 60)}; {remedy}\n")
    return 2
