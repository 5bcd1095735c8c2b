"""Sends single HTTP requests to github.com or GitHub Enterprise, with timeouts and a size limit."""

import json
import ssl
import time
from collections.abc import Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from functools import cache
from random import uniform
from urllib.parse import urlsplit

import httpx
from githubkit import GitHub, UnauthAuthStrategy
from githubkit.exception import RequestError, RequestFailed, RequestTimeout

from bot import __version__
from bot.github.github_errors import RefusedError, TooLargeError, UnansweredError
from bot.json_access import JsonObject, get_str
from bot.model.core_types import InstallationId
from bot.model.errors import RetryLaterError

# Spoken by github.com and by every supported GitHub Enterprise Server. GitHub promised at least 24 months from
# 2026-03-12 for it; none of the endpoints we use differs in its successor 2026-03-10.
API_VERSION = "2022-11-28"


@dataclass(frozen=True, slots=True)
class GitHubServer:
    """The address of a GitHub's REST API, without a slash at the end."""

    api_url: str = "https://api.github.com"

    @property
    def graphql_url(self) -> str:
        """The address of its GraphQL API; a GitHub Enterprise Server has it beside `/api/v3`, not below."""
        return f"{self.api_url.removesuffix('/v3')}/graphql"

    @property
    def is_enterprise_server(self) -> bool:
        """Whether it is a server of one's own, which may lack what github.com has."""
        return urlsplit(self.api_url).path.rstrip("/") == "/api/v3"

    @property
    def host(self) -> str:
        """The name that keeps this server's tokens and pauses apart from another's in one Redis."""
        return urlsplit(self.api_url).netloc.lower()

    def redis_key(self, kind: str, app_id: int, *rest: str | int | InstallationId) -> str:
        """Make a Redis key for something that belongs to one App on this server."""
        return ":".join(["wharfinger", kind, self.host, str(app_id), *map(str, rest)])


