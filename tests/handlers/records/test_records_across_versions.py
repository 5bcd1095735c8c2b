"""Holds that a record which an earlier or a later version wrote is still read."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeAlias

import pytest
from sqlalchemy import select, update

from bot.model.core_types import FullName, RepositoryId
from bot.model.findings import Unknown
from bot.model.identity_register import AccessReview, IdentityKind
from bot.snapshot.repository_snapshot import Snapshot
from handlers.cache.diagnoses import DiagnosisState
from handlers.config.database import Database
from handlers.config.settings import Settings
from handlers.jobs.repositories.stored_reports import add_stored_records
from handlers.records.review_store import REVIEWS, ReviewStore
from handlers.records.schema.health import examine_records
from handlers.records.schema.record_documents import UnreadableRecordError, count_unreadable
from handlers.records.schema.tables import access_reviews

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


def without_a_field(record: Record) -> Record:
    return {name: value for name, value in record.items() if name != "reviewer"}


def stored(records: Database) -> str:
    with records.reading() as connection:
        return str(connection.scalar(select(access_reviews.c.document)))


def kept(records: Database, rewritten: Rewrite) -> ReviewStore:
    """Keep a review, write its record as another version would have, and return the store that reads it."""
    store = ReviewStore(records)
    store.add(WIDGETS, REVIEW)
    document = json.dumps(rewritten(json.loads(stored(records))))
    with records.transaction() as connection:
        connection.execute(update(access_reviews).values(document=document))
    return store


@pytest.mark.parametrize("rewritten", [as_it_is, with_one_field_more])
def test_a_record_is_read(records: Database, rewritten: Rewrite) -> None:
    assert kept(records, rewritten).of_repository(WIDGETS, NAME).reviews == (REVIEW,)


def test_a_record_that_cannot_be_read_is_told_to_an_operator_and_left_in_place(
    records: Database, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    store = kept(records, without_a_field)
    for _ in range(2):
        with pytest.raises(UnreadableRecordError, match="the record 1 in the table access_reviews cannot be read"):
            store.of_repository(WIDGETS, NAME)

    assert [line.message for line in caplog.records] == [
        "the record 1 in the table access_reviews cannot be read (reviewer: Field required); it is left as it is"
    ]
    assert count_unreadable(records) == 1
    (told,) = (each for each in examine_records(records, settings) if each.state is not DiagnosisState.OK)
    assert "the record 1 in the table access_reviews cannot be read" in str(told)
    assert "alice" not in stored(records)


def test_what_cannot_be_read_is_unknown_to_a_rule(records: Database) -> None:
    kept(records, without_a_field)
    snapshot = Snapshot(NAME, None, datetime(2026, 11, 24, tzinfo=UTC))
    assert isinstance(add_stored_records(records, WIDGETS, snapshot).reviews, Unknown)


def test_a_record_that_was_mended_is_told_of_no_more(records: Database, settings: Settings) -> None:
    store = kept(records, without_a_field)
    with pytest.raises(UnreadableRecordError):
        store.of_repository(WIDGETS, NAME)
    with records.transaction() as connection:
        connection.execute(update(access_reviews).values(document=REVIEWS.text(REVIEW)))

    assert all(each.state is DiagnosisState.OK for each in examine_records(records, settings))
    assert count_unreadable(records) == 0
