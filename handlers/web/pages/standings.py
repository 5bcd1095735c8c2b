"""Finds where a repository stands, by the name in an address."""

from handlers.records.report_store import ReportStore, StoredReport
from handlers.web.pages.page_context import PageContext, PageNotFoundError


def find_report(context: PageContext, owner: str, name: str) -> StoredReport:
    """Find where a repository stands, by its name in any case; raises NothingThereError."""
    standing = ReportStore(context.redis).find(f"{owner}/{name}")
    if standing is None:
        raise PageNotFoundError(
            f"Nothing is known of a repository {owner}/{name}. A sweep may not have reached it yet."
        )
    return standing
