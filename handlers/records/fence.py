"""Refuses writes of a job whose lease has lapsed: another worker may run it by now, on a newer state."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache

from sqlalchemy import Connection
from sqlalchemy.sql.dml import ReturningInsert

from bot.model.errors import WharfingerError
from handlers.config.database import Database, insert_into
from handlers.records.schema.tables import fences


class LeaseLostError(WharfingerError):
    """A job that wrote after its lease had lapsed and another had begun; nothing of that write is kept."""


@contextmanager
def fenced(records: Database, concurrency_key: str, token: int) -> Iterator[None]:
    """Refuse this thread's transactions once a job of the same concurrency key wrote under a later lease.

    Leases are in Redis, which knows nothing of a worker that was frozen; tokens grow with each lease.
    """

    def check(connection: Connection) -> None:
        fence = {"concurrency_key": concurrency_key, "token": token, "used_at": datetime.now(UTC)}
        if connection.execute(_raise_fence(connection.dialect.name), fence).first() is None:
            raise LeaseLostError(f"another worker runs the job of {concurrency_key} by now; this one writes nothing")

    with records.guarded(check):
        yield


@cache
def _raise_fence(dialect: str) -> ReturningInsert[tuple[int]]:
    written = insert_into(dialect, fences)
    newer = {"token": written.excluded.token, "used_at": written.excluded.used_at}
    allowed = written.on_conflict_do_update(
        index_elements=[fences.c.concurrency_key], set_=newer, where=fences.c.token <= written.excluded.token
    )
    return allowed.returning(fences.c.token)
