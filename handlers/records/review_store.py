"""Stores access reviews, open review rounds and secret deletions."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, delete, insert, select

from bot.identities import PublishingIdentity
from bot.model.core_types import FullName, RepositoryId
from bot.model.identity_register import AccessReview, AccessReviews
from handlers.config.database import Database, insert_missing, upsert
from handlers.records.schema.record_documents import Documents, ensure_repository
from handlers.records.schema.tables import access_reviews, review_periods, review_rounds, secret_deletions

REVIEWS = Documents[AccessReview](access_reviews, AccessReview)


class ReviewStore:
    """The reviews of each repository, by its number, and of what its organization shares, by login."""

    def __init__(self, records: Database) -> None:
        self._records = records

    def of_repository(self, repository: RepositoryId, name: FullName) -> AccessReviews:
        """Return the reviews that concern a repository; what nobody looked at before begins now.

        Raises UnreadableRecordError where one of them cannot be read: who confirmed what is not known then.
        """
        login = name.partition("/")[0]
        with self._records.reading() as connection:
            began = connection.scalar(
                select(review_periods.c.began_at).where(review_periods.c.repository == repository)
            )
        own = self._read(access_reviews.c.repository == repository, name)
        shared = self._read(access_reviews.c.organization == login.lower(), login)
        return AccessReviews(began or datetime.now(UTC), (*own, *shared))

    def record_check(self, repository: RepositoryId, now: datetime) -> None:
        """Note that a repository was looked at: the first time begins its first period."""
        with self._records.transaction() as connection:
            ensure_repository(connection, repository)
            insert_missing(connection, review_periods, repository=repository, began_at=now)

    def add(self, repository: RepositoryId, review: AccessReview) -> None:
        """Keep a review, unless it only says again what the last one of this identity says."""
        own = "/" in review.holder
        where = (
            access_reviews.c.repository == repository if own else access_reviews.c.organization == review.holder.lower()
        )
        with self._records.transaction() as connection:
            ensure_repository(connection, repository)
            kept = self._read(where, review.holder)
            same = [each for each in kept if _identity_key(each) == _identity_key(review)]
            if same and _statement(same[-1]) == _statement(review):
                return
            connection.execute(
                insert(access_reviews).values(
                    repository=repository if own else None,
                    organization=None if own else review.holder.lower(),
                    reviewed_at=review.reviewed_at,
                    document=REVIEWS.text(review),
                )
            )

    def _read(self, where: ColumnElement[bool], holder: str) -> tuple[AccessReview, ...]:
        """Return what is kept, in order, under the holder's present name."""
        with self._records.reading() as connection:
            rows = connection.execute(select(*REVIEWS.columns).where(where).order_by(access_reviews.c.id)).all()
        found = (REVIEWS.read(self._records, row) for row in rows)
        return tuple(replace(review, holder=holder) for review in found if review is not None)


def _identity_key(review: AccessReview) -> tuple[str, str, str | None, str | None]:
    return review.kind, review.name.casefold(), review.environment, review.workflow


def _statement(review: AccessReview) -> tuple[bool, str, date, str]:
    return review.keep, review.reviewer, review.reviewed_at.date(), review.reason


@dataclass(frozen=True, slots=True)
class OpenRound:
    """A round: the day on which it began, and the repository that holds its issue."""

    began_on: date
    issue_repository: FullName
    issue_number: int = 0  # of the issue; 0: it is not opened yet
    facts_digest: str = ""  # digest of what was written there
    reopened: bool = False  # after somebody closed it by hand
    step: int = 0  # the last bot.identities.review_duty.ReviewStep that was written
    asked: Mapping[str, str] = field(default_factory=dict)  # by identity's key: who was asked for it last

    def subject(self, repository: RepositoryId) -> str:
        """Name the round in its issue's marker."""
        return f"repository-{repository}/{self.began_on}"


ROUNDS = Documents[OpenRound](review_rounds, OpenRound)


class ReviewRoundStore:
    """The open round of each repository."""

    def __init__(self, records: Database) -> None:
        self._records = records

    def get(self, repository: RepositoryId) -> OpenRound | None:
        """Return the open round; None where there is none. Raises UnreadableRecordError."""
        with self._records.reading() as connection:
            row = connection.execute(select(*ROUNDS.columns).where(review_rounds.c.repository == repository)).first()
        return ROUNDS.read(self._records, row)

    def put(self, repository: RepositoryId, round_: OpenRound) -> None:
        """Keep it in place of the one before."""
        values = {"repository": repository, "began_on": round_.began_on, "document": ROUNDS.text(round_)}
        with self._records.transaction() as connection:
            ensure_repository(connection, repository)
            upsert(connection, review_rounds, ["repository"], values)

    def end(self, repository: RepositoryId) -> None:
        """Forget a round that is over."""
        with self._records.transaction() as connection:
            connection.execute(delete(review_rounds).where(review_rounds.c.repository == repository))


class DeletionState(StrEnum):
    """How far a deletion has come."""

    REQUESTED = "wished"  # noted before GitHub is asked
    DELETED = "deleted"  # GitHub did it
    VERIFIED = "verified"  # a later look did not find it
    REAPPEARED = "back"  # a secret of this name is there again


@dataclass(frozen=True, slots=True)
class SecretDeletion:
    """One secret that was deleted, and the issue in which somebody wished it."""

    identity: PublishingIdentity
    requested_by: str  # login
    requested_at: datetime
    issue_repository: FullName
    issue_number: int
    state: DeletionState = DeletionState.REQUESTED


DELETIONS = Documents[SecretDeletion](secret_deletions, SecretDeletion)


class SecretDeletionStore:
    """The deletions of each repository, by the identity's key; the latest of each."""

    def __init__(self, records: Database, repository: RepositoryId) -> None:
        self._records = records
        self._repository = repository

    def put(self, deletion: SecretDeletion) -> None:
        """Keep it in place of the one before."""
        key = {"repository": self._repository, "identity": deletion.identity.key}
        values = {"requested_at": deletion.requested_at, "document": DELETIONS.text(deletion)}
        with self._records.transaction() as connection:
            ensure_repository(connection, self._repository)
            upsert(connection, secret_deletions, list(key), key | values)

    def get(self, key: str) -> SecretDeletion | None:
        """Return the deletion of an identity, by its key; raises UnreadableRecordError."""
        where = (secret_deletions.c.repository == self._repository) & (secret_deletions.c.identity == key)
        with self._records.reading() as connection:
            row = connection.execute(select(*DELETIONS.columns).where(where)).first()
        return DELETIONS.read(self._records, row)

    def all(self) -> Iterator[SecretDeletion]:
        """Yield what is kept and can be read."""
        mine = select(*DELETIONS.columns).where(secret_deletions.c.repository == self._repository)
        with self._records.reading() as connection:
            rows = connection.execute(mine.order_by(secret_deletions.c.identity)).all()
        yield from DELETIONS.readable(self._records, rows)