MAX_RESPONSE_BYTES = 32 * 1024 * 1024  # bytes held in memory
DEFAULT_RETRY_SECONDS = 60.0  # seconds; what GitHub asks for where it does not say how long
OUTAGE_RETRY_SECONDS = 30.0  # seconds until a job that met an outage is tried again
SERVER_ERROR = 500


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long an answer is waited for, and how often what may be asked again without harm is asked. Times in seconds."""

    read: float = 15  # GitHub itself gives up after ten
    connect: float = 5
    attempts: int = 3
    retry_delay: float = 0.4  # before the second attempt, three times as long before the third


DEFAULT_TIMEOUTS = Timeouts()


@dataclass(frozen=True, slots=True)
class GitHubRequest:
    """What to ask. `safe`: asking twice does no harm."""

    method: str
    url: str
    params: Mapping[str, str | int] = field(default_factory=dict)
    body: object | None = None
    delivery: str = ""  # of GitHub's event that led to this: stands in both logs

    @property
    def safe(self) -> bool:
        return self.method == "GET" or self.url.endswith("/graphql")  # we send queries there, never mutations


@dataclass(frozen=True, slots=True)
class GitHubResponse:
    """What GitHub said, whatever its status."""

    status: int
    headers: Mapping[str, str]  # names in lower case
    content: bytes = field(repr=False)
    next_url: str | None = None  # the address of a list's next page

    def json(self) -> object:
        """Return the body as JSON; raise RefusedError when it is none (a proxy's page, say)."""
        try:
            value: object = json.loads(self.content or b"null")
        except (ValueError, RecursionError):
            raise RefusedError(f"GitHub's answer with status {self.status} is not JSON; is a proxy between?") from None
        return value

    def json_object(self) -> JsonObject:
        """Return the body as a JSON object; raise RefusedError when it is something else."""
        value = self.json()
        if not isinstance(value, dict):
            raise self._unknown_form()
        return value

    def json_objects(self, key: str | None = None) -> tuple[JsonObject, ...]:
        """Return the list that the body is, or has under a key; raise RefusedError when it is no list of objects."""
        value = self.json_object().get(key) if key else self.json()
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            raise self._unknown_form()
        return tuple(value)

    @property
    def message(self) -> str:
        """The sentence GitHub gives with an error, or an empty one."""
        try:
            return get_str(self.json_object(), "message")[:300]
        except RefusedError:
            return ""

    def _unknown_form(self) -> RefusedError:
        return RefusedError(f"GitHub's answer with status {self.status} is in a form that we do not know")


@cache
def ssl_context() -> ssl.SSLContext:
    """Return who may vouch for a server, as httpx finds them; read once, it takes longer than many a request."""
    return httpx.create_ssl_context()


class Transport:
    """One long-lived connection pool to one GitHub; one per process."""

    def __init__(
        self, server: GitHubServer, timeouts: Timeouts = DEFAULT_TIMEOUTS, max_bytes: int = MAX_RESPONSE_BYTES
    ) -> None:
        self._server = server
        self._timeouts = timeouts
        self._max_bytes = max_bytes
        self._github = GitHub(
            UnauthAuthStrategy(),  # the client names the token with each request
            base_url=server.api_url,
            user_agent=f"wharfinger/{__version__}",
            timeout=httpx.Timeout(timeouts.read, connect=timeouts.connect),  # githubkit's default is to wait for ever
            ssl_verify=ssl_context(),
            auto_retry=False,  # it would repeat POST after a 502 and sleep for up to an hour
            http_cache=False,  # an ETag lives no longer than a token, and the cache would keep private bodies
        )
        self._exit_stack = ExitStack()
        self._exit_stack.enter_context(self._github)  # or each call would open a client of its own, 28 ms each

    def close(self) -> None:
        """Hang up."""
        self._exit_stack.close()

    def send(self, request: GitHubRequest, token: str) -> GitHubResponse:
        """Send a request and return the answer, whatever its status below 500.

        What is safe is tried three times. Raises LaterError when GitHub is out of reach, UnansweredError when a write
        may or may not have been done, TooLargeError when the answer is.
        """
        last = self._timeouts.attempts if request.safe else 1
        for attempt in range(1, last + 1):
            try:
                return self._send_once(request, token)
            except RetryLaterError:
                if attempt == last:
                    raise
            time.sleep(self._timeouts.retry_delay * 3 ** (attempt - 1) * uniform(0.75, 1.25))  # noqa: S311 - spreads load, keeps no secret
        raise AssertionError("the loop returns or raises")

    def _send_once(self, request: GitHubRequest, token: str) -> GitHubResponse:
        try:
            response = self._github.request(
                request.method,
                request.url,
                params=dict(request.params) or None,
                json=request.body,
                headers=_headers(request, token),
                stream=True,
            ).raw_response
        except RequestFailed as failed:  # its body has been read by githubkit
            return self._to_response(failed.response.raw_response, failed.response.content, request)
        except ValueError:  # githubkit reads a limit's headers as numbers, and they were none; nothing was done
            raise RetryLaterError(
                "GitHub asks for patience, without a number of seconds", DEFAULT_RETRY_SECONDS
            ) from None
        except RequestTimeout as lost:
            raise self._connection_error(
                request, lost.exc, f"did not answer within {self._timeouts.read:.0f} seconds"
            ) from None
        except RequestError as lost:
            raise self._connection_error(request, lost.exc, "cannot be reached") from None
        with closing(response):
            try:
                return self._to_response(response, self._read_body(response), request)
            except httpx.RequestError as error:
                raise self._connection_error(request, error, "broke off in the middle of its answer") from None

    def _read_body(self, response: httpx.Response) -> bytes:
        parts, size = [], 0
        for part in response.iter_bytes():
            size += len(part)
            if size > self._max_bytes:
                raise TooLargeError(f"GitHub's answer is larger than {self._max_bytes // 1024**2} MiB")
            parts.append(part)
        return b"".join(parts)

    def _to_response(self, response: httpx.Response, content: bytes, request: GitHubRequest) -> GitHubResponse:
        if response.status_code >= SERVER_ERROR:
            outage = f"GitHub at {self._server.host} answered {response.status_code}"
            raise (
                RetryLaterError(outage, OUTAGE_RETRY_SECONDS)
                if request.safe
                else UnansweredError(f"{outage} to a write")
            )
        headers = {name.lower(): value for name, value in response.headers.items()}
        following = response.links.get("next", {}).get("url")
        return GitHubResponse(response.status_code, headers, content, following)

    def _connection_error(
        self, request: GitHubRequest, error: Exception, problem: str
    ) -> RetryLaterError | UnansweredError:
        sentence = f"GitHub at {self._server.host} {problem}"
        never_sent = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
        if request.safe or never_sent:
            return RetryLaterError(f"{sentence}; check the network and WHARFINGER_GITHUB_API", OUTAGE_RETRY_SECONDS)
        return UnansweredError(f"{sentence}, so it is not known whether it did what it was asked to")


def _headers(request: GitHubRequest, token: str) -> dict[str, str]:
    headers = {
        "Authorization": f"Bearer {token}",
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": API_VERSION,
    }
    if request.delivery:
        headers["X-GitHub-Delivery"] = request.delivery
    return headers
