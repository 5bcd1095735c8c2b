"""GitHub's rate limits: read from an answer, and shared through Redis so that the other jobs wait too.

Where the forms were learned: https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api and
https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

from redis import Redis

from bot.github.auth import utc_now
from bot.github.transport import Server
from bot.model.core_types import InstallationId
from bot.model.errors import LaterError

LIMITED = (403, 429)
AT_LEAST = 60  # seconds; what GitHub asks for when it does not say how long
AT_MOST = 3600  # seconds; every limit of GitHub's is counted by the hour
STRIKES = 4  # doublings of AT_LEAST: 1, 2, 4, 8, 16 minutes
SPARE = 5  # a sweep leaves one fifth of the hour's requests to events
WORDS = ("secondary rate limit", "rate limit exceeded", "abuse detection")


@dataclass(frozen=True, slots=True)
class Limit:
    """GitHub asked us to wait; without `seconds` it did not say how long."""

    kind: str  # "primary" or "secondary"
    seconds: float | None


def limit_of(status: int, headers: Mapping[str, str], message: str) -> Limit | None:
    """Read a limit from an answer with status 403 or 429; None when it is a plain refusal. Header names are lower case."""
    if status not in LIMITED:
        return None
    secondary = "secondary" in message.lower() or "abuse" in message.lower()
    if (after := _number(headers.get("retry-after"))) is not None:
        return Limit("secondary", after)
    if headers.get("x-ratelimit-remaining") == "0" and not secondary:
        return Limit("primary", _until_reset(headers))
    if status == 429 or any(words in message.lower() for words in WORDS):  # noqa: PLR2004 - Too Many Requests
        return Limit("secondary", None)
    return None


def limit_of_errors(errors: Sequence[Mapping[str, object]], headers: Mapping[str, str]) -> Limit | None:
    """Read a limit from the errors of a GraphQL answer, which has status 200."""
    for error in errors:
        if error.get("type") == "RATE_LIMITED":
            return Limit("primary", _until_reset(headers))
        if any(words in str(error.get("message", "")).lower() for words in WORDS):
            return Limit("secondary", None)
    return None


def server_time(headers: Mapping[str, str]) -> datetime | None:
    """Return what time it is by the server's clock."""
    try:
        moment = parsedate_to_datetime(headers.get("date", ""))
    except ValueError:
        return None
    return moment if moment.tzinfo else None


class Pauses:
    """Remembers in Redis until when an installation (or the App itself) must not call."""

    def __init__(self, redis: Redis, server: Server, app_id: int) -> None:
        self._redis = redis
        self._server = server
        self._app_id = app_id

    def respect(self, installation: InstallationId | None) -> None:
        """Raise LaterError while somebody of this installation was told to wait."""
        left = self._redis.pttl(self._name("pause", installation))
        if left > 0:
            raise LaterError("GitHub asked this installation to call later", left / 1000)

    def respect_spare(self, installation: InstallationId) -> None:
        """Raise LaterError while so few requests are left in this hour that they belong to events."""
        left = self._redis.pttl(self._name("spare", installation))
        if left > 0:
            raise LaterError("the rest of this hour's requests to GitHub is kept for events", left / 1000)

    def watch(self, installation: InstallationId | None, headers: Mapping[str, str]) -> None:
        """Note from an answer's headers when little of the hour's requests is left."""
        limit, remaining = _number(headers.get("x-ratelimit-limit")), _number(headers.get("x-ratelimit-remaining"))
        if limit and remaining is not None and remaining * SPARE < limit:
            self._pause("spare", installation, _until_reset(headers) or AT_LEAST)

    def begin(self, installation: InstallationId | None, limit: Limit) -> LaterError:
        """Make everybody of this installation wait, and return the error to raise.

        Where GitHub did not say how long, each further time within the hour waits twice as long, from a minute on.
        """
        strikes = self._name("strikes", installation)
        count = self._redis.incr(strikes)
        self._redis.expire(strikes, AT_MOST)
        doublings = min(count - 1, STRIKES)
        seconds = limit.seconds if limit.seconds is not None else AT_LEAST * 2.0**doublings
        seconds = min(max(seconds, 1.0), AT_MOST)
        self._pause("pause", installation, seconds)
        return LaterError(f"GitHub's {limit.kind} rate limit is reached", seconds)

    def _pause(self, kind: str, installation: InstallationId | None, seconds: float) -> None:
        self._redis.set(self._name(kind, installation), b"1", px=int(seconds * 1000))

    def _name(self, kind: str, installation: InstallationId | None) -> str:
        return self._server.key(kind, self._app_id, "app" if installation is None else installation)


def _until_reset(headers: Mapping[str, str]) -> float | None:
    reset = _number(headers.get("x-ratelimit-reset"))
    if reset is None:
        return None
    now = server_time(headers) or utc_now()  # by the clock that set the reset: ours may be wrong
    return max(reset - now.timestamp(), 0) + 1


def _number(text: str | None) -> float | None:
    return float(text) if text and text.isascii() and text.isdigit() and len(text) < 12 else None  # noqa: PLR2004 - seconds since 1970
