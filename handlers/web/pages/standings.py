"""Finds where a repository stands, by the name in an address."""

from handlers.records.report_store import Standing, Standings
from handlers.web.pages.page_context import NothingThereError, Shelf


def standing_of(shelf: Shelf, owner: str, name: str) -> Standing:
    """Find where a repository stands, by its name in any case; raises NothingThereError."""
    standing = Standings(shelf.redis).find(f"{owner}/{name}")
    if standing is None:
        raise NothingThereError(
            f"Nothing is known of a repository {owner}/{name}. A sweep may not have reached it yet."
        )
    return standing
