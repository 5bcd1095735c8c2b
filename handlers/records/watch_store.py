"""Stores watched packages, the repositories that claim them, their next check and past observations.

A periodic job restores the claims. If observations are lost, they start again as a baseline.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Table, delete, func, select, update

from bot.evaluation.package_alerts import AlertThresholds
from bot.model.core_types import FullName, InstallationId, RegistryId, RepositoryId
from bot.model.findings import Known, MaybeKnown, Unknown
from bot.packages.publish_history import WatchedPackage
from bot.packages.versions import FetchedListing, Package, PackageVersion
from handlers.config.database import Database, insert_missing, upsert
from handlers.queue.job_specs import CheckPackage
from handlers.records.schema.record_documents import Documents, ensure_repository
from handlers.records.schema.tables import package_claims, registry_outages, watched_packages


@dataclass(frozen=True, slots=True)
class PackageWatch:
    """One package that an installation's repositories publish."""

    installation: InstallationId
    package: Package

    @property
    def key(self) -> str:
        """Name it in plain letters."""
        told = f"{self.installation}\0{self.package.registry}\0{self.package.name}"
        return hashlib.sha256(told.encode(errors="replace")).hexdigest()[:24]

    @property
    def job(self) -> CheckPackage:
        """The work that looks at it once."""
        return CheckPackage(self.installation, self.package.registry, self.package.name)


@dataclass(frozen=True, slots=True)
class PackageClaim:
    """A repository that publishes a package, by its files or the policy, and what its policy asks of the watch."""

    repository: RepositoryId
    full_name: FullName
    issue_repository: FullName  # where alerts are opened
    thresholds: AlertThresholds
    claimed_at: datetime  # when it was first seen to
    is_first_look: bool = False  # the repository had not been looked at before
    is_declared: bool = False  # the policy's `packages` says so


@dataclass(frozen=True, slots=True)
class WatchState:
    """What is kept of a package between two looks."""

    observed: WatchedPackage | None = None
    known_listing: FetchedListing | None = None  # for conditional requests
    error: str | None = None  # why the last answer could not be used
    since: datetime | None = None  # the first of such answers
    removed_versions: tuple[PackageVersion, ...] = ()  # that are listed no more


@dataclass(frozen=True, slots=True)
class Outage:
    """A registry that does not answer."""

    registry: RegistryId
    since: datetime
    reason: str
    retry_at: datetime  # when it may be asked again
    failures: int = 1


CLAIMS = Documents[PackageClaim](package_claims, PackageClaim)
STATES = Documents[WatchState](watched_packages, WatchState)
OUTAGES = Documents[Outage](registry_outages, Outage)


