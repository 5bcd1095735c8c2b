"""Stores the jobs that follow from a record in the record's own transaction, and puts them on the queue at least once."""

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import Connection, Row, delete, insert, or_, select, update

from handlers.config.context import Context
from handlers.config.database import Database
from handlers.queue.enqueue import enqueue_stored, job_fields
from handlers.queue.job_spec import JobSpec
from handlers.records.schema.tables import outbox

log = logging.getLogger("wharfinger.records")

LEASE = 60.0  # seconds for which a process may be enqueuing jobs before another one does
KEPT_AFTER = 60.0  # seconds for which an enqueued job stays, should Redis lose its last writes
BATCH_SIZE = 200


def outbox_of(context: Context) -> "Outbox":
    """Return the outbox of a job's context."""
    return Outbox(context.records, context.redis, context.delivery_id)


@dataclass(frozen=True, slots=True)
class Outbox:
    """The jobs that follow from what was stored. A crash between storing and enqueuing loses none of them."""

    records: Database
    redis: Redis
    delivery_id: str = ""

    @contextmanager
    def transaction(self) -> Iterator[list[JobSpec]]:
        """Open a transaction; the jobs that are added to the list are stored with it, and enqueued once it is committed."""
        if self.records.in_transaction:
            raise RuntimeError("jobs would be enqueued before the transaction around this one is committed")
        jobs: list[JobSpec] = []
        with self.records.transaction() as connection:
            yield jobs
            rows = self._store(connection, jobs)
        if rows:
            self._enqueue(rows)

    def relay(self) -> int:
        """Enqueue what a process that ended left behind, and drop what was enqueued a while ago; count the enqueued.

        Raises DatabaseError.
        """
        now, relayed = time.time(), 0
        if not self._has_work(now):
            return 0
        while rows := self._lease(now):
            self._enqueue(rows)
            relayed += len(rows)
        with self.records.transaction() as connection:
            connection.execute(delete(outbox).where(outbox.c.enqueued_at < now - KEPT_AFTER))
        return relayed

    def enqueue_again(self) -> None:
        """Have everything enqueued again that Redis may have lost a moment ago."""
        with self.records.transaction() as connection:
            connection.execute(update(outbox).values(enqueued_at=None, leased_to=0))

    def _has_work(self, now: float) -> bool:
        mine = or_(outbox.c.enqueued_at < now - KEPT_AFTER, outbox.c.enqueued_at.is_(None) & (outbox.c.leased_to < now))
        with self.records.reading() as connection:
            return connection.execute(select(outbox.c.id).where(mine).limit(1)).first() is not None

    def _store(self, connection: Connection, jobs: list[JobSpec]) -> Sequence[Row[*tuple[Any, ...]]]:
        if not jobs:
            return ()
        now = datetime.now(UTC)
        values = [
            {
                "created_at": now,
                "leased_to": time.time() + LEASE,
                "job": job.deduplication_key,
                "document": job_fields(job, self.delivery_id),
            }
            for job in jobs
        ]
        written = insert(outbox).returning(outbox.c.id, outbox.c.job, outbox.c.document, sort_by_parameter_order=True)
        return connection.execute(written, values).all()

    def _lease(self, now: float) -> Sequence[Row[*tuple[Any, ...]]]:
        """Take some jobs that nobody is enqueuing, the oldest first."""
        left = select(outbox.c.id, outbox.c.job, outbox.c.document).where(
            outbox.c.enqueued_at.is_(None), outbox.c.leased_to < now
        )
        with self.records.transaction() as connection:
            oldest = left.order_by(outbox.c.id).limit(BATCH_SIZE).with_for_update(skip_locked=True)
            rows = connection.execute(oldest).all()
            mine = outbox.c.id.in_([row.id for row in rows])
            connection.execute(update(outbox).where(mine).values(leased_to=time.time() + LEASE))
        return rows

    def _enqueue(self, rows: Sequence[Row[*tuple[Any, ...]]]) -> None:
        try:
            enqueue_stored(self.redis, [(row.job, row.document) for row in rows])
        except RedisError as error:
            reason = type(error).__name__
            log.warning("%d jobs are stored, and enqueued once Redis is back (%s)", len(rows), reason)
            return
        with self.records.transaction() as connection:
            mine = outbox.c.id.in_([row.id for row in rows])
            connection.execute(update(outbox).where(mine).values(enqueued_at=time.time()))
