"""Sends HTTP requests to the registries of the catalog only, with rate, time and size limits that all processes share."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Literal, Protocol
from urllib.parse import quote, urljoin, urlsplit

import httpx
from redis import Redis

from bot import __version__
from bot.model.core_types import RegistryId
from bot.model.errors import RetryLaterError, WharfingerError
from bot.packages.versions import CacheValidator, Package
from bot.registries import Catalog
from bot.registries.addresses import reverse_host

DEFAULT_RETRY_SECONDS = 60.0  # seconds to wait where a registry does not say how long


class RegistryUnreachableError(RetryLaterError):
    """A registry that cannot be asked now: an outage, a limit, or a pause that it asked for. It says nothing of a package."""

    def __init__(self, registry: RegistryId, reason: str, retry_after: float = DEFAULT_RETRY_SECONDS) -> None:
        super().__init__(f"{registry} {reason}", retry_after)
        self.registry = registry
        self.retry_after = retry_after  # seconds


class RegistryBusyError(RegistryUnreachableError):
    """A registry that we ask as often already as it wants to be asked: it is our turn that is not free, no outage."""


class RegistryResponseError(WharfingerError):
    """An answer that cannot be used: too large, not in the form that the registry documents, or a refusal."""

    def __init__(self, registry: RegistryId, reason: str) -> None:
        super().__init__(f"{registry} {reason}")
        self.registry = registry
        self.reason = reason


MAX_WAIT_SECONDS = 30.0  # seconds that one request waits for its turn; whoever waits longer comes again later


class RequestPacing(Protocol):
    """Gives turns: `wait` returns when a registry may be asked, or raises RegistryBusyError when that takes too long."""

    def wait(self, registry: RegistryId, pause: float) -> None:
        """Take a turn; the next one is `pause` seconds later."""


class ProcessPacing:
    """Turns of one process."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._clock, self._sleep = clock, sleep
        self._next_turn: dict[RegistryId, float] = {}
        self._lock = threading.Lock()

    def wait(self, registry: RegistryId, pause: float) -> None:
        """Take the next free turn."""
        with self._lock:
            now = self._clock()
            turn = max(now, self._next_turn.get(registry, now))
            if turn - now > MAX_WAIT_SECONDS:
                raise _busy_error(registry, turn - now)
            self._next_turn[registry] = turn + pause
        self._sleep(turn - now)


class RedisPacing:
    """Turns of all processes that share a Redis: a key that lives as long as the pause is a turn that is taken."""

    def __init__(self, redis: Redis, sleep: Callable[[float], None] = time.sleep) -> None:
        self._redis, self._sleep = redis, sleep

    def wait(self, registry: RegistryId, pause: float) -> None:
        """Try until a turn is free."""
        key, waited = f"wharfinger:registry:{registry}:turn", 0.0
        while pause and not self._redis.set(key, 1, nx=True, px=max(1, round(pause * 1000))):
            rest = max(0.01, self._redis.pttl(key) / 1000)
            if (waited := waited + rest) > MAX_WAIT_SECONDS:
                raise _busy_error(registry, rest)
            self._sleep(rest)


def _busy_error(registry: RegistryId, seconds: float) -> RegistryBusyError:
    return RegistryBusyError(registry, "is asked as often as it wants to be already", seconds)


MAX_RESPONSE_BYTES = 32 * 1024 * 1024  # bytes of one answer; few packages of npm have more
MAX_RETRY_SECONDS = 3600.0  # seconds: a registry that asks for more is asked again after an hour
MAX_VALIDATOR_LENGTH = 300  # characters; it is kept for every package
MAX_REDIRECTS = 3  # redirects within the same host: a name in its normal form, a slash at the end
ABSENT_STATUSES = (404, 410, 451)  # not there, gone, taken down (RFC 7725): the registry has no such package for us
RETRY_LATER_STATUSES = (429, 503)


@dataclass(frozen=True, slots=True)
class RegistryTimeouts:
    """How long an answer is waited for, in seconds."""

    read: float = 15  # between two parts of it
    connect: float = 5
    total: float = 60


