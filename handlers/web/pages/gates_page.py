"""What waits at an organisation's gates, what was decided there, and one decision with its reasons."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

from bot.model.core_types import FullName
from handlers.records.gate_store import Decided, Gate, GateBook, Note
from handlers.records.report_store import Standings
from handlers.web.pages.addresses import decision, on_github
from handlers.web.pages.organization_pages import organisation_of, organisations
from handlers.web.pages.page_context import NothingThereError, Page, Part, Shelf, part

MOST = 2_000  # of the latest decisions of all organisations are looked through


@dataclass(frozen=True, slots=True)
class Waits:
    """A deployment that waits."""

    gate: Gate
    since: datetime
    looks: int
    why: tuple[str, ...]  # what was said of it, line by line


@dataclass(frozen=True, slots=True)
class Shown:
    """What waits, and the latest decisions, each with its page."""

    waits: tuple[Waits, ...]
    decided: Part[tuple[str, Decided]]


@dataclass(frozen=True, slots=True)
class ShownDecision:
    """One decision, and its run on GitHub."""

    decided: Decided
    run: str


def show_all(shelf: Shelf, login: str) -> Page:
    """Show an organisation's gates, the newest decisions first."""
    found = organisation_of(shelf, login)
    book = GateBook(shelf.redis)
    waits = tuple(_waits(*each) for each in book.waiting() if each[0].installation == found.installation)
    decided = list(_decided(book, found.login))
    return Page(
        "gates.html", f"Gates of {found.login}", Shown(waits, part(decided, shelf.number)), found.login, "gates"
    )


def show_one(shelf: Shelf, key: str) -> Page:
    """Show a decision; raises NothingThereError."""
    decided = GateBook(shelf.redis).decided(key)
    if decided is None:
        raise NothingThereError("No such decision is kept; the latest ten thousand are.")
    owner = decided.repository.partition("/")[0]
    title = f"{decided.repository} → {decided.environment}"
    shown = ShownDecision(decided, _run(shelf, decided.repository, decided.run))
    return Page("decision.html", title, shown, owner, "gates")


def _decided(book: GateBook, login: str) -> Iterator[tuple[str, Decided]]:
    for key, decided in islice(book.keyed(), MOST):
        if decided.repository.partition("/")[0].lower() == login.lower():
            yield decision(key), decided


def _waits(gate: Gate, note: Note) -> Waits:
    return Waits(gate, datetime.fromtimestamp(note.since, UTC), note.looks, note.why)


def _run(shelf: Shelf, name: FullName, run: int) -> str:
    standing = Standings(shelf.redis).find(name)
    if standing is None:
        return ""
    webs = [each.web(standing.id) for each in organisations(shelf) if each.installation == standing.installation]
    return on_github(webs[0], f"actions/runs/{run}") if webs else ""
