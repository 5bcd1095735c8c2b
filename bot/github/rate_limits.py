"""Reads GitHub's rate limits from responses, and keeps one account of each budget for all processes in Redis.

https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api

https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api

GitHub limits issues and comments to 80 a minute and 500 an hour, and refuses all calls beyond that.
"""

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum

from redis import Redis

from bot.github.auth import utc_now
from bot.github.github_errors import BudgetSpentError
from bot.github.transport import GitHubServer
from bot.model.core_types import InstallationId
from bot.model.errors import RetryLaterError

RATE_LIMIT_STATUSES = (403, 429)
MIN_PAUSE_SECONDS = 60  # seconds; what GitHub asks for when it does not say how long
MAX_PAUSE_SECONDS = 3600  # seconds; every limit of GitHub's is counted by the hour
MAX_DOUBLINGS = 4  # doublings of AT_LEAST: 1, 2, 4, 8, 16 minutes
RATE_LIMIT_MESSAGES = ("secondary rate limit", "rate limit exceeded", "abuse detection")


@dataclass(frozen=True, slots=True)
class RateLimit:
    """GitHub asked us to wait; without `seconds` it did not say how long."""

    kind: str  # "primary" or "secondary"
    seconds: float | None


def rate_limit_of(status: int, headers: Mapping[str, str], message: str) -> RateLimit | None:
    """Read a limit from an answer with status 403 or 429; None when it is a plain refusal. Header names are lower case."""
    if status not in RATE_LIMIT_STATUSES:
        return None
    secondary = "secondary" in message.lower() or "abuse" in message.lower()
    if (after := _parse_number(headers.get("retry-after"))) is not None:
        return RateLimit("secondary", after)
    if headers.get("x-ratelimit-remaining") == "0" and not secondary:
        return RateLimit("primary", _seconds_until_reset(headers))
    if status == 429 or any(words in message.lower() for words in RATE_LIMIT_MESSAGES):  # noqa: PLR2004 - Too Many Requests
        return RateLimit("secondary", None)
    return None


def rate_limit_of_errors(errors: Sequence[Mapping[str, object]], headers: Mapping[str, str]) -> RateLimit | None:
    """Read a limit from the errors of a GraphQL answer, which has status 200."""
    for error in errors:
        if error.get("type") == "RATE_LIMITED":
            return RateLimit("primary", _seconds_until_reset(headers))
        if any(words in str(error.get("message", "")).lower() for words in RATE_LIMIT_MESSAGES):
            return RateLimit("secondary", None)
    return None


def server_time(headers: Mapping[str, str]) -> datetime | None:
    """Return what time it is by the server's clock."""
    try:
        moment = parsedate_to_datetime(headers.get("date", ""))
    except ValueError:
        return None
    return moment if moment.tzinfo else None


class Share(StrEnum):
    """Whose work a call is for, the most urgent first; a call waits while no more is left than belongs to those before it."""

    GATE = "gate"
    CHECK = "check"
    ALERT = "alert"
    SWEEP = "sweep"

    @property
    def reserved(self) -> float:
        """The fraction of an hour's budget that is left to more urgent work."""
        return _RESERVED[self]


_RESERVED = {Share.GATE: 0.0, Share.CHECK: 0.05, Share.ALERT: 0.1, Share.SWEEP: 0.2}
CORE, GRAPHQL = "core", "graphql"  # as GitHub calls its budgets in `x-ratelimit-resource`; there are others
# Points that GitHub lets a minute have of each (docs: "secondary rate limits"), and what we stay below: GitHub's minute
# slides, and its count is not ours. A gate may use what is left.
POINTS_A_MINUTE = {CORE: 900, GRAPHQL: 2_000}
OWN_FRACTION = 0.8
READ_POINTS, WRITE_POINTS = 1, 5
USAGE_TTL = 8 * 24 * 3600  # seconds for which each hour's calls are kept
HOUR = 3600


