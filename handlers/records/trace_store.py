"""Stores the traces of published versions for audits and rules.

A trace can be rebuilt only while GitHub keeps its run (90 days by default), so these records must be kept.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, and_, select

from bot.model.core_types import RegistryId, RepositoryId
from bot.packages.versions import Package, PackageVersion, TraceStatus
from bot.tracing import VersionTrace
from bot.tracing.version_tracing import is_same_file
from handlers.config.database import Database, upsert
from handlers.records.schema.record_documents import Documents, ensure_repository
from handlers.records.schema.tables import version_traces

MAX_TRACES = 500  # accounts of one repository that are shown: the newest
MAX_EVALUATED = 100  # of them that rules look at
TRACES = Documents[VersionTrace](version_traces, VersionTrace)


class VersionName(NamedTuple):
    """A version as it is looked up."""

    registry: str
    package: str
    version: str


class TraceStore:
    """The accounts of each repository, by version."""

    def __init__(self, records: Database) -> None:
        self._records = records

    def put(self, repository: RepositoryId, trace: VersionTrace) -> bool:
        """Keep a version's account in place of the one before; return whether it tells anything else.

        What once accounted for a version stays, unless something speaks against it or it has other files by now: GitHub keeps runs for a
        while only.
        """
        version = trace.version
        key = {
            "repository": repository,
            "registry": version.package.registry,
            "package": version.package.name,
            "version": version.number,
        }
        published = version.published_at or trace.traced_at
        with self._records.transaction() as connection:
            ensure_repository(connection, repository)
            before = self.find_in_repository(repository, version)
            if before is not None and _keeps_earlier(before, trace):
                return False
            upsert(
                connection,
                version_traces,
                list(key),
                {**key, "published_at": published, "document": TRACES.text(trace)},
            )
        return before is None or replace(before, traced_at=trace.traced_at) != trace

    def find_in_repository(self, repository: RepositoryId, version: PackageVersion) -> VersionTrace | None:
        """Return what is kept of a version for one repository; raises UnreadableRecordError."""
        where = and_(version_traces.c.repository == repository, _is_version(version.package, version.number))
        with self._records.reading() as connection:
            row = connection.execute(select(*TRACES.columns).where(where)).first()
        return TRACES.read(self._records, row)

    def find_all(self, package: Package, number: str) -> tuple[VersionTrace, ...]:
        """Return what is kept of a version: one account for each repository that the package was found in, as a rule one.

        Raises UnreadableRecordError.
        """
        found = select(*TRACES.columns).where(_is_version(package, number)).order_by(version_traces.c.repository)
        with self._records.reading() as connection:
            rows = connection.execute(found).all()
        accounts = (TRACES.read(self._records, row) for row in rows)
        return tuple(account for account in accounts if account is not None)

    def of_repository(self, repository: RepositoryId, limit: int = MAX_TRACES) -> tuple[VersionTrace, ...]:
        """Return a repository's accounts that can be read, the newest version first."""
        return tuple(TRACES.readable(self._records, self._newest(repository, limit)))

    def versions(self, repository: RepositoryId) -> list[VersionName]:
        """Return which versions of a repository have accounts."""
        table = version_traces.c
        mine = select(table.registry, table.package, table.version).where(table.repository == repository)
        with self._records.reading() as connection:
            return [VersionName(*row) for row in connection.execute(mine.order_by(table.published_at.desc()))]

    def get(self, repository: RepositoryId, name: VersionName) -> VersionTrace | None:
        """Return what is kept of a version for one repository; raises UnreadableRecordError."""
        package = Package(RegistryId(name.registry), name.package)
        where = and_(version_traces.c.repository == repository, _is_version(package, name.version))
        with self._records.reading() as connection:
            row = connection.execute(select(*TRACES.columns).where(where)).first()
        return TRACES.read(self._records, row)

    def for_evaluation(self, repository: RepositoryId) -> tuple[VersionTrace, ...]:
        """Return what rules look at: the newest accounts. Raises UnreadableRecordError."""
        accounts = (TRACES.read(self._records, row) for row in self._newest(repository, MAX_EVALUATED))
        return tuple(account for account in accounts if account is not None)

    def _newest(self, repository: RepositoryId, limit: int) -> Sequence[Row[*tuple[Any, ...]]]:
        order = version_traces.c.published_at.desc(), version_traces.c.package, version_traces.c.version.desc()
        mine = select(*TRACES.columns).where(version_traces.c.repository == repository).order_by(*order).limit(limit)
        with self._records.reading() as connection:
            return connection.execute(mine).all()


def _is_version(package: Package, number: str) -> ColumnElement[bool]:
    table = version_traces.c
    return and_(table.registry == package.registry, table.package == package.name, table.version == number)


def _keeps_earlier(earlier: VersionTrace, trace: VersionTrace) -> bool:
    was, now = earlier.status is TraceStatus.TRACED, trace.status is TraceStatus.TRACED
    had = earlier.version.files
    others = [file for file in trace.version.files if had and not any(is_same_file(file, each) for each in had)]
    return was and not now and not trace.contradicted and not others
