"""What the demo says: plain words, color on a terminal, an address to look at."""

import sys
from collections.abc import Iterable

from termcolor import can_colorize, colored

from bot.rendering.markdown import plain_line
from tests.demo.check_run_watcher import CompletedCheckRun, text_of
from tests.demo.expected_records import DemoRecord

CONCLUSION_SYMBOLS = {"success": ("✓", "green"), "failure": ("✕", "red"), "action_required": ("!", "yellow")}
OTHER_SYMBOL = ("■", "dark_grey")
MAX_ANNOTATIONS = 3  # of a check run; its page has them all
WIDTH = 15


def print_text(text: str = "", color: str | None = None, *, bold: bool = False) -> None:
    """Write a line at once, so that a pipe sees it as a person does."""
    if can_colorize() and (color or bold):
        text = colored(text, color, attrs=["bold"] if bold else [])
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def print_heading(text: str) -> None:
    """Begin an act."""
    print_text()
    print_text(text, bold=True)


def print_check_run(completed: CompletedCheckRun, page_url: str) -> None:
    """Show a check run as it arrived."""
    run, name = completed.run, completed.repository.full_name
    mark, colour = CONCLUSION_SYMBOLS.get(run.conclusion or "", OTHER_SYMBOL)
    print_text()
    print_text(f"  {mark} {run.conclusion or '':<{WIDTH}} {name}{completed.commit_description}", colour, bold=True)
    if completed.scenario:
        _more(completed.scenario.description, None)
    _more(plain_line(run.title or "", 255), None)
    for note in run.annotations[:MAX_ANNOTATIONS]:
        rule = str(note["title"]).partition(":")[0]
        _more(
            plain_line(f"{note['path']}:{note['start_line']} {rule}: {str(note['message']).splitlines()[0]}", 255),
            "dark_grey",
        )
    if not run.annotations:
        _more(plain_line(first_unknown(run.summary or ""), 255), "dark_grey")
    left = len(run.annotations) - MAX_ANNOTATIONS
    if left > 0:
        _more(f"and {left} more", "dark_grey")
    _more(f"{page_url}/{name}/runs/{run.id}", "blue")


def print_records(records: Iterable[DemoRecord]) -> None:
    """Show what there is besides check runs."""
    print_heading("What there is besides check runs:")
    for record in records:
        print_text()
        print_text(f"  {plain_line(record.title, 255)}", bold=True)
        for line in record.lines:
            print_text(f"    {plain_line(line, 255)}")
        print_text(f"    {record.link}", "blue")


def first_unknown(summary: str) -> str:
    """Pick the first unknown fact or unreadable file out of a check run's summary, as a terminal shows it."""
    lines = (line.removeprefix("- ❔ ") for line in text_of(summary).splitlines() if line.startswith("- ❔ "))
    return next(lines, "")


def _more(text: str, color: str | None) -> None:
    if not text:
        return
    print_text(f"    {'':<{WIDTH}} {text}", color)
