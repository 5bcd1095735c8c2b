"""Times the pages of an installation with 10,000 repositories and a year of history, and tells the size of their records."""

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from redis import Redis
from sqlalchemy import Engine, Table, event, insert, select

from bot.registries import load_catalog
from handlers.config.database import Database
from handlers.config.settings import SQLITE_FILE, Settings
from handlers.records.schema import tables
from handlers.web.pages import gates_page, identity_pages, organization_pages, repository_pages, setup_page
from handlers.web.pages.page_context import Page, PageContext
from tests.conftest import EmbeddedRedis, environment, migrated_copy
from tests.handlers.records.every_record import store_everything
from tests.handlers.web.pages.stored_records import INSTALLATION, NOW, NUMBER

REPOSITORIES = 10_000
CHANGES, DECISIONS, VERSIONS, IDENTITIES, ALERTS = 10, 5, 5, 2, 5_000  # of each repository; alerts: of all
BATCH = 5_000  # rows that are written at a time
LOOKS = 7  # at each page, of which the median counts


def figures() -> Iterator[dict[str, Any]]:
    """Yield a line for each page, and one for the size of the records."""
    with TemporaryDirectory(prefix="wf") as folder:
        server = EmbeddedRedis(Path(folder) / "redis")
        data = migrated_copy(Path(folder) / "data")
        records = Database(f"sqlite:///{data / SQLITE_FILE}")
        with Redis.from_url(server.url) as redis:
            store_everything(records, redis)
            _multiply(records)
            settings = Settings.from_environment(environment(REDIS_URL=server.url, WHARFINGER_DATA=str(data)))
            yield from _pages(PageContext(redis, records, load_catalog(), settings, datetime.now(UTC)))
        records.close()
        server.kill()
        size = sum(file.stat().st_size for file in data.glob(f"{SQLITE_FILE}*"))
        yield {"figure": "records of 10,000 repositories and a year", "value": round(size / 1e6), "unit": "MB"}


def _pages(context: PageContext) -> Iterator[dict[str, Any]]:
    last = PageContext(context.redis, context.records, context.catalog, context.settings, context.now, 90)
    by_name = PageContext(
        context.redis, context.records, context.catalog, context.settings, context.now, query={"name": "999"}
    )
    pages: dict[str, Callable[[], Page]] = {
        "setup": lambda: setup_page.setup_page(context),
        "organization": lambda: organization_pages.organization_page(context, "acme"),
        "organization, part 90": lambda: organization_pages.organization_page(last, "acme"),
        "organization, a part of a name": lambda: organization_pages.organization_page(by_name, "acme"),
        "identities": lambda: identity_pages.inventory_page(context, "acme"),
        "gates": lambda: gates_page.gates_page(context, "acme"),
        "gates, part 90": lambda: gates_page.gates_page(last, "acme"),
        "alerts": lambda: organization_pages.alerts_page(context, "acme"),
        "repository": lambda: repository_pages.repository_page(context, "acme", "r500"),
    }
    for name, page in pages.items():
        page()
        looks = [_look(page) for _ in range(LOOKS)]
        slowest = statistics.median(max(each[1], default=0.0) for each in looks)
        whole = statistics.median(each[0] for each in looks)
        yield {
            "figure": f"page {name}: slowest query",
            "value": round(slowest * 1000, 1),
            "unit": "ms of processor time",
            "goal": 50,
            "whole_page": round(whole * 1000, 1),
        }


def _look(page: Callable[[], Page]) -> tuple[float, list[float]]:
    """Return how long the page took, and each of its queries, in seconds."""
    with _timed_queries() as queries:
        begin = time.process_time()
        page()
        return time.process_time() - begin, queries


@contextmanager
def _timed_queries() -> Iterator[list[float]]:
    times: list[float] = []
    began: list[float] = []

    def before(*_: object) -> None:
        began.append(time.process_time())

    def after(*_: object) -> None:
        times.append(time.process_time() - began.pop())

    event.listen(Engine, "before_cursor_execute", before)
    event.listen(Engine, "after_cursor_execute", after)
    try:
        yield times
    finally:
        event.remove(Engine, "before_cursor_execute", before)
        event.remove(Engine, "after_cursor_execute", after)


def _multiply(records: Database) -> None:
    """Write what is stored of one repository for all the others, with times over a year."""
    names = {number: f"acme/r{number}" for number in range(100, 100 + REPOSITORIES)}
    for table, count in (
        ("repositories", 1),
        ("repository_names", 1),
        ("reports", 1),
        ("digest_facts", 1),
        ("identities", IDENTITIES),
        ("identity_repositories", IDENTITIES),
        ("outcome_changes", CHANGES),
        ("gate_decisions", DECISIONS),
        ("version_traces", VERSIONS),
        ("package_alerts", 0),
    ):
        _multiply_table(records, tables.METADATA.tables[table], names, count)


def _multiply_table(records: Database, table: Table, names: dict[int, str], count: int) -> None:
    column = table.c.get("repository", table.c.get("id", table.c[next(iter(table.c)).name]))
    with records.reading() as connection:
        sample = dict(connection.execute(select(table).where(column == NUMBER).limit(1)).mappings().first() or {})
        sample = sample or dict(connection.execute(select(table).limit(1)).mappings().one())
    rows = list(_rows(table, sample, names, count))
    for start in range(0, len(rows), BATCH):
        with records.transaction() as connection:
            connection.execute(insert(table), rows[start : start + BATCH])


def _rows(table: Table, sample: dict[str, Any], names: dict[int, str], count: int) -> Iterator[dict[str, Any]]:
    """Yield the sample again for each repository, under another key and at another time."""
    for each in range(ALERTS if count == 0 else 0):
        yield sample | {"key": f"k{each}", "raised_at": _moment(each), "settled": each % 20 > 0}
    for number, name in names.items():
        for each in range(count):
            own: dict[str, Any] = {"repository": number, "name": name, "id": number, "listed": True}
            own |= {"key": f"{number}-{each}", "version": f"1.{each}", "installation": INSTALLATION}
            own |= {moment: _moment(number * 7 + each) for moment in ("changed_at", "decided_at", "published_at")}
            own |= {"taken_at": datetime.now(UTC), "list_order": number * 7919 % 30_000_000}
            own |= {"findings": number % 7, "not_evaluated": None}
            if table.name == "outcome_changes":
                own.pop("id")
            if table.name == "repository_names":
                own["name"] = name.lower()
            if table.name == "digest_facts":
                own.pop("key")
            known = {key: value for key, value in own.items() if key in table.c}
            kept = {key: value for key, value in sample.items() if key != "id" or table.name == "repositories"}
            yield kept | known


def _moment(number: int) -> datetime:
    return NOW - timedelta(minutes=number * 37 % (365 * 24 * 60))
