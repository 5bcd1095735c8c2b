"""Stores the tagged releases whose versions are still expected, and which tags stand for a commit."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, select, update

from bot.model.core_types import FullName, InstallationId, RepositoryId, Sha
from handlers.config.database import Database, upsert
from handlers.queue.job_specs import CheckRelease
from handlers.records.schema.record_documents import ensure_repository
from handlers.records.schema.tables import releases

MIN_RETRY, MAX_RETRY = 30, 10 * 60  # seconds until one that waits is looked at again, a little later each time
ABANDONED_AFTER = 24 * 3600  # seconds: what did not come in a day does not come


@dataclass(frozen=True, slots=True)
class TaggedRelease:
    """A tag of a repository of an installation."""

    installation: InstallationId
    repository: RepositoryId
    full_name: FullName
    tag: str

    @property
    def job(self) -> CheckRelease:
        """The work that checks it."""
        return CheckRelease(self.installation, self.repository, self.full_name, self.tag)


class ReleaseStore:
    """The releases that were looked at, and when one that waits is looked at again."""

    def __init__(self, records: Database) -> None:
        self._records = records

    def record_check(self, release: TaggedRelease, commit: Sha, now: float) -> float:
        """Note that a tag was looked at, and its commit; return since when it waits, in seconds since 1970."""
        key = {"repository": release.repository, "tag": release.tag}
        values = {"installation": release.installation, "name": release.full_name, "commit_id": commit}
        with self._records.transaction() as connection:
            ensure_repository(connection, release.repository, release.installation)
            before = connection.execute(select(releases.c.since, releases.c.due_at).where(_is_release(release))).first()
            waits = before is not None and before.due_at is not None
            since = before.since if before is not None and waits else datetime.fromtimestamp(now, UTC)
            due = before.due_at if before is not None and waits else now
            upsert(connection, releases, list(key), {**key, **values, "since": since, "due_at": due})
        return float(since.timestamp())

    def postpone(self, release: TaggedRelease, since: float, now: float) -> None:
        """Look at one again later: soon at first, then less and less often."""
        pause = min(MAX_RETRY, max(MIN_RETRY, (now - since) / 2))
        with self._records.transaction() as connection:
            ensure_repository(connection, release.repository, release.installation)
            key = {"repository": release.repository, "tag": release.tag}
            values = {"installation": release.installation, "name": release.full_name}
            began = datetime.fromtimestamp(since, UTC)
            upsert(connection, releases, list(key), {**key, **values, "since": began, "due_at": now + pause})

    def remove(self, release: TaggedRelease) -> None:
        """Wait for one no more."""
        with self._records.transaction() as connection:
            connection.execute(update(releases).where(_is_release(release)).values(due_at=None))

    def due(self, now: float) -> list[TaggedRelease]:
        """Return those that it is time to look at again."""
        return list(self._read(releases.c.due_at <= now))

    def of_commit(self, repository: RepositoryId, commit: str) -> list[TaggedRelease]:
        """Return the releases that a commit was tagged for, as far as they were looked at."""
        return list(self._read(and_(releases.c.repository == repository, releases.c.commit_id == commit)))

    def _read(self, where: ColumnElement[bool]) -> Iterator[TaggedRelease]:
        with self._records.reading() as connection:
            rows = connection.execute(select(releases).where(where).order_by(releases.c.tag)).all()
        yield from map(_release, rows)


def _is_release(release: TaggedRelease) -> ColumnElement[bool]:
    return and_(releases.c.repository == release.repository, releases.c.tag == release.tag)


def _release(row: Row[*tuple[Any, ...]]) -> TaggedRelease:
    return TaggedRelease(InstallationId(row.installation), RepositoryId(row.repository), FullName(row.name), row.tag)
