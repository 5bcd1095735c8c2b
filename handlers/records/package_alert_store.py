"""Alarms, kept in Redis from the look that raised them to the issue that tells of them; and what became of each issue."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from redis import Redis
from redis.client import Pipeline

from bot.evaluation.package_alerts import Alarm
from bot.model.core_types import FullName, InstallationId
from bot.packages.versions import Package
from handlers.config.redis_values import frozen, thawed
from handlers.config.watch_keys import UNTOLD
from handlers.queue.job_specs import Priority, Work

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class KeptAlarm:
    """An alarm, and where its issue is to be."""

    alarm: Alarm
    holder: FullName
    origin: FullName  # the repository itself, should the holder take no issue


@dataclass(frozen=True, slots=True)
class AlarmIssue:
    """What became of an alarm's issue."""

    holder: FullName
    number: int
    told: tuple[str, ...] = ()  # what its troubles are about that it tells of
    closed: bool = False  # by a person
    settled: bool = False  # by us, with the evidence


class AlarmBook:
    """The alarms of all installations, by their keys. None is ever dropped but with its installation."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def put(self, pipe: Pipeline, installation: InstallationId, kept: KeptAlarm, now: float) -> None:
        """Keep an alarm that is new or has changed, and note that GitHub has to be told; with what else is in the pipeline."""
        pipe.hset(_alarms(installation), kept.alarm.key, json.dumps(frozen(kept)))
        if kept.alarm.package is not None:
            pipe.sadd(_about(installation, kept.alarm.package), kept.alarm.key)
        pipe.zadd(UNTOLD, {_name(installation, kept.alarm.key): now}, lt=True)

    def get(self, installation: InstallationId, key: str) -> KeptAlarm | None:
        """Return an alarm by its key."""
        return _read(KeptAlarm, self._redis.hget(_alarms(installation), key))

    def issue(self, installation: InstallationId, key: str) -> AlarmIssue | None:
        """Return what became of an alarm's issue; None before there was one."""
        return _read(AlarmIssue, self._redis.hget(_issues(installation), key))

    def all(self, installation: InstallationId) -> Iterator[tuple[Alarm, AlarmIssue | None]]:
        """Yield the alarms of an installation, the latest first, each with its issue."""
        kept: dict[Any, Any] = self._redis.hgetall(_alarms(installation))
        issues: dict[Any, Any] = self._redis.hgetall(_issues(installation))
        yield from reversed(_in_order((each, issues.get(key)) for key, each in kept.items()))

    def of(self, installation: InstallationId, package: Package) -> tuple[Alarm, ...]:
        """Return the alarms about a package, the earliest first; what there is about others is not read."""
        keys: list[Any] = sorted(self._redis.smembers(_about(installation, package)))
        if not keys:
            return ()
        kept: list[Any] = self._redis.hmget(_alarms(installation), keys)
        issues: list[Any] = self._redis.hmget(_issues(installation), keys)
        return tuple(alarm for alarm, _ in _in_order(zip(kept, issues, strict=True)))

    def untold(self, now: float) -> Iterator[tuple[InstallationId, str]]:
        """Yield the alarms of which GitHub has to be told by now."""
        names: list[Any] = self._redis.zrangebyscore(UNTOLD, "-inf", now)
        for name in names:
            installation, _, key = name.decode().partition(" ")
            yield InstallationId(int(installation)), key

    def later(self, installation: InstallationId, key: str, until: float) -> None:
        """Have an alarm told at a later time."""
        self._redis.zadd(UNTOLD, {_name(installation, key): until}, xx=True)

    def told(self, installation: InstallationId, kept: KeptAlarm, issue: AlarmIssue | None) -> None:
        """Note what became of the issue; an alarm that changed meanwhile is told again."""
        name, key = _name(installation, kept.alarm.key), kept.alarm.key
        if issue is not None:
            self._redis.hset(_issues(installation), key, json.dumps(frozen(issue)))
        self._redis.zrem(UNTOLD, name)
        if self.get(installation, key) not in (kept, None):
            self._redis.zadd(UNTOLD, {name: 0})

    def forget(self, installation: InstallationId) -> None:
        """Forget an installation that is gone."""
        keys: list[Any] = self._redis.hkeys(_alarms(installation))
        for key in keys:
            self._redis.zrem(UNTOLD, _name(installation, key.decode()))
        packages = {alarm.package for alarm, _ in self.all(installation) if alarm.package is not None}
        self._redis.delete(
            _alarms(installation), _issues(installation), *(_about(installation, each) for each in packages)
        )


def alarm_work(installation: InstallationId, key: str) -> Work:
    """Return the work that tells GitHub of an alarm; one issue at a time for an installation, as GitHub asks."""
    return Work("write_alarm", Priority.CHECK, f"issues-{installation}", (installation, key))


def _name(installation: InstallationId, key: str) -> str:
    return f"{installation} {key}"


def _alarms(installation: InstallationId) -> str:
    return f"wharfinger:alarms:{installation}"


def _issues(installation: InstallationId) -> str:
    return f"wharfinger:alarms:issues:{installation}"


def _about(installation: InstallationId, package: Package) -> str:
    """Name the set of the keys of the alarms about a package."""
    return f"wharfinger:alarms:about:{installation}:{json.dumps([package.registry, package.name])}"


def _in_order(kept: Iterable[tuple[object, object]]) -> list[tuple[Alarm, AlarmIssue | None]]:
    """Read alarms with their issues, the earliest first."""
    found = ((_read(KeptAlarm, alarm), _read(AlarmIssue, issue)) for alarm, issue in kept)
    closed = (
        (replace(one.alarm, closed=issue is not None and issue.closed), issue)
        for one, issue in found
        if one is not None
    )
    return sorted(closed, key=lambda each: each[0].raised)


def _read(kind: type[T], kept: object) -> T | None:
    try:
        return thawed(kind, json.loads(kept)) if isinstance(kept, bytes) else None
    except (ValueError, KeyError, TypeError, AttributeError):  # another version wrote it
        return None
