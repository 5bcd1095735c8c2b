"""What is watched, kept in Redis: which packages, which repositories claim to publish each, when each is due, what was seen.

Names and numbers only. A sweep makes the claims anew; what was seen begins anew as history, were it lost.
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

from bot.evaluation.package_alerts import Demands
from bot.model.core_types import FullName, InstallationId, RegistryId, RepositoryId
from bot.model.findings import Fact, Seen, Unseen
from bot.packages.model import Known
from bot.packages.publish_history import Watched
from bot.packages.versions import Package, Version
from handlers.config.redis_values import frozen, thawed
from handlers.config.watch_keys import ANNOUNCED, DUE, PACKAGES, UNREACHABLE
from handlers.queue.job_specs import Priority, Work

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Watch:
    """One package that an installation's repositories publish."""

    installation: InstallationId
    package: Package

    @property
    def key(self) -> str:
        """Name it in plain letters."""
        told = f"{self.installation}\0{self.package.registry}\0{self.package.name}"
        return hashlib.sha256(told.encode(errors="replace")).hexdigest()[:24]

    @property
    def work(self) -> Work:
        """The work that looks at it once."""
        arguments = (self.installation, self.package.registry, self.package.name)
        return Work("watch_package", Priority.CHECK, f"watch-{self.key}", arguments)


