"""Reads and writes the documents in the tables of records, and notes each one that cannot be read."""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import Column, Connection, Row, Table, bindparam, delete, func, select, update

from bot.model.core_types import InstallationId, RepositoryId
from bot.model.errors import WharfingerError
from handlers.config.database import Database, insert_missing
from handlers.config.documents import DocumentError, from_text, to_text
from handlers.records.schema import tables

T = TypeVar("T")

log = logging.getLogger("wharfinger.records")


class UnreadableRecordError(WharfingerError):
    """A record that is there and cannot be read, which is never taken for there being none; the text names table and key."""


@dataclass(frozen=True)  # no slots: Python 3.11 cannot make a generic class of slots by `Documents[…](…)`
class Documents(Generic[T]):
    """The documents in one column of one table."""

    table: Table
    kind: Any  # of the values: a class or a type expression
    column: str = "document"

    def text(self, value: T) -> str:
        """Write a value as it is stored."""
        return to_text(self.kind, value)

    def read(self, database: Database, row: Row[*tuple[Any, ...]] | None) -> T | None:
        """Read the value of a row with its key and its document; None where there is no row, or no document in it.

        Raises UnreadableRecordError.
        """
        text = None if row is None else getattr(row, self.column)
        if row is None or text is None:
            return None
        try:
            value: T = from_text(self.kind, text)
        except DocumentError as error:
            key = self.key(row)
            _note_unreadable(database, self.table.name, key, str(error))
            raise UnreadableRecordError(
                f"the record {key} in the table {self.table.name} cannot be read ({error}); see `wharfinger doctor`"
            ) from None
        return value

    def readable(self, database: Database, rows: Iterable[Row[*tuple[Any, ...]]]) -> Iterator[T]:
        """Yield the values of rows; one that cannot be read is noted, and left out of the list."""
        for row in rows:
            try:
                value = self.read(database, row)
            except UnreadableRecordError:
                continue
            if value is not None:
                yield value

    def key(self, row: Row[*tuple[Any, ...]]) -> str:
        """Name a row by its primary key."""
        return "/".join(str(getattr(row, column.name)) for column in self.table.primary_key)

    @property
    def columns(self) -> list[Column[Any]]:
        """What a query has to ask for, so that a document can be read and named."""
        return [*self.table.primary_key, self.table.c[self.column]]


def _note_unreadable(database: Database, table: str, key: str, reason: str) -> None:
    """Note a record that cannot be read, and say so in the log the first time."""
    with database.transaction() as connection:
        note = {"table_name": table, "record": key, "reason": reason, "seen_at": datetime.now(UTC)}
        if insert_missing(connection, tables.unreadable_records, **note):
            log.error("the record %s in the table %s cannot be read (%s); it is left as it is", key, table, reason)


def find_unreadable(database: Database, kinds: Iterable[Documents[Any]]) -> Iterator[str]:
    """Read every document there is, and yield a sentence about each that cannot be read; what was mended is noted no more."""
    with database.transaction() as connection:
        connection.execute(delete(tables.unreadable_records))
    for kind in kinds:
        with database.reading() as connection:
            rows = connection.execute(select(*kind.columns).where(kind.table.c[kind.column].is_not(None))).all()
        for row in rows:
            try:
                kind.read(database, row)
            except UnreadableRecordError as error:
                yield str(error)


def count_unreadable(database: Database) -> int:
    """Count the records that were found to be unreadable."""
    with database.reading() as connection:
        found: int | None = connection.scalar(select(func.count()).select_from(tables.unreadable_records))
    return found or 0


_OWNER = select(tables.repositories.c.installation).where(tables.repositories.c.id == bindparam("repository"))


def ensure_repository(
    connection: Connection, repository: RepositoryId, installation: InstallationId | None = None
) -> None:
    """See to it that a repository, and its installation where it is known, have the rows that others refer to."""
    known = connection.execute(_OWNER, {"repository": repository}).first()
    if known is not None and installation in (None, known.installation):
        return
    if installation is not None:
        ensure_installation(connection, installation)
    added = insert_missing(connection, tables.repositories, id=repository, installation=installation)
    if not added and installation is not None:
        mine = tables.repositories.c.id == repository
        connection.execute(update(tables.repositories).where(mine).values(installation=installation))


def ensure_installation(connection: Connection, installation: InstallationId) -> None:
    """See to it that an installation has the row that others refer to."""
    insert_missing(connection, tables.installations, id=installation)
