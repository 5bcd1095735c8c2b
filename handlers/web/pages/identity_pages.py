"""An organization's publishing identities: each once, with its owner, its age and its end; what nobody owns comes first."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from bot.model.core_types import FullName
from bot.rendering.digest_facts import DigestIdentity
from handlers.records.told import DigestFactStore
from handlers.web.pages.organization_pages import find_organization
from handlers.web.pages.page_context import ListPage, Page, PageContext, list_page

ENDS_SOON_DAYS = 30  # days before an identity's end, in which it is marked


@dataclass(frozen=True, slots=True)
class InventoryRow:
    """An identity, and from which repositories it can publish."""

    identity: DigestIdentity
    seen_from: tuple[FullName, ...]
    ends_soon: bool
    ended: bool


@dataclass(frozen=True, slots=True)
class InventoryView:
    """The inventory, and how many of it nobody answers for."""

    rows: ListPage[InventoryRow]
    without_owner: int
    undeclared: int
    ending: int


def inventory_page(context: PageContext, login: str) -> Page:
    """Show the inventory."""
    found = find_organization(context, login)
    known = DigestFactStore(context.redis, found.installation).identities()
    rows = sorted(_inventory_rows(known, context.now.date()), key=_inventory_order)
    shown = InventoryView(
        rows=list_page(rows, context.page_number),
        without_owner=sum(row.identity.owner is None for row in rows),
        undeclared=sum(not row.identity.declared for row in rows),
        ending=sum(row.ends_soon or row.ended for row in rows),
    )
    return Page("inventory.html", f"Publishing identities of {found.login}", shown, found.login, "identities")


def _inventory_rows(
    known: Iterable[tuple[FullName, tuple[DigestIdentity, ...]]], today: date
) -> Iterator[InventoryRow]:
    held: dict[str, DigestIdentity] = {}
    seen: dict[str, list[FullName]] = {}
    for repository, identities in known:
        for identity in identities:
            held.setdefault(identity.key, identity)
            seen.setdefault(identity.key, []).append(repository)
    for key, identity in held.items():
        left = (identity.expires - today).days if identity.expires else None
        yield InventoryRow(
            identity=identity,
            seen_from=tuple(sorted(seen[key], key=str.lower)),
            ends_soon=left is not None and 0 < left <= ENDS_SOON_DAYS,
            ended=left is not None and left <= 0,
        )


def _inventory_order(row: InventoryRow) -> tuple[bool, bool, date, str, str]:
    """Put what nobody owns first, then what nobody declared, then the oldest."""
    held = row.identity
    return held.owner is not None, held.declared, held.rotated or date.min, held.holder.lower(), held.description