@dataclass(frozen=True, slots=True)
class Claim:
    """A repository that publishes a package, by its files or the policy, and what its policy asks of the watch."""

    repository: RepositoryId
    name: FullName
    holder: FullName  # where alarms are opened
    demands: Demands


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a package between two looks."""

    watched: Watched | None = None
    known: Known | None = None  # for conditional requests
    fault: str | None = None  # why the last answer could not be used
    since: datetime | None = None  # the first of such answers
    gone: tuple[Version, ...] = ()  # that are listed no more


@dataclass(frozen=True, slots=True)
class Outage:
    """A registry that does not answer."""

    registry: RegistryId
    since: datetime
    reason: str
    again: datetime  # when it may be asked again
    failures: int = 1


class WatchBook:
    """The packages that are watched, and what was seen of each."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def claim(
        self, installation: InstallationId, repository: RepositoryId, claims: Mapping[Package, Claim], now: datetime
    ) -> tuple[Watch, ...]:
        """Keep what a repository publishes in place of what it did; return the packages that nobody claimed before."""
        before = {key.decode() for key in self._set(_of(repository))}
        new = []
        for package, claim in claims.items():
            watch = Watch(installation, package)
            before.discard(watch.key)
            with self._redis.pipeline() as pipe:
                pipe.hset(_claims(watch.key), str(repository), json.dumps(frozen(claim)))
                pipe.hset(PACKAGES, watch.key, json.dumps(frozen(watch)))
                pipe.zadd(DUE, {watch.key: now.timestamp()}, nx=True)
                pipe.sadd(_of(repository), watch.key)
                if pipe.execute()[2]:
                    new.append(watch)
        for key in before:
            self._leave(key, repository)
        return tuple(new)

    def leave(self, repository: RepositoryId) -> None:
        """Forget that a repository publishes anything; what nobody else claims is watched no more."""
        for key in self._set(_of(repository)):
            self._leave(key.decode(), repository)

    def of(self, repository: RepositoryId) -> Iterator[Watch]:
        """Yield what a repository publishes."""
        for key in sorted(self._set(_of(repository))):
            if watch := _read(Watch, self._redis.hget(PACKAGES, key)):
                yield watch

    def all(self) -> Iterator[Watch]:
        """Yield all that is watched."""
        kept: list[Any] = self._redis.hvals(PACKAGES)
        for each in kept:
            if watch := _read(Watch, each):
                yield watch

    def claims(self, watch: Watch) -> tuple[Claim, ...]:
        """Return the repositories that claim a package, the first that was known first."""
        kept: dict[Any, Any] = self._redis.hgetall(_claims(watch.key))
        found = (_read(Claim, kept[number]) for number in sorted(kept, key=int))
        return tuple(claim for claim in found if claim is not None)

    def watched_of(self, repository: RepositoryId) -> Fact[tuple[Watched, ...]]:
        """Return what was seen of what a repository publishes; unseen where one of its registries could not be looked at."""
        found, outages = [], self.outages()
        for watch in self.of(repository):
            kept, outage = self.kept(watch), outages.get(watch.package.registry)
            why = (
                outage.reason
                if outage
                else kept.fault or ("it was not looked at yet" if kept.watched is None else None)
            )
            if why is not None or kept.watched is None:
                return Unseen(f"what {watch.package.registry} has of {watch.package.name}", why or "")
            found.append(kept.watched)
        return Seen(tuple(found))

    def due(self, now: datetime) -> Iterator[Watch]:
        """Yield what it is time to look at, the longest due first."""
        keys: list[Any] = self._redis.zrangebyscore(DUE, "-inf", now.timestamp())
        for key in keys:
            watch = _read(Watch, self._redis.hget(PACKAGES, key))
            if watch is None:  # another version wrote it; the next sweep claims it again
                self._redis.zrem(DUE, key)
            else:
                yield watch

    def when(self, watch: Watch) -> float | None:
        """Return when a package is due, in seconds since 1970; None where it is not watched."""
        return self._redis.zscore(DUE, watch.key)

    def postpone(self, watch: Watch, until: datetime) -> None:
        """Have a package looked at at another time; one that is not watched stays so."""
        self._redis.zadd(DUE, {watch.key: until.timestamp()}, xx=True)

    def kept(self, watch: Watch) -> Kept:
        """Return what is kept of a package."""
        packed = self._redis.get(_seen(watch.key))
        try:
            kept = _read(Kept, zlib.decompress(packed)) if isinstance(packed, bytes) else None
        except zlib.error:
            kept = None
        return kept or Kept()

    def keep(self, pipe: Pipeline, watch: Watch, kept: Kept, until: datetime) -> None:
        """Keep what was seen, and when the next look is due, together with what else is in the pipeline."""
        pipe.set(_seen(watch.key), zlib.compress(json.dumps(frozen(kept), separators=(",", ":")).encode()))
        pipe.zadd(DUE, {watch.key: until.timestamp()}, xx=True)

    def announce(self, watch: Watch, now: datetime) -> None:
        """Note that a version is about to come, and look now."""
        self._redis.hset(ANNOUNCED, watch.key, now.isoformat())
        self.postpone(watch, now)

    def announced(self, watch: Watch) -> datetime | None:
        """Return when a version was announced that did not come yet."""
        kept = self._redis.hget(ANNOUNCED, watch.key)
        return datetime.fromisoformat(kept.decode()) if isinstance(kept, bytes) else None

    def arrived(self, watch: Watch) -> None:
        """Note that the version came, or that it is no longer waited for."""
        self._redis.hdel(ANNOUNCED, watch.key)

    def outages(self) -> dict[RegistryId, Outage]:
        """Return the registries that do not answer."""
        kept: list[Any] = self._redis.hvals(UNREACHABLE)
        found = (_read(Outage, each) for each in kept)
        return {each.registry: each for each in found if each is not None}

    def unreachable(self, outage: Outage) -> None:
        """Note that a registry does not answer."""
        self._redis.hset(UNREACHABLE, outage.registry, json.dumps(frozen(outage)))

    def reachable(self, registry: RegistryId) -> bool:
        """Note that a registry answers; say whether it did not before."""
        return bool(self._redis.hdel(UNREACHABLE, registry))

    def _leave(self, key: str, repository: RepositoryId) -> None:
        with self._redis.pipeline() as pipe:
            pipe.hdel(_claims(key), str(repository))
            pipe.srem(_of(repository), key)
            pipe.hlen(_claims(key))
            *_, left = pipe.execute()
        if not left:
            self._redis.hdel(PACKAGES, key)
            self._redis.zrem(DUE, key)
            self._redis.hdel(ANNOUNCED, key)
            self._redis.delete(_seen(key))

    def _set(self, name: str) -> set[bytes]:
        members: set[Any] = self._redis.smembers(name)
        return members


def _of(repository: RepositoryId) -> str:
    return f"wharfinger:watch:of:{repository}"


def _claims(key: str) -> str:
    return f"wharfinger:watch:claims:{key}"


def _seen(key: str) -> str:
    return f"wharfinger:watch:seen:{key}"


def _read(kind: type[T], kept: object) -> T | None:
    try:
        return thawed(kind, json.loads(kept)) if isinstance(kept, bytes) else None
    except (ValueError, KeyError, TypeError, AttributeError):  # another version wrote it
        return None
