"""Stores watched packages, the repositories that claim them, their next check and past observations.

A periodic job restores the claims. If observations are lost, they start again as a baseline.
"""

import hashlib
import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from redis import Redis
from redis.client import Pipeline

from bot.evaluation.package_alerts import AlertThresholds
from bot.model.core_types import FullName, InstallationId, RegistryId, RepositoryId
from bot.model.findings import Known, MaybeKnown, Unknown
from bot.packages.publish_history import WatchedPackage
from bot.packages.versions import FetchedListing, Package, PackageVersion
from handlers.config.redis_values import (
    ANNOUNCED_KEY,
    DUE_KEY,
    PACKAGES_KEY,
    UNREACHABLE_KEY,
    from_json_value,
    to_json_value,
)
from handlers.queue.job_specs import CheckPackage

T = TypeVar("T")


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


class WatchStore:
    """The packages that are watched, and what was seen of each."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def put_claims(
        self,
        installation: InstallationId,
        repository: RepositoryId,
        claims: Mapping[Package, PackageClaim],
        now: datetime,
    ) -> tuple[PackageWatch, ...]:
        """Keep what a repository publishes in place of what it did; return the packages that nobody claimed before."""
        before = {key.decode() for key in self._members(_repository_key(repository))}
        new = []
        for package, claim in claims.items():
            watch = PackageWatch(installation, package)
            before.discard(watch.key)
            with self._redis.pipeline() as pipe:
                pipe.hset(_claims_key(watch.key), str(repository), json.dumps(to_json_value(claim)))
                pipe.hset(PACKAGES_KEY, watch.key, json.dumps(to_json_value(watch)))
                pipe.zadd(DUE_KEY, {watch.key: now.timestamp()}, nx=True)
                pipe.sadd(_repository_key(repository), watch.key)
                if pipe.execute()[2]:
                    new.append(watch)
        for key in before:
            self._remove_claim(key, repository)
        return tuple(new)

    def remove_repository(self, repository: RepositoryId) -> None:
        """Forget that a repository publishes anything; what nobody else claims is watched no more."""
        for key in self._members(_repository_key(repository)):
            self._remove_claim(key.decode(), repository)

    def of_repository(self, repository: RepositoryId) -> Iterator[PackageWatch]:
        """Yield what a repository publishes."""
        for key in sorted(self._members(_repository_key(repository))):
            if watch := _parse(PackageWatch, self._redis.hget(PACKAGES_KEY, key)):
                yield watch

    def all(self) -> Iterator[PackageWatch]:
        """Yield all that is watched."""
        kept: list[Any] = self._redis.hvals(PACKAGES_KEY)
        for each in kept:
            if watch := _parse(PackageWatch, each):
                yield watch

    def claims(self, watch: PackageWatch) -> tuple[PackageClaim, ...]:
        """Return the repositories that claim a package, the first that was known first."""
        kept: dict[Any, Any] = self._redis.hgetall(_claims_key(watch.key))
        found = (_parse(PackageClaim, kept[number]) for number in sorted(kept, key=int))
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
        keys: list[Any] = self._redis.zrangebyscore(DUE_KEY, "-inf", now.timestamp())
        for key in keys:
            watch = _parse(PackageWatch, self._redis.hget(PACKAGES_KEY, key))
            if watch is None:  # another version wrote it; the next sweep claims it again
                self._redis.zrem(DUE_KEY, key)
            else:
                yield watch

    def due_at(self, watch: PackageWatch) -> float | None:
        """Return when a package is due, in seconds since 1970; None where it is not watched."""
        return self._redis.zscore(DUE_KEY, watch.key)

    def postpone(self, watch: PackageWatch, until: datetime) -> None:
        """Have a package looked at at another time; one that is not watched stays so."""
        self._redis.zadd(DUE_KEY, {watch.key: until.timestamp()}, xx=True)

    def get_state(self, watch: PackageWatch) -> WatchState:
        """Return what is kept of a package."""
        packed = self._redis.get(_state_key(watch.key))
        try:
            kept = _parse(WatchState, zlib.decompress(packed)) if isinstance(packed, bytes) else None
        except zlib.error:
            kept = None
        return kept or WatchState()

    def put_state(self, pipe: Pipeline, watch: PackageWatch, stored: WatchState, until: datetime) -> None:
        """Keep what was seen, and when the next look is due, together with what else is in the pipeline."""
        pipe.set(
            _state_key(watch.key), zlib.compress(json.dumps(to_json_value(stored), separators=(",", ":")).encode())
        )
        pipe.zadd(DUE_KEY, {watch.key: until.timestamp()}, xx=True)

    def announce_version(self, watch: PackageWatch, now: datetime) -> None:
        """Note that a version is about to come, and look now."""
        self._redis.hset(ANNOUNCED_KEY, watch.key, now.isoformat())
        self.postpone(watch, now)

    def announced_at(self, watch: PackageWatch) -> datetime | None:
        """Return when a version was announced that did not come yet."""
        kept = self._redis.hget(ANNOUNCED_KEY, watch.key)
        return datetime.fromisoformat(kept.decode()) if isinstance(kept, bytes) else None

    def clear_announcement(self, watch: PackageWatch) -> None:
        """Note that the version came, or that it is no longer waited for."""
        self._redis.hdel(ANNOUNCED_KEY, watch.key)

    def outages(self) -> dict[RegistryId, Outage]:
        """Return the registries that do not answer."""
        kept: list[Any] = self._redis.hvals(UNREACHABLE_KEY)
        found = (_parse(Outage, each) for each in kept)
        return {each.registry: each for each in found if each is not None}

    def put_outage(self, outage: Outage) -> None:
        """Note that a registry does not answer."""
        self._redis.hset(UNREACHABLE_KEY, outage.registry, json.dumps(to_json_value(outage)))

    def clear_outage(self, registry: RegistryId) -> bool:
        """Note that a registry answers; say whether it did not before."""
        return bool(self._redis.hdel(UNREACHABLE_KEY, registry))

    def _remove_claim(self, key: str, repository: RepositoryId) -> None:
        with self._redis.pipeline() as pipe:
            pipe.hdel(_claims_key(key), str(repository))
            pipe.srem(_repository_key(repository), key)
            pipe.hlen(_claims_key(key))
            *_, left = pipe.execute()
        if not left:
            self._redis.hdel(PACKAGES_KEY, key)
            self._redis.zrem(DUE_KEY, key)
            self._redis.hdel(ANNOUNCED_KEY, key)
            self._redis.delete(_state_key(key))

    def _members(self, name: str) -> set[bytes]:
        members: set[Any] = self._redis.smembers(name)
        return members


def _repository_key(repository: RepositoryId) -> str:
    return f"wharfinger:watch:of:{repository}"


def _claims_key(key: str) -> str:
    return f"wharfinger:watch:claims:{key}"


def _state_key(key: str) -> str:
    return f"wharfinger:watch:seen:{key}"


def _parse(kind: type[T], stored: object) -> T | None:
    try:
        return from_json_value(kind, json.loads(stored)) if isinstance(stored, bytes) else None
    except (ValueError, KeyError, TypeError, AttributeError):  # another version wrote it
        return None
