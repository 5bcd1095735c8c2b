"""Holds that a record which an earlier or a later version wrote is still read."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeAlias

import pytest
from redis import Redis

from bot.model.core_types import FullName, RepositoryId
from bot.model.identity_register import AccessReview, IdentityKind
from handlers.records.review_store import ReviewStore

WIDGETS = RepositoryId(31)
NAME = FullName("acme/widgets")
REVIEW = AccessReview(
    IdentityKind.SECRET, "PYPI_TOKEN", "acme/widgets", datetime(2026, 11, 24, tzinfo=UTC), "alice", keep=True
)
Record: TypeAlias = dict[str, Any]
Rewrite: TypeAlias = Callable[[Record], Record]


def as_it_is(record: Record) -> Record:
    return record


def with_one_field_more(record: Record) -> Record:
    return record | {"because": "it is needed"}


def with_its_class_renamed(record: Record) -> Record:
    """Write the name that Python's class has in another version, where the record holds one."""
    return {name: "Confirmation" if value == AccessReview.__name__ else value for name, value in record.items()}


def without_a_field(record: Record) -> Record:
    return {name: value for name, value in record.items() if name != "reviewer"}


def wrong(what: str) -> pytest.MarkDecorator:
    return pytest.mark.xfail(strict=True, reason=f"records: {what}")


def kept(redis: Redis, rewritten: Rewrite) -> list[AccessReview]:
    """Keep a review, write its record as another version would have, and read it."""
    book = ReviewStore(redis)
    book.add(WIDGETS, REVIEW)
    (key,) = redis.keys("wharfinger:reviews:repository:*")
    (line,) = redis.lrange(key, 0, -1)
    redis.lset(key, 0, json.dumps(rewritten(json.loads(line))))
    return list(book.of_repository(WIDGETS, NAME).reviews)


@pytest.mark.parametrize(
    "rewritten",
    [
        as_it_is,
        pytest.param(with_one_field_more, marks=wrong("after a rollback a record that has a new field is forgotten")),
        pytest.param(with_its_class_renamed, marks=wrong("a record is forgotten once its class in Python is renamed")),
    ],
)
def test_a_record_is_read(redis: Redis, rewritten: Rewrite) -> None:
    assert kept(redis, rewritten) == [REVIEW]


@wrong("a record that cannot be read any more is passed over without a word")
def test_of_a_record_that_is_not_read_something_is_said(redis: Redis, caplog: pytest.LogCaptureFixture) -> None:
    assert kept(redis, without_a_field) or caplog.records
