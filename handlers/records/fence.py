"""Refuses writes of a job whose lease has lapsed: another worker may run it by now, on a newer state."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

from bot.model.errors import WharfingerError
from handlers.config.database import Database
from handlers.records.schema.tables import fences


class LeaseLostError(WharfingerError):
    """A job that wrote after its lease had lapsed and another had begun; nothing of that write is kept."""


@contextmanager
def fenced(records: Database, concurrency_key: str, token: int) -> Iterator[None]:
    """Refuse this thread's transactions once a job of the same concurrency key wrote under a later lease.

    Leases are in Redis, which knows nothing of a worker that was frozen; tokens grow with each lease.
    """

    def check(connection: Connection) -> None:
        insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        written = insert(fences).values(concurrency_key=concurrency_key, token=token, used_at=datetime.now(UTC))
        newer = {"token": written.excluded.token, "used_at": written.excluded.used_at}
        allowed = written.on_conflict_do_update(
            index_elements=[fences.c.concurrency_key], set_=newer, where=fences.c.token <= written.excluded.token
        )
        if connection.execute(allowed.returning(fences.c.token)).first() is None:
            raise LeaseLostError(f"another worker runs the job of {concurrency_key} by now; this one writes nothing")

    with records.guarded(check):
        yield