class WatchStore:
    """The packages that are watched, and what was seen of each."""

    def __init__(self, records: Database) -> None:
        self._records = records

    def put_claims(
        self,
        installation: InstallationId,
        repository: RepositoryId,
        claims: Mapping[Package, PackageClaim],
        now: datetime,
    ) -> tuple[PackageWatch, ...]:
        """Keep what a repository publishes in place of what it did; return the packages that nobody claimed before."""
        new = []
        with self._records.transaction() as connection:
            ensure_repository(connection, repository, installation)
            gone = set(self.of_repository(repository))
            for package, claim in claims.items():
                watch = PackageWatch(installation, package)
                gone.discard(watch)
                if insert_missing(connection, watched_packages, **_key(watch), due_at=now.timestamp()):
                    new.append(watch)
                key = {**_key(watch), "repository": repository}
                known = next((each for each in self.claims(watch) if each.repository == repository), None)
                since = known or claim
                kept = replace(claim, claimed_at=since.claimed_at, is_first_look=since.is_first_look)
                upsert(connection, package_claims, list(key), {**key, "document": CLAIMS.text(kept)})
            for watch in gone:
                self._remove_claim(connection, watch, repository)
        return tuple(new)

    def remove_repository(self, repository: RepositoryId) -> None:
        """Forget that a repository publishes anything; what nobody else claims is watched no more."""
        with self._records.transaction() as connection:
            for watch in list(self.of_repository(repository)):
                self._remove_claim(connection, watch, repository)

    def of_repository(self, repository: RepositoryId) -> Iterator[PackageWatch]:
        """Yield what a repository publishes."""
        table = package_claims.c
        mine = select(table.installation, table.registry, table.name).where(table.repository == repository)
        with self._records.reading() as connection:
            rows = connection.execute(mine.order_by(table.registry, table.name)).all()
        yield from map(_watch, rows)

    def all(self) -> Iterator[PackageWatch]:
        """Yield all that is watched."""
        with self._records.reading() as connection:
            rows = connection.execute(select(*watched_packages.primary_key)).all()
        yield from map(_watch, rows)

    def claims(self, watch: PackageWatch) -> tuple[PackageClaim, ...]:
        """Return the repositories that claim a package, the first that was known first; raises UnreadableRecordError."""
        mine = select(*CLAIMS.columns).where(*_is_watch(package_claims, watch)).order_by(package_claims.c.repository)
        with self._records.reading() as connection:
            rows = connection.execute(mine).all()
        found = (CLAIMS.read(self._records, row) for row in rows)
        return tuple(claim for claim in found if claim is not None)

    def observed_packages(self, repository: RepositoryId) -> MaybeKnown[tuple[WatchedPackage, ...]]:
        """Return what was seen of what a repository publishes; unknown where one of its registries could not be looked at."""
        found, outages = [], self.outages()
        for watch in self.of_repository(repository):
            kept, outage = self.get_state(watch), outages.get(watch.package.registry)
            why = (
                outage.reason
                if outage
                else kept.error or ("it was not looked at yet" if kept.observed is None else None)
            )
            if why is not None or kept.observed is None:
                return Unknown(f"what {watch.package.registry} has of {watch.package.name}", why or "")
            found.append(kept.observed)
        return Known(tuple(found))

    def due(self, now: datetime) -> Iterator[PackageWatch]:
        """Yield what it is time to look at, the longest due first."""
        due = select(*watched_packages.primary_key).where(watched_packages.c.due_at <= now.timestamp())
        with self._records.reading() as connection:
            rows = connection.execute(due.order_by(watched_packages.c.due_at)).all()
        yield from map(_watch, rows)

    def due_at(self, watch: PackageWatch) -> float | None:
        """Return when a package is due, in seconds since 1970; None where it is not watched."""
        with self._records.reading() as connection:
            mine = select(watched_packages.c.due_at).where(*_is_watch(watched_packages, watch))
            found: float | None = connection.scalar(mine)
        return found

    def postpone(self, watch: PackageWatch, until: datetime) -> None:
        """Have a package looked at at another time; one that is not watched stays so."""
        self._update(watch, due_at=until.timestamp())

    def get_state(self, watch: PackageWatch) -> WatchState:
        """Return what is kept of a package; raises UnreadableRecordError."""
        with self._records.reading() as connection:
            mine = select(*STATES.columns).where(*_is_watch(watched_packages, watch))
            row = connection.execute(mine).first()
        return STATES.read(self._records, row) or WatchState()

    def put_state(self, watch: PackageWatch, stored: WatchState, until: datetime) -> None:
        """Keep what was seen, and when the next look is due."""
        self._update(watch, document=STATES.text(stored), due_at=until.timestamp())

    def announce_version(self, watch: PackageWatch, now: datetime) -> None:
        """Note that a version is about to come, and look now."""
        self._update(watch, announced_at=now, due_at=now.timestamp())

    def announced_at(self, watch: PackageWatch) -> datetime | None:
        """Return when a version was announced that did not come yet."""
        with self._records.reading() as connection:
            mine = select(watched_packages.c.announced_at).where(*_is_watch(watched_packages, watch))
            found: datetime | None = connection.scalar(mine)
        return found

    def clear_announcement(self, watch: PackageWatch) -> None:
        """Note that the version came, or that it is no longer waited for."""
        self._update(watch, announced_at=None)

    def outages(self) -> dict[RegistryId, Outage]:
        """Return the registries that do not answer."""
        with self._records.reading() as connection:
            rows = connection.execute(select(*OUTAGES.columns).order_by(registry_outages.c.registry)).all()
        return {each.registry: each for each in OUTAGES.readable(self._records, rows)}

    def put_outage(self, outage: Outage) -> None:
        """Note that a registry does not answer."""
        values = {"registry": outage.registry, "document": OUTAGES.text(outage)}
        with self._records.transaction() as connection:
            upsert(connection, registry_outages, ["registry"], values)

    def clear_outage(self, registry: RegistryId) -> bool:
        """Note that a registry answers; say whether it did not before."""
        with self._records.transaction() as connection:
            gone = connection.execute(delete(registry_outages).where(registry_outages.c.registry == registry))
        return gone.rowcount > 0

    def figures(self, now: float) -> tuple[int, int]:
        """Count the packages that are watched, and those that are due."""
        with self._records.reading() as connection:
            count = select(func.count()).select_from(watched_packages)
            watched: int | None = connection.scalar(count)
            due: int | None = connection.scalar(count.where(watched_packages.c.due_at <= now))
        return watched or 0, due or 0

    def _update(self, watch: PackageWatch, **values: str | float | datetime | None) -> None:
        with self._records.transaction() as connection:
            connection.execute(update(watched_packages).where(*_is_watch(watched_packages, watch)).values(**values))

    def _remove_claim(self, connection: Connection, watch: PackageWatch, repository: RepositoryId) -> None:
        mine = _is_watch(package_claims, watch)
        connection.execute(delete(package_claims).where(*mine, package_claims.c.repository == repository))
        if not connection.scalar(select(func.count()).select_from(package_claims).where(*mine)):
            connection.execute(delete(watched_packages).where(*_is_watch(watched_packages, watch)))


def _key(watch: PackageWatch) -> dict[str, int | str]:
    return {"installation": watch.installation, "registry": watch.package.registry, "name": watch.package.name}


def _is_watch(table: Table, watch: PackageWatch) -> list[ColumnElement[bool]]:
    return [table.c[name] == value for name, value in _key(watch).items()]


def _watch(row: Row[*tuple[Any, ...]]) -> PackageWatch:
    return PackageWatch(InstallationId(row.installation), Package(RegistryId(row.registry), row.name))
