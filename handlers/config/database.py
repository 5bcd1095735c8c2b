"""Opens the database of records: SQLite in the data folder, or PostgreSQL by its URL."""

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, DateTime, Dialect, Engine, Table, Text, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.sql.dml import ReturningInsert
from sqlalchemy.types import TypeDecorator

from bot.model.errors import WharfingerError
from handlers.config.redis_client import without_password

BUSY_TIMEOUT = 20_000  # milliseconds that a writer of SQLite waits for the one before it
WAL_PAUSES = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0)  # seconds between attempts to switch a file to WAL
CONNECT_TIMEOUT = 5  # seconds until a PostgreSQL that does not answer counts as away


class DatabaseError(WharfingerError):
    """The database of records does not answer, or refuses; its text names it without a password."""


class Moment(TypeDecorator[datetime]):
    """A time with its zone, which SQLite would forget: stored in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn a time into UTC; one without a zone is a fault of ours."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone is not stored")
        at = value.astimezone(UTC)
        return at if dialect.name == "postgresql" else at.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the time its zone back."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Words(TypeDecorator[str]):
    """Text of others; what PostgreSQL or UTF-8 cannot hold (NUL, half of a surrogate pair) is stored as a visible stand-in."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Replace what cannot be stored."""
        del dialect
        return None if value is None else storable(value)


def storable(text: str) -> str:
    """Return a text as a column holds it."""
    return text.replace("\0", "\N{SYMBOL FOR NULL}").encode(errors="replace").decode()


class Database:
    """The database that holds what must last. It is opened by the first use in each process, so after a fork too."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._engines: dict[int, tuple[Engine, Engine]] = {}  # by process: connections do not survive a fork
        self._here = threading.local()

    @property
    def shown_url(self) -> str:
        """The address as it may be shown."""
        return without_password(self.url)

    @property
    def engine(self) -> Engine:
        """This process's engine."""
        return self._engines_here[0]

    @property
    def _engines_here(self) -> tuple[Engine, Engine]:
        """This process's engine, and the same connections for whoever only reads."""
        process = os.getpid()
        if process not in self._engines:
            engine = _open_engine(self.url)
            self._engines = {process: (engine, engine.execution_options(isolation_level="AUTOCOMMIT"))}
        return self._engines[process]

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Open a transaction that may write, or join the one that is open in this thread; all of it is kept, or nothing.

        Never call GitHub or a registry inside: other writers wait. Raises DatabaseError.
        """
        with self._connected(writing=True) as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a connection that only reads, or join the transaction that is open in this thread; raises DatabaseError."""
        with self._connected(writing=False) as connection:
            yield connection

    @contextmanager
    def guarded(self, check: Callable[[Connection], None]) -> Iterator[None]:
        """Run a check at the beginning of each transaction of this thread; what it raises undoes the transaction."""
        self._here.check = check
        try:
            yield
        finally:
            self._here.check = None

    @property
    def in_transaction(self) -> bool:
        """Whether this thread has a transaction open."""
        return getattr(self._here, "connection", None) is not None

    def close(self) -> None:
        """Close this process's connections; the next use opens new ones."""
        engines = self._engines.pop(os.getpid(), None)
        if engines is not None:
            engines[0].dispose()

    @contextmanager
    def _connected(self, *, writing: bool) -> Iterator[Connection]:
        joined: Connection | None = getattr(self._here, "connection", None)
        if joined is not None:
            yield joined
            return
        try:
            if not writing:
                with self._engines_here[1].connect() as connection:
                    yield connection
                return
            with self.engine.begin() as connection:
                self._here.connection = connection
                try:
                    check: Callable[[Connection], None] | None = getattr(self._here, "check", None)
                    if check is not None:
                        check(connection)
                    yield connection
                finally:
                    self._here.connection = None
        except OperationalError as error:
            raise DatabaseError(f"the database of records at {self.shown_url} {_reason(error)}") from error


def upsert(connection: Connection, table: Table, key: Sequence[str], values: Mapping[str, Any]) -> None:
    """Write a row in place of the one with the same key; the columns that are not given keep what they hold."""
    connection.execute(_upsert_of(connection.dialect.name, table, tuple(key), tuple(values)), dict(values))


def insert_missing(connection: Connection, table: Table, **values: Any) -> bool:  # noqa: ANN401 - a column's own type
    """Write a row unless one with its key is there; say whether it was written."""
    return connection.execute(_insert_missing_of(connection.dialect.name, table), values).first() is not None


def insert_into(dialect: str, table: Table) -> postgresql.Insert | sqlite.Insert:
    """Return the beginning of an INSERT that may say what happens to a row that is there."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


# Building a statement takes longer than SQLite takes to run it, so each is built once.
@cache
def _upsert_of(
    dialect: str, table: Table, key: tuple[str, ...], names: tuple[str, ...]
) -> postgresql.Insert | sqlite.Insert:
    written = insert_into(dialect, table)
    changed = {name: written.excluded[name] for name in names if name not in key}
    if not changed:
        return written.on_conflict_do_nothing()
    return written.on_conflict_do_update(index_elements=list(key), set_=changed)


@cache
def _insert_missing_of(dialect: str, table: Table) -> ReturningInsert[Any]:
    return insert_into(dialect, table).on_conflict_do_nothing().returning(*table.primary_key)


def _open_engine(url: str) -> Engine:
    if url.startswith("sqlite"):
        engine = create_engine(url, hide_parameters=True)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_immediate)
        return engine
    options = {"connect_timeout": CONNECT_TIMEOUT}
    return create_engine(url, hide_parameters=True, pool_pre_ping=True, pool_recycle=1800, connect_args=options)


def _prepare_sqlite(connection: sqlite3.Connection, _: object) -> None:
    """Set what SQLite does not remember. `isolation_level` None: the driver begins nothing by itself."""
    connection.isolation_level = None
    for pragma in (f"busy_timeout = {BUSY_TIMEOUT}", "foreign_keys = ON", "synchronous = NORMAL"):
        connection.execute(f"PRAGMA {pragma}")
    _use_write_ahead_log(connection)


def _use_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Switch a new file to WAL. Processes that open it at the same moment get "locked" at once, without the busy timeout.

    https://www.sqlite.org/wal.html, "Sometimes Queries Return SQLITE_BUSY In WAL Mode"
    """
    for pause in (*WAL_PAUSES, None):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if pause is None:
                raise
            time.sleep(pause)
        else:
            return


def _begin_immediate(connection: Connection) -> None:
    """Take the write lock at once: a transaction that reads first and writes then would fail where another wrote between."""
    if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _reason(error: DBAPIError) -> str:
    """Say what a driver's error means for whoever runs the App, without a word of SQL or of what is stored."""
    text = str(error.orig).lower()
    if "locked" in text:
        return "is busy with another writer for too long; look for a process that hangs"
    if "full" in text or "disk" in text:
        return "cannot write: the disk is full or broken; make room"
    return f"does not answer ({type(error.orig).__name__}); start it, or set DATABASE_URL or WHARFINGER_DATA right"
