"""A published version's page: whether it is accounted for, why not, and the chain of evidence from registry to commit."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from bot.model.core_types import FullName
from bot.packages.versions import PackageVersion
from bot.rendering.release import TraceLink, trace_links
from bot.tracing import VersionTrace
from handlers.records.report_store import StoredReport
from handlers.records.trace_store import TraceStore
from handlers.web.pages.addresses import version_url as page_of
from handlers.web.pages.organization_pages import find_organization
from handlers.web.pages.page_context import Page, PageContext, PageNotFoundError
from handlers.web.pages.standings import find_report

MAX_VERSIONS = 10  # of the newest versions on a repository's page


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A version on a repository's page, and the page that it has itself."""

    trace: VersionTrace
    registry: str
    page: str


@dataclass(frozen=True, slots=True)
class VersionView:
    """One version."""

    repository: FullName
    trace: VersionTrace
    registry: str
    links: tuple[TraceLink, ...]


def newest_versions(context: PageContext, stored_report: StoredReport) -> Iterator[VersionRow]:
    """Yield the newest versions of a repository's packages that are accounted for, or are to be."""
    for account in islice(TraceStore(context.redis).of_repository(stored_report.id), MAX_VERSIONS):
        page = page_of(stored_report.repository, _version_key(account.version))
        yield VersionRow(account, _registry_name(context, account.version), page)


def version_page(context: PageContext, owner: str, name: str, key: str) -> Page:
    """Show a version; raises NothingThereError."""
    standing = find_report(context, owner, name)
    found = (each for each in TraceStore(context.redis).of_repository(standing.id) if _version_key(each.version) == key)
    account = next(found, None)
    if account is None:
        raise PageNotFoundError(f"No record of such a version of {standing.repository} is kept.")
    version = account.version
    owner = standing.repository.partition("/")[0]
    web = find_organization(context, owner).repository_web(standing.id)
    links = tuple(
        each if web and each.url.startswith(f"{web}/") else replace(each, url="") for each in trace_links(account)
    )
    shown = VersionView(standing.repository, account, _registry_name(context, version), links)
    return Page("version.html", f"{version.package.name} {version.number}", shown, owner, "repositories")


def _version_key(version: PackageVersion) -> str:
    """Name a version in twelve letters: its own name may hold anything."""
    named = f"{version.package.registry}\0{version.package.name}\0{version.number}"
    return hashlib.sha256(named.encode(errors="replace")).hexdigest()[:12]


def _registry_name(context: PageContext, version: PackageVersion) -> str:
    found = context.catalog.registries.get(version.package.registry)
    return found.name if found else version.package.registry
