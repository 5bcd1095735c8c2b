"""`make incidents`: every incident is played against the real App, and its clean twin too; `python -m tests.incidents FILE…` plays some.

Exit status: 0 each was prevented or told in time and no twin raised anything, 1 if not, 2 a file cannot be read.
"""

import argparse
import logging
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from termcolor import can_colorize, colored

from bot.registries import load_catalog
from tests.incidents.incident import Incident
from tests.incidents.incident_file import IncidentFormatError, read_incident
from tests.incidents.incident_verdict import IncidentResult
from tests.incidents.parallel_replay import replay_in_processes

INCIDENTS_FOLDER = Path(__file__).parent
EXIT_AS_EXPECTED, EXIT_UNEXPECTED, EXIT_UNREADABLE = 0, 1, 2
COLUMNS = "{:<88} {:<10} {:>7} {:>7}  {}"


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.incidents", description="Play incidents against the real App."
    )
    parser.add_argument(
        "files", nargs="*", type=Path, metavar="FILE", help="the incidents; all in this folder unless said"
    )
    options = parser.parse_args(arguments)
    try:
        catalogue = load_catalog()
        return replay_all([read_incident(path, catalogue) for path in options.files or incident_files()])
    except IncidentFormatError as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_UNREADABLE


def incident_files() -> list[Path]:
    """Every incident that is written down, the oldest first."""
    return sorted((INCIDENTS_FOLDER / "known").glob("*.yml"))


def replay_all(incidents: Sequence[Incident]) -> int:
    """Play them, two at a time, and print the table in their order."""
    begin, wrong = time.monotonic(), 0
    print_text(COLUMNS.format("incident", "outcome", "seconds", "longest", "by"), bold=True)
    for name, result in replay_in_processes(incidents):
        wrong += bool(result.problems)
        print_result(name, result)
    spent = time.monotonic() - begin
    count = sum(len(incident.waves) for incident in incidents)
    print_text(
        f"\n{count} timelines of {len(incidents)} incidents and their clean twins, {wrong} wrong, in {spent:.0f} s",
        bold=True,
    )
    return EXIT_UNEXPECTED if wrong else EXIT_AS_EXPECTED


def print_result(name: str, result: IncidentResult) -> None:
    outcome = result.outcome.value if result.outcome else "quiet" if not result.problems else "raised"
    seconds, longest = ("" if each is None else f"{each:.0f}" for each in (result.seconds, result.longest))
    print_text(
        COLUMNS.format(name, outcome, seconds, longest, ", ".join(result.by)), "red" if result.problems else "green"
    )
    for each in result.problems:
        print_text(f"    {each}", "red")


def print_text(text: str, color: str | None = None, *, bold: bool = False) -> None:
    """Write a line at once."""
    if can_colorize() and (color or bold):
        text = colored(text, color, attrs=["bold"] if bold else [])
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    logging.disable()
    sys.exit(main(sys.argv[1:]))
