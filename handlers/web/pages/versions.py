"""A published version's page: whether it is accounted for, why not, and the chain of evidence from registry to commit."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from bot.model.core_types import FullName
from bot.packages.versions import Version
from bot.rendering.release import Link, chain
from bot.tracing import Account
from handlers.records.report_store import Standing
from handlers.records.trace_store import AccountBook
from handlers.web.pages.addresses import version as page_of
from handlers.web.pages.organization_pages import organisation_of
from handlers.web.pages.page_context import NothingThereError, Page, Shelf
from handlers.web.pages.standings import standing_of

MOST = 10  # of the newest versions on a repository's page


@dataclass(frozen=True, slots=True)
class Row:
    """A version on a repository's page, and the page that it has itself."""

    account: Account
    registry: str
    page: str


@dataclass(frozen=True, slots=True)
class Shown:
    """One version."""

    repository: FullName
    account: Account
    registry: str
    links: tuple[Link, ...]


def newest(shelf: Shelf, standing: Standing) -> Iterator[Row]:
    """Yield the newest versions of a repository's packages that are accounted for, or are to be."""
    for account in islice(AccountBook(shelf.redis).of(standing.id), MOST):
        page = page_of(standing.repository, _key(account.version))
        yield Row(account, _registry(shelf, account.version), page)


def show(shelf: Shelf, owner: str, name: str, key: str) -> Page:
    """Show a version; raises NothingThereError."""
    standing = standing_of(shelf, owner, name)
    found = (each for each in AccountBook(shelf.redis).of(standing.id) if _key(each.version) == key)
    account = next(found, None)
    if account is None:
        raise NothingThereError(f"No record of such a version of {standing.repository} is kept.")
    version = account.version
    owner = standing.repository.partition("/")[0]
    web = organisation_of(shelf, owner).web(standing.id)
    links = tuple(each if web and each.web.startswith(f"{web}/") else replace(each, web="") for each in chain(account))
    shown = Shown(standing.repository, account, _registry(shelf, version), links)
    return Page("version.html", f"{version.package.name} {version.number}", shown, owner, "repositories")


def _key(version: Version) -> str:
    """Name a version in twelve letters: its own name may hold anything."""
    named = f"{version.package.registry}\0{version.package.name}\0{version.number}"
    return hashlib.sha256(named.encode(errors="replace")).hexdigest()[:12]


def _registry(shelf: Shelf, version: Version) -> str:
    found = shelf.catalogue.registries.get(version.package.registry)
    return found.name if found else version.package.registry
