"""GitHub's rate limits: the hourly budget and the secondary limits, counted on the stand-in's own clock."""

from collections import deque
from dataclasses import dataclass, field

from tests.fakes.github.http_api.exchange import Refusal
from tests.fakes.github.json_types import Json
from tests.fakes.github.state.apps import Installation
from tests.fakes.github.state.github_world import World

WINDOW = 3600
PRIMARY = 5_000  # requests an hour, of an App as itself or an installation
PER_REPOSITORY = 50  # more an hour for each repository over twenty, and the same for each person
FREE = 20
HIGHEST = 12_500
POINTS_A_MINUTE = 900  # REST; a read costs 1, a write 5
GRAPHQL_POINTS_A_MINUTE = 2_000
CONTENT_A_MINUTE = 80
CONTENT_AN_HOUR = 500
CONCURRENT = 100
SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."


@dataclass
class Budget:
    """The hourly budget of one caller and kind of request."""

    limit: int
    ends: float
    used: int = 0

    def shown(self) -> Json:
        """As the rate_limit endpoint shows it."""
        return {
            "limit": self.limit,
            "remaining": max(self.limit - self.used, 0),
            "used": self.used,
            "reset": int(self.ends),
        }

    def headers(self, resource: str) -> dict[str, str]:
        return {
            "x-ratelimit-limit": str(self.limit),
            "x-ratelimit-remaining": str(max(self.limit - self.used, 0)),
            "x-ratelimit-used": str(self.used),
            "x-ratelimit-reset": str(int(self.ends)),
            "x-ratelimit-resource": resource,
        }


@dataclass
class Limits:
    """Counts for every caller.

    `enforced=False` is a GHES, where limits are off unless an administrator turns them on: then no answer speaks of any
    (github.com/githubexporter/github-exporter issue 17, with the headers).
    """

    world: World
    enforced: bool = True
    under_way: int = 0
    _budgets: dict[tuple[str, str], Budget] = field(default_factory=dict)
    _spent: dict[tuple[str, str], deque[tuple[float, int]]] = field(default_factory=dict)

    def budget(self, who: str, resource: str, installation: Installation | None = None) -> Budget | None:
        """The caller's budget in the hour that is running; a new one when the last has ended. None without limits."""
        if not self.enforced:
            return None
        key = (who, resource)
        found = self._budgets.get(key)
        if found is None or found.ends <= self.world.now():
            found = Budget(self._limit(installation), self.world.now() + WINDOW)
            self._budgets[key] = found
        return found

    def charge(self, who: str, resource: str, budget: Budget, *, cost: int = 1) -> None:
        """Takes from the hourly budget, or refuses when it is spent."""
        if budget.used >= budget.limit:
            message = f"API rate limit exceeded for installation {who}."
            raise Refusal(403, message, headers=budget.headers(resource))
        budget.used += cost

    def secondary(self, who: str, *, points: int, creates: bool, graphql: bool = False) -> None:
        """Refuses a caller who is too fast, with how long to wait."""
        if not self.enforced:
            return
        if self.under_way > CONCURRENT:
            raise Refusal(403, SECONDARY, headers={"retry-after": "60"})
        kind, most = ("graphql", GRAPHQL_POINTS_A_MINUTE) if graphql else ("points", POINTS_A_MINUTE)
        self._spend(who, kind, points, most, 60)
        if creates:
            self._spend(who, "content a minute", 1, CONTENT_A_MINUTE, 60)
            self._spend(who, "content an hour", 1, CONTENT_AN_HOUR, WINDOW)

    def exhaust(self, installation: Installation, resource: str = "core") -> None:
        """Leaves the installation without a single request until the hour ends."""
        budget = self.budget(str(installation.id), resource, installation)
        assert budget is not None, "this stand-in has no limits"
        budget.used = budget.limit

    def _spend(self, who: str, kind: str, amount: int, most: int, seconds: int) -> None:
        spent = self._spent.setdefault((who, kind), deque())
        now = self.world.now()
        while spent and spent[0][0] <= now - seconds:
            spent.popleft()
        if sum(each for _, each in spent) + amount > most:
            wait = int(spent[0][0] + seconds - now) + 1 if spent else seconds
            raise Refusal(403, SECONDARY, headers={"retry-after": str(wait)})
        spent.append((now, amount))

    def _limit(self, installation: Installation | None) -> int:
        if installation is None:
            return PRIMARY
        repositories = len(self.world.covered(installation))
        people = len(installation.account.members)
        return min(PRIMARY + PER_REPOSITORY * (max(repositories - FREE, 0) + max(people - FREE, 0)), HIGHEST)