DEFAULT_TIMEOUTS = RegistryTimeouts()


@dataclass(frozen=True, slots=True)
class RegistryQuery:
    """One question: which of the registry's addresses, and the path below it, part by part, each made harmless."""

    address_key: str
    parts: tuple[str, ...]
    query: Mapping[str, str | int] = field(default_factory=dict)
    accept: str = "application/json"
    validator: CacheValidator | None = None
    method: Literal["GET", "HEAD"] = "GET"
    token: str = field(default="", repr=False)
    trailing_slash: bool = False  # the path ends with a slash


@dataclass(frozen=True, slots=True)
class RegistryResponse:
    """What came back: a status of 200, 304, 401, 403, or one of ABSENT."""

    status: int
    content: bytes = field(repr=False)
    headers: Mapping[str, str]  # names in lower case

    @property
    def exists(self) -> bool:
        return self.status not in ABSENT_STATUSES

    @property
    def validator(self) -> CacheValidator:
        return CacheValidator(_header_value(self.headers.get("etag")), _header_value(self.headers.get("last-modified")))


class RegistryHttpClient:
    """One per process. `addresses` puts a mirror or a stand-in in the place of a registry's own addresses, by its id.

    `contact` is where a registry reaches whoever runs this App: an address of a page or a mailbox, as crates.io asks for.
    """

    def __init__(
        self,
        catalogue: Catalog,
        address_overrides: Mapping[RegistryId, str] | None = None,
        *,
        contact: str = "",
        pacing: RequestPacing | None = None,
        timeouts: RegistryTimeouts = DEFAULT_TIMEOUTS,
    ) -> None:
        self.catalogue = catalogue
        self.request_counts: Counter[RegistryId] = Counter()  # how often each was asked
        self._address_overrides = dict(address_overrides or {})
        self.anonymous_tokens: dict[Package, str] = {}  # that a registry gives to everybody, as images want them
        self._pacing = pacing or ProcessPacing()
        self._timeouts = timeouts
        self._user_agent = f"wharfinger/{__version__}" + (f" ({contact})" if contact else "")

    @cached_property
    def _client(self) -> httpx.Client:
        """The connections, opened with the first question: many jobs ask none."""
        timeout = httpx.Timeout(self._timeouts.read, connect=self._timeouts.connect)
        return httpx.Client(headers={"User-Agent": self._user_agent}, timeout=timeout, follow_redirects=False)

    def close(self) -> None:
        """Hang up."""
        if "_client" in self.__dict__:
            self._client.close()

    def send(self, registry: RegistryId, request: RegistryQuery) -> RegistryResponse:
        """Ask a registry; raises RegistryUnreachableError when it cannot be asked now, RegistryAnswerError when it is no use."""
        url = self._url(registry, request)
        for _ in range(MAX_REDIRECTS + 1):
            response = self._send_once(registry, request, url)
            if response.status not in (301, 302, 303, 307, 308):
                return self._check_status(registry, request, response)
            further = urljoin(url, response.headers.get("location", ""))
            if urlsplit(further)[:2] != urlsplit(url)[:2]:
                raise RegistryResponseError(
                    registry, f"sends {_describe(request)} to another host, where we do not follow"
                )
            url = further
        raise RegistryResponseError(registry, f"sends {_describe(request)} from one address to the next without end")

    def _url(self, registry: RegistryId, request: RegistryQuery) -> str:
        known = self.catalogue.registries.get(registry)
        if known is None or known.request_policy is None or request.address_key not in known.request_policy.addresses:
            raise RegistryResponseError(registry, "cannot be asked: the catalog does not say where and how")
        address = known.address(request.address_key)
        if address is None or any(part in ("", ".", "..") for part in request.parts):
            raise RegistryResponseError(registry, f"has no address for {_describe(request)}")
        host = self._address_overrides.get(registry)
        if host is None:
            self._pacing.wait(
                registry, known.request_policy.pause_seconds
            )  # whoever points elsewhere knows how much that place bears
            host = f"https://{reverse_host(address.host)}"
        url = (
            host.rstrip("/")
            + address.path
            + "".join(f"/{quote(part, safe='@!')}" for part in request.parts)
            + "/" * request.trailing_slash
        )
        query = "&".join(f"{quote(name)}={quote(str(value), safe='')}" for name, value in request.query.items())
        return f"{url}?{query}" if query else url

    def _send_once(self, registry: RegistryId, registry_query: RegistryQuery, url: str) -> RegistryResponse:
        self.request_counts[registry] += 1
        try:
            request = self._client.build_request(registry_query.method, url, headers=_headers(registry_query))
            with closing(self._client.send(request, stream=True)) as response:
                headers = {name.lower(): value for name, value in response.headers.items()}
                return RegistryResponse(
                    response.status_code, self._read_body(registry, registry_query, response), headers
                )
        except httpx.TimeoutException:
            raise RegistryUnreachableError(registry, "does not answer in time") from None
        except httpx.TransportError:
            raise RegistryUnreachableError(registry, "cannot be reached; check the network") from None
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError):
            raise RegistryResponseError(
                registry, f"answers {_describe(registry_query)} in a form that is not HTTP"
            ) from None

    def _read_body(self, registry: RegistryId, request: RegistryQuery, response: httpx.Response) -> bytes:
        parts, size, end = [], 0, time.monotonic() + self._timeouts.total
        for part in response.iter_bytes():
            size += len(part)
            if size > MAX_RESPONSE_BYTES:
                raise RegistryResponseError(
                    registry, f"answers {_describe(request)} with more than {MAX_RESPONSE_BYTES // 1024**2} MiB"
                )
            if time.monotonic() > end:
                raise RegistryUnreachableError(registry, f"is not done after {self._timeouts.total:.0f} seconds")
            parts.append(part)
        return b"".join(parts)

    def _check_status(
        self, registry: RegistryId, request: RegistryQuery, response: RegistryResponse
    ) -> RegistryResponse:
        if response.status in RETRY_LATER_STATUSES:
            reason = "asks for a pause" if response.status == 429 else "is out of service"  # noqa: PLR2004 - Too Many Requests
            raise RegistryUnreachableError(
                registry, reason, _parse_retry_after(response.headers.get("retry-after", ""))
            )
        if response.status >= 500:  # noqa: PLR2004 - a fault of the server's
            raise RegistryUnreachableError(registry, f"answers with its own fault ({response.status})")
        if response.status not in (200, 304, 401, 403, *ABSENT_STATUSES):
            raise RegistryResponseError(registry, f"answers {_describe(request)} with status {response.status}")
        return response


