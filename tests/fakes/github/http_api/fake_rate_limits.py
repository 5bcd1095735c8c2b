"""GitHub's rate limits: the hourly budget and the secondary limits, counted on the stand-in's own clock."""

from collections import deque
from dataclasses import dataclass, field

from tests.fakes.github.http_api.exchange import ApiRefusal
from tests.fakes.github.json_types import Json
from tests.fakes.github.state.apps import FakeInstallation
from tests.fakes.github.state.github_world import GitHubWorld

WINDOW = 3600
REQUESTS_AN_HOUR = 5_000  # requests an hour, of an App as itself or an installation
PER_REPOSITORY = 50  # more an hour for each repository over twenty, and the same for each person
INCLUDED_REPOSITORIES = 20
MAX_REQUESTS_AN_HOUR = 12_500
POINTS_A_MINUTE = 900  # REST; a read costs 1, a write 5
GRAPHQL_POINTS_A_MINUTE = 2_000
CONTENT_A_MINUTE = 80
CONTENT_AN_HOUR = 500
MAX_CONCURRENT = 100
SECONDARY_LIMIT_MESSAGE = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."


@dataclass
class HourlyQuota:
    """The hourly budget of one caller and kind of request."""

    limit: int
    resets_at: float
    used: int = 0

    def to_json(self) -> Json:
        """As the rate_limit endpoint shows it."""
        return {
            "limit": self.limit,
            "remaining": max(self.limit - self.used, 0),
            "used": self.used,
            "reset": int(self.resets_at),
        }

    def headers(self, resource: str) -> dict[str, str]:
        return {
            "x-ratelimit-limit": str(self.limit),
            "x-ratelimit-remaining": str(max(self.limit - self.used, 0)),
            "x-ratelimit-used": str(self.used),
            "x-ratelimit-reset": str(int(self.resets_at)),
            "x-ratelimit-resource": resource,
        }


@dataclass
class FakeRateLimits:
    """Counts for every caller.

    `enforced=False` is a GHES, where limits are off unless an administrator turns them on: then no answer speaks of any
    (github.com/githubexporter/github-exporter issue 17, with the headers).
    """

    world: GitHubWorld
    enforced: bool = True
    concurrent: int = 0
    _quotas: dict[tuple[str, str], HourlyQuota] = field(default_factory=dict)
    _spent: dict[tuple[str, str], deque[tuple[float, int]]] = field(default_factory=dict)

    def quota(self, caller: str, resource: str, installation: FakeInstallation | None = None) -> HourlyQuota | None:
        """The caller's budget in the hour that is running; a new one when the last has ended. None without limits."""
        if not self.enforced:
            return None
        key = (caller, resource)
        found = self._quotas.get(key)
        if found is None or found.resets_at <= self.world.now():
            found = HourlyQuota(self._limit(installation), self.world.now() + WINDOW)
            self._quotas[key] = found
        return found

    def charge(self, caller: str, resource: str, quota: HourlyQuota, *, points: int = 1) -> None:
        """Takes from the hourly budget, or refuses when it is spent."""
        if quota.used >= quota.limit:
            message = f"API rate limit exceeded for installation {caller}."
            raise ApiRefusal(403, message, headers=quota.headers(resource))
        quota.used += points

    def check_secondary(self, caller: str, *, points: int, creates: bool, graphql: bool = False) -> None:
        """Refuses a caller who is too fast, with how long to wait."""
        if not self.enforced:
            return
        if self.concurrent > MAX_CONCURRENT:
            raise ApiRefusal(403, SECONDARY_LIMIT_MESSAGE, headers={"retry-after": "60"})
        kind, most = ("graphql", GRAPHQL_POINTS_A_MINUTE) if graphql else ("points", POINTS_A_MINUTE)
        self._spend(caller, kind, points, most, 60)
        if creates:
            self._spend(caller, "content a minute", 1, CONTENT_A_MINUTE, 60)
            self._spend(caller, "content an hour", 1, CONTENT_AN_HOUR, WINDOW)

    def exhaust(self, installation: FakeInstallation, resource: str = "core") -> None:
        """Leaves the installation without a single request until the hour ends."""
        budget = self.quota(str(installation.id), resource, installation)
        assert budget is not None, "this stand-in has no limits"
        budget.used = budget.limit

    def _spend(self, caller: str, kind: str, amount: int, maximum: int, seconds: int) -> None:
        spent = self._spent.setdefault((caller, kind), deque())
        now = self.world.now()
        while spent and spent[0][0] <= now - seconds:
            spent.popleft()
        if sum(each for _, each in spent) + amount > maximum:
            wait = int(spent[0][0] + seconds - now) + 1 if spent else seconds
            raise ApiRefusal(403, SECONDARY_LIMIT_MESSAGE, headers={"retry-after": str(wait)})
        spent.append((now, amount))

    def _limit(self, installation: FakeInstallation | None) -> int:
        if installation is None:
            return REQUESTS_AN_HOUR
        repositories = len(self.world.repositories_of(installation))
        people = len(installation.account.members)
        return min(
            REQUESTS_AN_HOUR
            + PER_REPOSITORY * (max(repositories - INCLUDED_REPOSITORIES, 0) + max(people - INCLUDED_REPOSITORIES, 0)),
            MAX_REQUESTS_AN_HOUR,
        )
