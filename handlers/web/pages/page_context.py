"""Defines the context and results of pages, and builds their URLs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

from redis import Redis

from bot.model.errors import WharfingerError
from bot.registries import Catalog
from handlers.config.database import Database
from handlers.config.settings import Settings
from handlers.records.report_store import ReportStore, StoredReport

T = TypeVar("T")

MAX_ROWS = 100  # of one page of a long list


class PageNotFoundError(WharfingerError):
    """Nobody knows what was asked for; the text says so, and why that may be."""


@dataclass(frozen=True, slots=True)
class PageContext:
    """What is looked up for one view. The clock enters as `now`."""

    redis: Redis
    records: Database
    catalog: Catalog
    settings: Settings
    now: datetime
    page_number: int = 1  # which part of a long list
    query: Mapping[str, str] = field(default_factory=dict)  # what else the address asks for

    @property
    def offset(self) -> int:
        """The number of rows of a long list before this part."""
        return (self.page_number - 1) * MAX_ROWS


@dataclass(frozen=True, slots=True)
class Page:
    """A template and what it shows; `organization`: whose pages the navigation leads to, `here`: which of them this is."""

    template: str
    title: str
    view: object
    organization: str = ""
    section: str = ""


@dataclass(frozen=True, slots=True)
class ListPage(Generic[T]):
    """Some rows of a long list."""

    rows: tuple[T, ...]
    total: int
    page_number: int

    @property
    def page_numbers(self) -> range:
        """The numbers of all parts; a list of one part has none to choose from."""
        return range(1, -(-self.total // MAX_ROWS) + 1)


def find_report(context: PageContext, owner: str, name: str) -> StoredReport:
    """Find where a repository stands, by its name in any case; raises NothingThereError."""
    standing = ReportStore(context.records).find(f"{owner}/{name}")
    if standing is None:
        raise PageNotFoundError(
            f"Nothing is known of a repository {owner}/{name}. A sweep may not have reached it yet."
        )
    return standing
