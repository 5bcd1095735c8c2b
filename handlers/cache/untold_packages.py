"""What could not be told of the packages that repositories publish: each look at a default branch says it anew, in Redis."""

import json
from collections.abc import Mapping
from datetime import timedelta

from redis import Redis

from bot.model.core_types import FullName
from bot.model.findings import UnreadableFile
from handlers.config.redis_values import from_json_value, to_json_value

UNRESOLVED_KEY = "wharfinger:packages:untold"
UNRESOLVED_TTL = timedelta(days=7)  # a sweep says it anew each day; what nobody says any more goes


class UnresolvedPackageStore:
    """By repository: files and registries whose packages are not watched, since nothing tells their names."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def put(self, repository: FullName, unresolved: tuple[UnreadableFile, ...]) -> None:
        """Keep what could not be told of a repository, in place of what could not be told before."""
        key = f"{UNRESOLVED_KEY}:{repository.lower()}"
        if unresolved:
            self._redis.set(key, json.dumps([repository, to_json_value(unresolved)]), ex=UNRESOLVED_TTL)
        else:
            self._redis.delete(key)

    def all(self) -> Mapping[FullName, tuple[UnreadableFile, ...]]:
        """Return what could not be told, by repository."""
        kept = [self._redis.get(key) for key in self._redis.scan_iter(f"{UNRESOLVED_KEY}:*", count=1000)]
        said = [json.loads(each) for each in kept if isinstance(each, bytes)]
        return {FullName(name): from_json_value(tuple[UnreadableFile, ...], untold) for name, untold in sorted(said)}
