"""Stores package alerts until an issue reports them, and the state of each issue."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from redis import Redis
from redis.client import Pipeline

from bot.evaluation.package_alerts import PackageAlert
from bot.model.core_types import FullName, InstallationId
from bot.packages.versions import Package
from handlers.config.redis_values import UNREPORTED_ALERTS_KEY, from_json_value, to_json_value

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class StoredPackageAlert:
    """An alert, and where its issue is to be."""

    alert: PackageAlert
    issue_repository: FullName
    repository: FullName  # the repository itself, should the holder take no issue


@dataclass(frozen=True, slots=True)
class PackageAlertIssue:
    """What became of an alert's issue."""

    repository: FullName
    number: int
    reported: tuple[str, ...] = ()  # what its troubles are about that it tells of
    closed_by_person: bool = False  # by a person
    resolved: bool = False  # by us, with the evidence


class PackageAlertStore:
    """The alerts of all installations, by their keys. None is ever dropped but with its installation."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def put(self, pipe: Pipeline, installation: InstallationId, stored: StoredPackageAlert, now: float) -> None:
        """Keep an alert that is new or has changed, and note that GitHub has to be told; with what else is in the pipeline."""
        pipe.hset(_alerts_key(installation), stored.alert.key, json.dumps(to_json_value(stored)))
        if stored.alert.package is not None:
            pipe.sadd(_package_key(installation, stored.alert.package), stored.alert.key)
        pipe.zadd(UNREPORTED_ALERTS_KEY, {_member(installation, stored.alert.key): now}, lt=True)

    def get(self, installation: InstallationId, key: str) -> StoredPackageAlert | None:
        """Return an alert by its key."""
        return _parse(StoredPackageAlert, self._redis.hget(_alerts_key(installation), key))

    def get_issue(self, installation: InstallationId, key: str) -> PackageAlertIssue | None:
        """Return what became of an alert's issue; None before there was one."""
        return _parse(PackageAlertIssue, self._redis.hget(_issues_key(installation), key))

    def all(self, installation: InstallationId) -> Iterator[tuple[PackageAlert, PackageAlertIssue | None]]:
        """Yield the alerts of an installation, the latest first, each with its issue."""
        kept: dict[Any, Any] = self._redis.hgetall(_alerts_key(installation))
        issues: dict[Any, Any] = self._redis.hgetall(_issues_key(installation))
        yield from reversed(_sorted_by_time((each, issues.get(key)) for key, each in kept.items()))

    def of_package(self, installation: InstallationId, package: Package) -> tuple[PackageAlert, ...]:
        """Return the alerts about a package, the earliest first; what there is about others is not read."""
        keys: list[Any] = sorted(self._redis.smembers(_package_key(installation, package)))
        if not keys:
            return ()
        kept: list[Any] = self._redis.hmget(_alerts_key(installation), keys)
        issues: list[Any] = self._redis.hmget(_issues_key(installation), keys)
        return tuple(alarm for alarm, _ in _sorted_by_time(zip(kept, issues, strict=True)))

    def unreported(self, now: float) -> Iterator[tuple[InstallationId, str]]:
        """Yield the alerts of which GitHub has to be told by now."""
        names: list[Any] = self._redis.zrangebyscore(UNREPORTED_ALERTS_KEY, "-inf", now)
        for name in names:
            installation, _, key = name.decode().partition(" ")
            yield InstallationId(int(installation)), key

    def postpone(self, installation: InstallationId, key: str, until: float) -> None:
        """Have an alert told at a later time."""
        self._redis.zadd(UNREPORTED_ALERTS_KEY, {_member(installation, key): until}, xx=True)

    def mark_reported(
        self, installation: InstallationId, stored: StoredPackageAlert, issue: PackageAlertIssue | None
    ) -> None:
        """Note what became of the issue; an alert that changed meanwhile is told again."""
        name, key = _member(installation, stored.alert.key), stored.alert.key
        if issue is not None:
            self._redis.hset(_issues_key(installation), key, json.dumps(to_json_value(issue)))
        self._redis.zrem(UNREPORTED_ALERTS_KEY, name)
        if self.get(installation, key) not in (stored, None):
            self._redis.zadd(UNREPORTED_ALERTS_KEY, {name: 0})

    def forget(self, installation: InstallationId) -> None:
        """Forget an installation that is gone."""
        keys: list[Any] = self._redis.hkeys(_alerts_key(installation))
        for key in keys:
            self._redis.zrem(UNREPORTED_ALERTS_KEY, _member(installation, key.decode()))
        packages = {alarm.package for alarm, _ in self.all(installation) if alarm.package is not None}
        self._redis.delete(
            _alerts_key(installation),
            _issues_key(installation),
            *(_package_key(installation, each) for each in packages),
        )


def _member(installation: InstallationId, key: str) -> str:
    return f"{installation} {key}"


def _alerts_key(installation: InstallationId) -> str:
    return f"wharfinger:package-alerts:{installation}"


def _issues_key(installation: InstallationId) -> str:
    return f"wharfinger:package-alerts:issues:{installation}"


def _package_key(installation: InstallationId, package: Package) -> str:
    """Name the set of the keys of the alerts about a package."""
    return f"wharfinger:package-alerts:about:{installation}:{json.dumps([package.registry, package.name])}"


def _sorted_by_time(stored: Iterable[tuple[object, object]]) -> list[tuple[PackageAlert, PackageAlertIssue | None]]:
    """Read alerts with their issues, the earliest first."""
    found = ((_parse(StoredPackageAlert, alarm), _parse(PackageAlertIssue, issue)) for alarm, issue in stored)
    closed = (
        (replace(one.alert, closed_by_person=issue is not None and issue.closed_by_person), issue)
        for one, issue in found
        if one is not None
    )
    return sorted(closed, key=lambda each: each[0].raised_at)


def _parse(kind: type[T], stored: object) -> T | None:
    try:
        return from_json_value(kind, json.loads(stored)) if isinstance(stored, bytes) else None
    except (ValueError, KeyError, TypeError, AttributeError):  # another version wrote it
        return None
