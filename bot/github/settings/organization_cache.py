"""Stores organization settings in Redis, so that a scan of all repositories reads them once."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from redis import Redis

from bot.github.client import ReadOnlyClient
from bot.github.github_errors import ForbiddenError, MissingError, PlanError
from bot.json_access import JsonObject, get_objects, get_str

# Secrets raise no event: this is how late a sweep may notice a change of an organization's. Of people GitHub does tell,
# and then what is kept of them is forgotten.
CACHE_LIFETIME = timedelta(hours=1)
REFUSAL_LIFETIME = timedelta(minutes=10)  # a permission that is granted meanwhile should soon count


@dataclass(frozen=True, slots=True)
class OrganizationCache:
    """One organization's answers, as the installation that `line` speaks for sees them. No secret's value is among them."""

    client: ReadOnlyClient
    redis: Redis
    login: str
    refresh: bool = False  # ask again, whatever is kept; each thing once
    refreshed: set[str] = field(default_factory=set)

    def get(self, kind: str, fetch: Callable[[], Sequence[JsonObject]]) -> tuple[JsonObject, ...]:
        """Return the records kept under a name, asking for them if need be; raises what the question raised, also later."""
        name = self._redis_key(kind)
        kept = None if self.refresh and kind not in self.refreshed else self.redis.get(name)
        self.refreshed.add(kind)
        if isinstance(kept, bytes):
            return _unpack(json.loads(kept), kind)
        try:
            answer: JsonObject = {"items": list(fetch())}
        except ForbiddenError as error:
            answer = {"refused": "permission", "permission": error.permission or ""}
        except PlanError:
            answer = {"refused": "plan"}
        except MissingError:
            answer = {"refused": "missing"}
        self.redis.set(name, json.dumps(answer), ex=REFUSAL_LIFETIME if "refused" in answer else CACHE_LIFETIME)
        return _unpack(answer, kind)

    def forget(self, *kinds: str) -> None:
        """Forget what an event says has changed."""
        self.redis.delete(*(self._redis_key(what) for what in kinds))

    def _redis_key(self, kind: str) -> str:
        github_client = self.client.github_client
        installation = self.client.installation or "app"
        return github_client.server.redis_key("kept", github_client.key.app_id, installation, self.login.lower(), kind)


def _unpack(stored: JsonObject, kind: str) -> tuple[JsonObject, ...]:
    match get_str(stored, "refused"):
        case "permission":
            raise ForbiddenError(f"read {kind} of the organization", get_str(stored, "permission") or None)
        case "plan":
            raise PlanError(f"the owner's plan does not offer {kind}")
        case "missing":
            raise MissingError(f"GitHub has no {kind} of the organization for the App to read")
    return get_objects(stored, "items")
