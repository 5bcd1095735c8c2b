"""An organisation's publishing identities: each once, with its owner, its age and its end; what nobody owns comes first."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from bot.model.core_types import FullName
from bot.rendering.digest_facts import Held
from handlers.records.told import ToldBook
from handlers.web.pages.organization_pages import organisation_of
from handlers.web.pages.page_context import Page, Part, Shelf, part

SOON = 30  # days before an identity's end, in which it is marked


@dataclass(frozen=True, slots=True)
class Row:
    """An identity, and from which repositories it can publish."""

    held: Held
    seen_from: tuple[FullName, ...]
    ends_soon: bool
    ended: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """The inventory, and how many of it nobody answers for."""

    rows: Part[Row]
    nobodys: int
    undeclared: int
    ending: int


def show(shelf: Shelf, login: str) -> Page:
    """Show the inventory."""
    found = organisation_of(shelf, login)
    known = ToldBook(shelf.redis, found.installation).identities()
    rows = sorted(_rows(known, shelf.now.date()), key=_order)
    shown = Shown(
        rows=part(rows, shelf.number),
        nobodys=sum(row.held.owner is None for row in rows),
        undeclared=sum(not row.held.declared for row in rows),
        ending=sum(row.ends_soon or row.ended for row in rows),
    )
    return Page("inventory.html", f"Publishing identities of {found.login}", shown, found.login, "identities")


def _rows(known: Iterable[tuple[FullName, tuple[Held, ...]]], today: date) -> Iterator[Row]:
    held: dict[str, Held] = {}
    seen: dict[str, list[FullName]] = {}
    for repository, identities in known:
        for identity in identities:
            held.setdefault(identity.key, identity)
            seen.setdefault(identity.key, []).append(repository)
    for key, identity in held.items():
        left = (identity.expires - today).days if identity.expires else None
        yield Row(
            held=identity,
            seen_from=tuple(sorted(seen[key], key=str.lower)),
            ends_soon=left is not None and 0 < left <= SOON,
            ended=left is not None and left <= 0,
        )


def _order(row: Row) -> tuple[bool, bool, date, str, str]:
    """Put what nobody owns first, then what nobody declared, then the oldest."""
    held = row.held
    return held.owner is not None, held.declared, held.rotated or date.min, held.holder.lower(), held.words
