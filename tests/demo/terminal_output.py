"""What the demo says: plain words, colour on a terminal, an address to look at."""

import sys
from collections.abc import Iterable

from termcolor import can_colorize, colored

from bot.rendering.markdown import plain
from tests.demo.check_run_watcher import News, words_of
from tests.demo.expected_records import Record

MARKS = {"success": ("✓", "green"), "failure": ("✕", "red"), "action_required": ("!", "yellow")}
OTHER = ("■", "dark_grey")
MOST_NOTES = 3  # of a check run; its page has them all
WIDTH = 15


def say(text: str = "", colour: str | None = None, *, bold: bool = False) -> None:
    """Write a line at once, so that a pipe sees it as a person does."""
    if can_colorize() and (colour or bold):
        text = colored(text, colour, attrs=["bold"] if bold else [])
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def heading(text: str) -> None:
    """Begin an act."""
    say()
    say(text, bold=True)


def tell(news: News, page_url: str) -> None:
    """Show a check run as it arrived."""
    run, name = news.run, news.repository.full_name
    mark, colour = MARKS.get(run.conclusion or "", OTHER)
    say()
    say(f"  {mark} {run.conclusion or '':<{WIDTH}} {name}{news.where}", colour, bold=True)
    if news.story:
        _more(news.story.tells, None)
    _more(plain(run.title or "", 255), None)
    for note in run.annotations[:MOST_NOTES]:
        rule = str(note["title"]).partition(":")[0]
        _more(
            plain(f"{note['path']}:{note['start_line']} {rule}: {str(note['message']).splitlines()[0]}", 255),
            "dark_grey",
        )
    if not run.annotations:
        _more(plain(first_unseen(run.summary or ""), 255), "dark_grey")
    left = len(run.annotations) - MOST_NOTES
    if left > 0:
        _more(f"and {left} more", "dark_grey")
    _more(f"{page_url}/{name}/runs/{run.id}", "blue")


def show(records: Iterable[Record]) -> None:
    """Show what there is besides check runs."""
    heading("What there is besides check runs:")
    for record in records:
        say()
        say(f"  {plain(record.title, 255)}", bold=True)
        for line in record.lines:
            say(f"    {plain(line, 255)}")
        say(f"    {record.link}", "blue")


def first_unseen(summary: str) -> str:
    """Pick the first thing that could not be seen or read out of a check run's summary, as a terminal shows it."""
    lines = (line.removeprefix("- ") for line in words_of(summary).splitlines())
    return next((line for line in lines if line.startswith("Could not be ")), "")


def _more(text: str, colour: str | None) -> None:
    if not text:
        return
    say(f"    {'':<{WIDTH}} {text}", colour)
