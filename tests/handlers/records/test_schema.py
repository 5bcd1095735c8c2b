"""Holds how the database of records comes to its tables, whose it is, and what a transaction promises."""

import os
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import func, select, text

from bot.model.core_types import RepositoryId
from bot.model.errors import ConfigurationError
from handlers.config.database import Database, DatabaseError
from handlers.config.settings import SQLITE_FILE, Settings, parse_database_url
from handlers.records.app_store import AppStore
from handlers.records.schema.health import DOCUMENTS, examine_records
from handlers.records.schema.migrate import MIGRATIONS, REVISION, migrate, open_records
from handlers.records.schema.record_documents import ensure_repository, find_unreadable
from handlers.records.schema.tables import METADATA, repositories

ADDED = {
    "departures": "0005",
    "notifications": "0002",
    "protections": "0003",
}  # tables that earlier revisions did not have
GOLDEN = Path(__file__).parent / "golden"  # a database as each revision left it, as SQL


def golden_database(folder: Path, revision: str) -> Database:
    """Make the database that a version of that revision left."""
    connection = sqlite3.connect(folder / SQLITE_FILE)
    connection.executescript((GOLDEN / f"{revision}.sql").read_text())
    connection.close()
    return Database(f"sqlite:///{folder / SQLITE_FILE}")


def test_the_newest_migration_is_the_one_that_is_asked_for() -> None:
    assert ScriptDirectory(str(MIGRATIONS)).get_current_head() == REVISION


def test_there_is_a_golden_database_of_each_revision() -> None:
    revisions = [each.revision for each in ScriptDirectory(str(MIGRATIONS)).walk_revisions()]
    assert sorted(file.stem for file in GOLDEN.glob("*.sql")) == sorted(revisions)


@pytest.mark.parametrize("revision", [file.stem for file in sorted(GOLDEN.glob("*.sql"))])
def test_the_records_of_each_revision_are_read_by_this_version(revision: str, tmp_path: Path) -> None:
    records = golden_database(tmp_path, revision)
    migrate(records)
    assert list(find_unreadable(records, DOCUMENTS)) == []
    with records.reading() as connection:
        for kind in DOCUMENTS:
            if ADDED.get(kind.table.name, "") > revision:
                continue
            stored = select(func.count()).select_from(kind.table).where(kind.table.c[kind.column].is_not(None))
            assert connection.scalar(stored), kind.table.name
    records.close()


def test_migrations_make_the_tables_that_the_code_names(records: Database) -> None:
    with records.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []


def test_a_newer_database_is_refused_with_one_sentence(records: Database, settings: Settings) -> None:
    with records.transaction() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    try:
        with pytest.raises(ConfigurationError, match="written by a newer version of Wharfinger"):
            migrate(records)
        (told,) = examine_records(records, settings)
        assert "newer version" in str(told)
    finally:
        with records.transaction() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": REVISION})


def test_a_newer_database_that_only_has_more_is_used(records: Database, settings: Settings) -> None:
    AppStore(records).claim(settings)
    with records.transaction() as connection:
        connection.execute(text("UPDATE app SET oldest_revision = :revision"), {"revision": REVISION})
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    try:
        migrate(records)
        AppStore(records).claim(settings)
        with records.reading() as connection:
            assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "9999"
    finally:
        with records.transaction() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": REVISION})


def test_another_app_is_refused_with_one_sentence(records: Database, settings: Settings) -> None:
    AppStore(records).claim(settings)
    AppStore(records).claim(settings)
    for other in (replace(settings, app_id=99), replace(settings, github_api="https://github.example/api/v3")):
        with pytest.raises(ConfigurationError, match="belong to App 1234 at") as refused:
            AppStore(records).claim(other)
        assert "\n" not in str(refused.value)


def test_processes_that_start_at_once_migrate_once(tmp_path: Path, settings: Settings) -> None:
    fresh = replace(settings, data=tmp_path / "new", database_url=f"sqlite:///{tmp_path / 'new' / SQLITE_FILE}")
    with ThreadPoolExecutor(4) as starting:
        opened = list(starting.map(lambda _: open_records(fresh), range(4)))
    for records in opened:
        with records.reading() as connection:
            assert connection.scalar(text("SELECT version_num FROM alembic_version")) == REVISION
        records.close()


def test_stores_write_together_or_not_at_all(records: Database) -> None:
    def fail() -> None:
        with records.transaction() as connection:
            ensure_repository(connection, RepositoryId(1))
            with records.transaction() as joined:
                assert joined is connection
                ensure_repository(joined, RepositoryId(2))
            raise ValueError("the end of it")

    with pytest.raises(ValueError, match="the end of it"):
        fail()
    assert not records.in_transaction
    with records.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(repositories)) == 0


def test_a_process_that_was_forked_has_connections_of_its_own(data: Path) -> None:
    records = Database(f"sqlite:///{data / SQLITE_FILE}")
    before = records.engine
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(write, b"y" if records.engine is not before else b"n")
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(read, 1) == b"y"
    os.close(read)
    os.close(write)
    records.close()


@pytest.mark.parametrize(
    "url", ["postgresql://", "mysql://me:a-password@host/db", "postgresql://me:a-password@host:x/db", "a-password"]
)
def test_a_wrong_address_is_refused_without_a_word_of_it(url: str) -> None:
    with pytest.raises(ConfigurationError, match="is not the address of a PostgreSQL database") as refused:
        parse_database_url(url)
    assert "a-password" not in str(refused.value)


def test_a_database_that_is_away_is_named_without_its_password() -> None:
    records = Database(parse_database_url("postgresql://me:a-password@127.0.0.1:1/records"))
    with pytest.raises(
        DatabaseError, match=r"at postgresql\+psycopg://\*\*\*@127.0.0.1:1/records does not answer"
    ) as away:
        migrate(records)
    assert "a-password" not in str(away.value)
    assert "a-password" not in repr(away.value.__cause__)
    records.close()
