"""Stores unfinished check runs in Redis."""

import json
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from typing import Any

from redis import Redis

from bot.model.core_types import FullName, InstallationId, RepositoryId

OPEN_CHECK_RUNS_KEY = "wharfinger:open-check-runs"


@dataclass(frozen=True, slots=True)
class OpenCheckRun:
    """A commit whose check run may be in progress."""

    installation: InstallationId
    repository: RepositoryId
    full_name: FullName
    revision: str


class OpenCheckRunStore:
    """The notes, by the time the run was begun (seconds since 1970)."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def open(self, run: OpenCheckRun, now: float) -> None:
        """Note a run that is about to begin; a note that is there keeps its time."""
        self._redis.zadd(OPEN_CHECK_RUNS_KEY, {_check_run_json(run): now}, nx=True)

    def close(self, run: OpenCheckRun) -> None:
        """Take the note away: the run is completed, or there is nothing to complete any more."""
        self._redis.zrem(OPEN_CHECK_RUNS_KEY, _check_run_json(run))

    def begun_before(self, time: float) -> Iterator[OpenCheckRun]:
        """Yield the runs that were begun before a time, the oldest first."""
        texts: list[Any] = self._redis.zrangebyscore(OPEN_CHECK_RUNS_KEY, "-inf", time)
        for text in texts:
            installation, repository, name, revision = json.loads(text)
            yield OpenCheckRun(InstallationId(installation), RepositoryId(repository), FullName(name), revision)


def _check_run_json(run: OpenCheckRun) -> str:
    return json.dumps(astuple(run))
