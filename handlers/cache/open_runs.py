"""Check runs that were begun and not completed yet: noted before they are begun, so that a crash leaves a trace."""

import json
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from typing import Any

from redis import Redis

from bot.model.core_types import FullName, InstallationId, RepositoryId

NAME = "wharfinger:open-runs"


@dataclass(frozen=True, slots=True)
class OpenRun:
    """A commit whose check run may be in progress."""

    installation: InstallationId
    repository: RepositoryId
    name: FullName
    revision: str


class OpenRuns:
    """The notes, by the time the run was begun (seconds since 1970)."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def open(self, run: OpenRun, now: float) -> None:
        """Note a run that is about to begin; a note that is there keeps its time."""
        self._redis.zadd(NAME, {_text(run): now}, nx=True)

    def close(self, run: OpenRun) -> None:
        """Take the note away: the run is completed, or there is nothing to complete any more."""
        self._redis.zrem(NAME, _text(run))

    def older(self, than: float) -> Iterator[OpenRun]:
        """Yield the runs that were begun before a time, the oldest first."""
        texts: list[Any] = self._redis.zrangebyscore(NAME, "-inf", than)
        for text in texts:
            installation, repository, name, revision = json.loads(text)
            yield OpenRun(InstallationId(installation), RepositoryId(repository), FullName(name), revision)


def _text(run: OpenRun) -> str:
    return json.dumps(astuple(run))
