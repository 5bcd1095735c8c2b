"""Stores the traces of published versions for audits and rules.

A trace can be rebuilt only while GitHub keeps its run (90 days by default), so these records must be kept.
"""

import json
from dataclasses import replace
from typing import Any

from redis import Redis

from bot.model.core_types import RepositoryId
from bot.model.findings import Known, MaybeKnown
from bot.packages.versions import Package, PackageVersion, TraceStatus
from bot.tracing import VersionTrace
from bot.tracing.version_tracing import is_same_file
from handlers.config.redis_values import from_json_value, to_json_value

MAX_TRACES = 500  # accounts of one repository; the oldest go first
MAX_EVALUATED = 100  # of them that rules look at: the newest


class TraceStore:
    """The accounts of each repository, by the time that the version was last accounted for."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def put(self, repository: RepositoryId, trace: VersionTrace) -> bool:
        """Keep a version's account in place of the one before; return whether it tells anything else.

        What once accounted for a version stays, unless something speaks against it or it has other files by now: GitHub keeps runs for a
        while only.
        """
        key = _version_key(trace.version.package, trace.version.number)
        before = self.find_in_repository(repository, trace.version)
        if before is not None and _keeps_earlier(before, trace):
            return False
        with self._redis.pipeline() as pipe:
            pipe.hset(_traces_key(repository), key, json.dumps(to_json_value(trace)))
            pipe.zadd(_order_key(repository), {key: _published_at(trace)})
            pipe.sadd(_repositories_key(key), repository)
            pipe.execute()
        old: list[Any] = self._redis.zrange(_order_key(repository), 0, -MAX_TRACES - 1)
        for each in old:
            self._drop(repository, each.decode())
        return before is None or replace(before, traced_at=trace.traced_at) != trace

    def find_in_repository(self, repository: RepositoryId, version: PackageVersion) -> VersionTrace | None:
        """Return what is kept of a version for one repository."""
        return _parse_trace(self._redis.hget(_traces_key(repository), _version_key(version.package, version.number)))

    def find_all(self, package: Package, number: str) -> tuple[VersionTrace, ...]:
        """Return what is kept of a version: one account for each repository that the package was found in, as a rule one."""
        key = _version_key(package, number)
        holders: list[Any] = sorted(self._redis.smembers(_repositories_key(key)), key=int)
        found = (_parse_trace(self._redis.hget(_traces_key(RepositoryId(int(each))), key)) for each in holders)
        return tuple(account for account in found if account is not None)

    def of_repository(self, repository: RepositoryId, limit: int = MAX_TRACES) -> tuple[VersionTrace, ...]:
        """Return a repository's accounts, the newest version first."""
        keys: list[Any] = self._redis.zrevrange(_order_key(repository), 0, limit - 1)
        kept: list[Any] = self._redis.hmget(_traces_key(repository), keys) if keys else []
        return tuple(account for each in kept if (account := _parse_trace(each)) is not None)

    def for_evaluation(self, repository: RepositoryId) -> MaybeKnown[tuple[VersionTrace, ...]]:
        """Return what rules look at: the newest accounts."""
        return Known(self.of_repository(repository, MAX_EVALUATED))

    def forget(self, repository: RepositoryId) -> None:
        """Forget a repository that is gone."""
        keys: list[Any] = self._redis.zrange(_order_key(repository), 0, -1)
        for key in keys:
            self._redis.srem(_repositories_key(key.decode()), repository)
        self._redis.delete(_traces_key(repository), _order_key(repository))

    def _drop(self, repository: RepositoryId, key: str) -> None:
        with self._redis.pipeline() as pipe:
            pipe.hdel(_traces_key(repository), key)
            pipe.zrem(_order_key(repository), key)
            pipe.srem(_repositories_key(key), repository)
            pipe.execute()


def _keeps_earlier(earlier: VersionTrace, trace: VersionTrace) -> bool:
    was, now = earlier.status is TraceStatus.TRACED, trace.status is TraceStatus.TRACED
    had = earlier.version.files
    others = [file for file in trace.version.files if had and not any(is_same_file(file, each) for each in had)]
    return was and not now and not trace.contradicted and not others


def _published_at(trace: VersionTrace) -> float:
    return (trace.version.published_at or trace.traced_at).timestamp()


def _version_key(package: Package, number: str) -> str:
    return json.dumps([package.registry, package.name, number])


def _traces_key(repository: RepositoryId) -> str:
    return f"wharfinger:accounts:{repository}"


def _order_key(repository: RepositoryId) -> str:
    return f"wharfinger:accounts:{repository}:order"


def _repositories_key(key: str) -> str:
    return f"wharfinger:accounts:holders:{key}"


def _parse_trace(stored: object) -> VersionTrace | None:
    """Read an account; None where another version of Wharfinger wrote it otherwise."""
    try:
        return from_json_value(VersionTrace, json.loads(stored)) if isinstance(stored, bytes) else None
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