def _header_value(value: str | None) -> str | None:
    """Return what can be sent back as a header; a validator that cannot is as good as none."""
    return value if value and value.isascii() and value.isprintable() and len(value) <= MAX_VALIDATOR_LENGTH else None


def _headers(request: RegistryQuery) -> dict[str, str]:
    headers = {"Accept": request.accept}
    if request.validator and request.validator.etag:
        headers["If-None-Match"] = request.validator.etag
    elif request.validator and request.validator.last_modified:
        headers["If-Modified-Since"] = request.validator.last_modified
    if request.token:
        headers["Authorization"] = f"Bearer {request.token}"
    return headers


def _parse_retry_after(text: str) -> float:
    """Read `Retry-After`: seconds, or a moment (RFC 9110, 10.2.3)."""
    try:
        seconds = (
            float(text) if text.isascii() and text.isdigit() else parsedate_to_datetime(text).timestamp() - time.time()
        )
    except (ValueError, OverflowError):
        return DEFAULT_RETRY_SECONDS
    return min(max(seconds, 1.0), MAX_RETRY_SECONDS)


def _describe(request: RegistryQuery) -> str:
    """Name what was asked for without anything that could do harm in a log."""
    text = "/".join(request.parts)
    return "".join(char if char.isprintable() else "?" for char in text)[:200]