@dataclass(frozen=True, slots=True)
class BudgetState:
    """What was last heard of an hour's budget: points allowed and points left; and the most calls for events of an hour of the last week."""

    resource: str
    limit: int
    remaining: int | None  # None once the hour is over
    busiest_hour: int


class RateLimitAccount:
    """The budget of each installation (or of the App itself) and resource, in Redis: all workers share one account.

    GitHub counts resources apart, so one that is spent, or that asks for patience, stops no other.
    """

    def __init__(self, redis: Redis, server: GitHubServer, app_id: int) -> None:
        self._redis = redis
        self._server = server
        self._app_id = app_id
        self._ahead = (
            0.0  # seconds by which GitHub's clock, which counts its minutes, was ahead of ours at the last answer
        )

    def admit(self, installation: InstallationId | None, resource: str, share: Share, points: int) -> None:
        """Count a call that is about to be sent; raise RetryLaterError where it has to wait, and is not sent."""
        now = time.time() + self._ahead
        minute, hour = int(now // 60), int(now // HOUR)
        keys = [self._redis_key(f"points:{resource}:{each}", installation) for each in (minute, minute - 1)]
        with self._redis.pipeline() as pipe:
            pipe.pttl(self._redis_key(f"pause:{resource}", installation))
            pipe.hmget(self._redis_key(f"budget:{resource}", installation), "limit", "remaining", "until")
            pipe.mget(keys)
            pause, budget, counts = pipe.execute()
        if pause > 0:
            raise BudgetSpentError(f"GitHub asked this installation to call {resource} later", pause / 1000)
        self._raise_if_reserved(budget, resource, share, now)
        if budget[0] is not None:  # a server that speaks of no limits has none
            self._raise_if_too_fast([int(each or 0) for each in counts], resource, share, now)
        usage = self._redis_key(f"usage:{resource}", installation)
        with self._redis.pipeline() as pipe:
            pipe.incrby(keys[0], points)
            pipe.expire(keys[0], 120)
            if share is not Share.SWEEP:  # a sweep takes what events leave
                pipe.hincrby(usage, str(hour), 1)
                pipe.expire(usage, USAGE_TTL)
            pipe.execute()

    def raise_if_reserved(self, installation: InstallationId) -> None:
        """Raise RetryLaterError while so little of any budget is left in this hour that a sweep must not begin."""
        for resource in (CORE, GRAPHQL):
            fields = self._redis.hmget(
                self._redis_key(f"budget:{resource}", installation), ["limit", "remaining", "until"]
            )
            self._raise_if_reserved(fields, resource, Share.SWEEP, time.time() + self._ahead)

    def record(self, installation: InstallationId | None, resource: str, headers: Mapping[str, str]) -> None:
        """Note what an answer's headers say of the budget that they name, or else of the one that was asked."""
        there = server_time(headers)
        self._ahead = there.timestamp() - time.time() if there else self._ahead
        limit = _parse_number(headers.get("x-ratelimit-limit"))
        remaining = _parse_number(headers.get("x-ratelimit-remaining"))
        if not limit or remaining is None:
            return
        seconds = _seconds_until_reset(headers) or MIN_PAUSE_SECONDS
        key = self._redis_key(f"budget:{named_resource(headers, resource)}", installation)
        values: dict[str | bytes | bytearray | memoryview[int] | int | float, str] = {
            "limit": str(int(limit)),
            "remaining": str(int(remaining)),
            "until": str(time.time() + self._ahead + seconds),
        }
        self._redis.hset(key, mapping=values)

    def pause(self, installation: InstallationId | None, resource: str, limit: RateLimit) -> RetryLaterError:
        """Make everybody of this installation wait for one resource, and return the error to raise.

        Where GitHub did not say how long, each further time within the hour waits twice as long, from a minute on.
        """
        strikes = self._redis_key(f"strikes:{resource}", installation)
        count = self._redis.incr(strikes)
        self._redis.expire(strikes, MAX_PAUSE_SECONDS)
        doublings = min(count - 1, MAX_DOUBLINGS)
        seconds = limit.seconds if limit.seconds is not None else MIN_PAUSE_SECONDS * 2.0**doublings
        seconds = min(max(seconds, 1.0), MAX_PAUSE_SECONDS)
        self._redis.set(self._redis_key(f"pause:{resource}", installation), b"1", px=int(seconds * 1000))
        return BudgetSpentError(f"GitHub's {limit.kind} rate limit for {resource} is reached", seconds)

    def state(self, installation: InstallationId, resource: str) -> BudgetState | None:
        """Return what is known of a budget; None where GitHub has said nothing, as a server without limits does not."""
        limit, remaining, until = self._redis.hmget(
            self._redis_key(f"budget:{resource}", installation), ["limit", "remaining", "until"]
        )
        if not isinstance(limit, bytes) or not isinstance(remaining, bytes) or not isinstance(until, bytes):
            return None
        now = time.time() + self._ahead
        usage = self._redis_key(f"usage:{resource}", installation)
        calls = self._redis.hgetall(usage)
        if old := [hour for hour in calls if now - int(hour) * HOUR >= USAGE_TTL]:
            self._redis.hdel(usage, *old)
        week = [int(count) for hour, count in calls.items() if hour not in old]
        return BudgetState(resource, int(limit), int(remaining) if float(until) > now else None, max(week, default=0))

    def _raise_if_reserved(self, budget: Sequence[bytes | str | None], resource: str, share: Share, now: float) -> None:
        limit, remaining, until = (float(each) if each else None for each in budget)
        if limit is None or remaining is None or until is None or until <= now:
            return
        if remaining < limit * share.reserved:
            raise BudgetSpentError(
                f"the rest of this hour's {resource} calls is kept for more urgent work", until - now
            )

    def _raise_if_too_fast(self, counts: Sequence[int], resource: str, share: Share, now: float) -> None:
        """Compare the last sixty seconds, by their part of the minute before and this one, with what GitHub allows."""
        allowed = POINTS_A_MINUTE.get(resource)
        if allowed is None:
            return
        most = allowed if share is Share.GATE else allowed * OWN_FRACTION * (1 - share.reserved)
        this, last = counts
        if this + last * (1 - now % 60 / 60) >= most:
            raise RetryLaterError(f"this minute's {resource} points are spent", 60 - now % 60 + 1)

    def _redis_key(self, kind: str, installation: InstallationId | None) -> str:
        return self._server.redis_key(kind, self._app_id, "app" if installation is None else installation)


def named_resource(headers: Mapping[str, str], asked: str) -> str:
    """Return the budget that an answer names; the one that was asked where it names none, or what cannot be one."""
    named = headers.get("x-ratelimit-resource", "")
    return named if re.fullmatch(r"[a-z_]{1,40}", named) else asked


def _seconds_until_reset(headers: Mapping[str, str]) -> float | None:
    reset = _parse_number(headers.get("x-ratelimit-reset"))
    if reset is None:
        return None
    now = server_time(headers) or utc_now()  # by the clock that set the reset: ours may be wrong
    return max(reset - now.timestamp(), 0) + 1


def _parse_number(text: str | None) -> float | None:
    return float(text) if text and text.isascii() and text.isdigit() and len(text) < 12 else None  # noqa: PLR2004 - seconds since 1970


# By the clock's minutes and hours: twice as many may fall into any sixty seconds, and that is still allowed.
CONTENT_LIMITS = ((60, 30), (3600, 200))


def count_content_write(redis: Redis, name: str, now: float | None = None) -> None:
    """Count one more piece of content under a name; raise LaterError when the minute or the hour is full."""
    at = time.time() if now is None else now
    for seconds, most in CONTENT_LIMITS:
        key = f"{name}:{seconds}:{int(at // seconds)}"
        with redis.pipeline() as pipe:
            pipe.incr(key)
            pipe.expire(key, seconds * 2)
            count, _ = pipe.execute()
        if count > most:
            raise RetryLaterError(
                f"{most} issues and comments were written in {seconds} seconds", seconds - at % seconds + 1
            )
