"""Reads GitHub's rate limits from responses, and shares pauses between processes through Redis.

https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api

https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api

GitHub limits issues and comments to 80 a minute and 500 an hour, and refuses all calls beyond that.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

from redis import Redis

from bot.github.auth import utc_now
from bot.github.transport import GitHubServer
from bot.model.core_types import InstallationId
from bot.model.errors import RetryLaterError

RATE_LIMIT_STATUSES = (403, 429)
MIN_PAUSE_SECONDS = 60  # seconds; what GitHub asks for when it does not say how long
MAX_PAUSE_SECONDS = 3600  # seconds; every limit of GitHub's is counted by the hour
MAX_DOUBLINGS = 4  # doublings of AT_LEAST: 1, 2, 4, 8, 16 minutes
RESERVED_FRACTION = 5  # a sweep leaves one fifth of the hour's requests to events
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


class RateLimitPauses:
    """Remembers in Redis until when an installation (or the App itself) must not call."""

    def __init__(self, redis: Redis, server: GitHubServer, app_id: int) -> None:
        self._redis = redis
        self._server = server
        self._app_id = app_id

    def raise_if_paused(self, installation: InstallationId | None) -> None:
        """Raise LaterError while somebody of this installation was told to wait."""
        left = self._redis.pttl(self._redis_key("pause", installation))
        if left > 0:
            raise RetryLaterError("GitHub asked this installation to call later", left / 1000)

    def raise_if_reserved(self, installation: InstallationId) -> None:
        """Raise LaterError while so few requests are left in this hour that they belong to events."""
        left = self._redis.pttl(self._redis_key("spare", installation))
        if left > 0:
            raise RetryLaterError("the rest of this hour's requests to GitHub is kept for events", left / 1000)

    def record_remaining(self, installation: InstallationId | None, headers: Mapping[str, str]) -> None:
        """Note from an answer's headers when little of the hour's requests is left."""
        limit, remaining = (
            _parse_number(headers.get("x-ratelimit-limit")),
            _parse_number(headers.get("x-ratelimit-remaining")),
        )
        if limit and remaining is not None and remaining * RESERVED_FRACTION < limit:
            self._set("spare", installation, _seconds_until_reset(headers) or MIN_PAUSE_SECONDS)

    def pause(self, installation: InstallationId | None, limit: RateLimit) -> RetryLaterError:
        """Make everybody of this installation wait, and return the error to raise.

        Where GitHub did not say how long, each further time within the hour waits twice as long, from a minute on.
        """
        strikes = self._redis_key("strikes", installation)
        count = self._redis.incr(strikes)
        self._redis.expire(strikes, MAX_PAUSE_SECONDS)
        doublings = min(count - 1, MAX_DOUBLINGS)
        seconds = limit.seconds if limit.seconds is not None else MIN_PAUSE_SECONDS * 2.0**doublings
        seconds = min(max(seconds, 1.0), MAX_PAUSE_SECONDS)
        self._set("pause", installation, seconds)
        return RetryLaterError(f"GitHub's {limit.kind} rate limit is reached", seconds)

    def _set(self, kind: str, installation: InstallationId | None, seconds: float) -> None:
        self._redis.set(self._redis_key(kind, installation), b"1", px=int(seconds * 1000))

    def _redis_key(self, kind: str, installation: InstallationId | None) -> str:
        return self._server.redis_key(kind, self._app_id, "app" if installation is None else installation)


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
