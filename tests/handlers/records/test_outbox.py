"""Holds that what follows from a record is neither lost nor done without it, and that a lapsed lease writes nothing."""

import time

import httpx
import pytest
from redis import Redis
from sqlalchemy import func, select, update

from bot.model.core_types import InstallationId, RepositoryId
from handlers.config.database import Database
from handlers.queue.job_specs import WriteIssue
from handlers.records.fence import LeaseLostError, fenced
from handlers.records.outbox import KEPT_AFTER, Outbox
from handlers.records.schema.record_documents import ensure_repository
from handlers.records.schema.tables import outbox, repositories
from tests.conftest import EmbeddedRedis
from tests.open_transactions import VIOLATIONS

JOB = WriteIssue(InstallationId(5), RepositoryId(7))


def stored(records: Database) -> int:
    with records.reading() as connection:
        return connection.scalar(select(func.count()).select_from(outbox)) or 0


def queued(redis: Redis) -> int:
    return redis.llen("rq:queue:sweep")


def keep(records: Database, redis: Redis) -> None:
    with Outbox(records, redis).transaction() as jobs, records.transaction() as connection:
        ensure_repository(connection, RepositoryId(7))
        jobs.append(JOB)


def test_what_follows_is_enqueued_once_the_record_is_stored(records: Database, redis: Redis) -> None:
    keep(records, redis)
    assert queued(redis) == 1
    assert Outbox(records, redis).relay() == 0


def test_what_follows_from_a_record_that_is_not_stored_is_not_enqueued(records: Database, redis: Redis) -> None:
    def fail() -> None:
        with Outbox(records, redis).transaction() as jobs:
            jobs.append(JOB)
            raise ValueError("no record")

    with pytest.raises(ValueError, match="no record"):
        fail()
    assert (stored(records), queued(redis)) == (0, 0)


def test_while_redis_is_away_what_follows_waits_for_it(
    records: Database, redis: Redis, own_redis: EmbeddedRedis
) -> None:
    own_redis.kill()
    with Redis.from_url(own_redis.url) as away:
        keep(records, away)
    assert stored(records) == 1
    assert Outbox(records, redis).relay() == 0  # the process that stored it may be enqueuing it still
    with records.transaction() as connection:
        connection.execute(update(outbox).values(leased_to=0))
    assert Outbox(records, redis).relay() == 1
    assert queued(redis) == 1


def test_what_was_enqueued_is_dropped_after_a_moment_in_which_a_lost_redis_gets_it_again(
    records: Database, redis: Redis
) -> None:
    keep(records, redis)
    redis.flushall()
    Outbox(records, redis).enqueue_again()
    assert Outbox(records, redis).relay() == 1
    assert queued(redis) == 1
    with records.transaction() as connection:
        connection.execute(update(outbox).values(enqueued_at=time.time() - KEPT_AFTER - 1))
    assert Outbox(records, redis).relay() == 0
    assert stored(records) == 0


def test_jobs_are_not_enqueued_before_a_transaction_around_them(records: Database, redis: Redis) -> None:
    with records.transaction(), pytest.raises(RuntimeError), Outbox(records, redis).transaction():
        pass


def test_nothing_is_sent_over_the_network_while_a_transaction_is_open(records: Database, redis: Redis) -> None:
    with records.transaction(), pytest.raises(AssertionError, match="a command to Redis was sent"):
        redis.ping()
    with records.transaction(), pytest.raises(AssertionError, match="a request was sent"):
        httpx.get("http://127.0.0.1:1/")
    VIOLATIONS.clear()
    assert redis.ping()


def test_a_job_whose_lease_lapsed_writes_nothing(records: Database) -> None:
    def write(number: int) -> None:
        with records.transaction() as connection:
            ensure_repository(connection, RepositoryId(number))

    with fenced(records, "repository-7", 1):
        write(1)
        write(2)
    with fenced(records, "repository-7", 2):
        write(3)
    with fenced(records, "repository-7", 1), pytest.raises(LeaseLostError, match="another worker runs the job"):
        write(4)
    with fenced(records, "repository-8", 1):
        write(5)
    with records.reading() as connection:
        assert sorted(connection.scalars(select(repositories.c.id))) == [1, 2, 3, 5]
