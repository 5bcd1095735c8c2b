"""What is the same for all repositories of an organisation, kept in Redis for a while so that a sweep asks for it once."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from redis import Redis

from bot.github.client import ReadLine
from bot.github.github_errors import ForbiddenError, MissingError, PlanError
from bot.json_access import Record, records, text

# Secrets raise no event: this is how late a sweep may notice a change of an organisation's. Of people GitHub does tell,
# and then what is kept of them is forgotten.
FOR = timedelta(hours=1)
REFUSED_FOR = timedelta(minutes=10)  # a permission that is granted meanwhile should soon count


@dataclass(frozen=True, slots=True)
class Kept:
    """One organisation's answers, as the installation that `line` speaks for sees them. No secret's value is among them."""

    line: ReadLine
    redis: Redis
    login: str
    fresh: bool = False  # ask again, whatever is kept; each thing once
    asked: set[str] = field(default_factory=set)

    def get(self, what: str, ask: Callable[[], Sequence[Record]]) -> tuple[Record, ...]:
        """Return the records kept under a name, asking for them if need be; raises what the question raised, also later."""
        name = self._name(what)
        kept = None if self.fresh and what not in self.asked else self.redis.get(name)
        self.asked.add(what)
        if isinstance(kept, bytes):
            return _told(json.loads(kept), what)
        try:
            answer: Record = {"items": list(ask())}
        except ForbiddenError as error:
            answer = {"refused": "permission", "permission": error.permission or ""}
        except PlanError:
            answer = {"refused": "plan"}
        except MissingError:
            answer = {"refused": "missing"}
        self.redis.set(name, json.dumps(answer), ex=REFUSED_FOR if "refused" in answer else FOR)
        return _told(answer, what)

    def forget(self, *whats: str) -> None:
        """Forget what an event says has changed."""
        self.redis.delete(*(self._name(what) for what in whats))

    def _name(self, what: str) -> str:
        telephone = self.line.telephone
        installation = self.line.installation or "app"
        return telephone.server.key("kept", telephone.key.app_id, installation, self.login.lower(), what)


def _told(answer: Record, what: str) -> tuple[Record, ...]:
    match text(answer, "refused"):
        case "permission":
            raise ForbiddenError(f"read {what} of the organisation", text(answer, "permission") or None)
        case "plan":
            raise PlanError(f"the owner's plan does not offer {what}")
        case "missing":
            raise MissingError(f"GitHub has no {what} of the organisation for the App to read")
    return records(answer, "items")
