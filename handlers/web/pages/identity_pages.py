"""Shows an organization's publishing identities, and one identity with its owner and failed rules."""

from dataclasses import dataclass
from datetime import date, timedelta

from bot.identities.publishing_identity import KIND_NAMES
from bot.model.core_types import FullName
from bot.rendering.digest_facts import DigestIdentity
from bot.rendering.register_report import RegisterEntry, build_register, publisher_nature
from handlers.cache.repository_listings import WorkflowRunCache
from handlers.jobs.repositories.stored_reports import LatestReports
from handlers.records.inventory_store import InventoryIdentity, InventoryStore
from handlers.web.pages.organization_pages import find_organization
from handlers.web.pages.page_context import MAX_ROWS, ListPage, Page, PageContext, PageNotFoundError, find_report

ENDS_SOON_DAYS = 30  # days before an identity's end, in which it is marked


@dataclass(frozen=True, slots=True)
class InventoryRow:
    """An identity, and from which repositories it can publish."""

    identity: DigestIdentity
    repositories: int
    first_repository: FullName  # by name
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
    store, today = InventoryStore(context.records, found.installation), context.now.date()
    totals = store.totals(today + timedelta(days=ENDS_SOON_DAYS))
    rows = [_inventory_row(each, today) for each in store.listed(MAX_ROWS, context.offset)]
    shown = InventoryView(
        rows=ListPage(tuple(rows), totals.identities, context.page_number),
        without_owner=totals.without_owner,
        undeclared=totals.undeclared,
        ending=totals.ending,
    )
    return Page("inventory.html", f"Publishing identities of {found.login}", shown, found.login, "identities")


def _inventory_row(held: InventoryIdentity, today: date) -> InventoryRow:
    left = (held.identity.expires - today).days if held.identity.expires else None
    return InventoryRow(
        identity=held.identity,
        repositories=held.repositories,
        first_repository=held.first_repository,
        ends_soon=left is not None and 0 < left <= ENDS_SOON_DAYS,
        ended=left is not None and left <= 0,
    )


@dataclass(frozen=True, slots=True)
class IdentityView:
    """One line of the register."""

    repository: FullName
    line: RegisterEntry
    noun: str
    registries: tuple[str, ...]
    holder_kind: str  # human, machine or not known


def identity_page(context: PageContext, owner: str, name: str, key: str) -> Page:
    """Show an identity as the register of a repository has it; raises NothingThereError."""
    standing = find_report(context, owner, name)
    report = LatestReports(context.records, context.redis, context.catalog, standing.installation).report(standing.id)
    register = build_register(report, WorkflowRunCache(context.redis, standing.id).cached()) if report else None
    line = next((each for each in register.entries if each.identity.key == key), None) if register else None
    if line is None:
        raise PageNotFoundError(f"{standing.repository} has no such publishing identity; it may be gone.")
    names = {each: registry.name for each, registry in context.catalog.registries.items()}
    shown = IdentityView(
        repository=standing.repository,
        line=line,
        noun=KIND_NAMES[line.identity.kind],
        registries=tuple(names.get(each, str(each)) for each in line.identity.registries),
        holder_kind=publisher_nature(line),
    )
    return Page("identity.html", line.identity.description, shown, standing.repository.partition("/")[0], "identities")
