"""Calls the GitHub API as the App or an installation, and turns failed responses into typed errors."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal, Protocol
from urllib.parse import quote

from redis import Redis

from bot.github.auth import AppKey, InstallationToken, TokenCache, utc_now
from bot.github.github_errors import (
    BLOCK_REMEDIES,
    BlockedError,
    CredentialsError,
    ForbiddenError,
    GitHubError,
    InstallationError,
    MissingError,
    PlanError,
    RefusedError,
    UnansweredError,
)
from bot.github.graphql_result import GraphQLResult, read_graphql_result
from bot.github.rate_limits import (
    CORE,
    GRAPHQL,
    READ_POINTS,
    WRITE_POINTS,
    RateLimitAccount,
    Share,
    named_resource,
    rate_limit_of,
    rate_limit_of_errors,
    server_time,
)
from bot.github.transport import (
    DEFAULT_TIMEOUTS,
    OUTAGE_RETRY_SECONDS,
    GitHubRequest,
    GitHubResponse,
    GitHubServer,
    Timeouts,
    Transport,
)
from bot.json_access import get_objects
from bot.model.core_types import InstallationId
from bot.model.errors import RetryLaterError

CLOCK_TOLERANCE = timedelta(seconds=30)  # a difference of clocks that explains a refusal
PAGE_SIZE = 100  # items; the most GitHub gives at once
FIRST_ERROR_STATUS = 400
READ_ONLY_PERMISSIONS = {"contents": "read", "metadata": "read"}  # of a token that cannot write
CREATE_TOKEN = "act for its installation"  # noqa: S105 - what a request is for


class GraphQLClient(Protocol):
    """Whoever can ask GraphQL: an installation, or a person."""

    def query(
        self, text: str, variables: Mapping[str, object], action: str, *, allow_forbidden: bool = False
    ) -> GraphQLResult:
        """Ask a query; raises as `read_graphql_result` does."""


class GitHubClient:
    """One per process; `app()` and `installation()` give the lines to speak on."""

    def __init__(
        self,
        server: GitHubServer,
        key: AppKey,
        redis: Redis,
        token_keys: tuple[str, ...],
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
    ) -> None:
        self.server = server
        self.key = key
        self.transport = Transport(server, timeouts)
        self.tokens = TokenCache(redis, server, key.app_id, key.fingerprint, token_keys)
        self.budget = RateLimitAccount(redis, server, key.app_id)
        self.share = Share.CHECK  # whose work this process does now
        self._skew = timedelta()  # how far GitHub's clock is ahead of ours, once a refusal told us

    def app(self, delivery: str = "") -> "InstallationClient":
        """Speak as the App: its installations, its deliveries, itself."""
        return InstallationClient(self, None, delivery)

    def installation(self, installation: InstallationId, delivery: str = "") -> "InstallationClient":
        """Speak as one installation: its repositories. Each request names the delivery that led to it."""
        return InstallationClient(self, installation, delivery)

    def read_only_installation(self, installation: InstallationId, delivery: str = "") -> "ReadOnlyClient":
        """Speak as an installation that can only read: the line has no word for writing, and its token no right to it."""
        return ReadOnlyClient(self, installation, delivery, read_only=True)

    def close(self) -> None:
        """Hang up."""
        self.transport.close()

    def send_as_app(self, request: GitHubRequest) -> GitHubResponse:
        """Send a request signed with the App's key; once more by GitHub's clock where ours is wrong."""
        answer = self.transport.send(request, self.key.create_jwt(utc_now() + self._skew))
        if answer.status != 401:  # noqa: PLR2004 - Unauthorized
            return answer
        ahead = (server_time(answer.headers) or utc_now()) - utc_now()
        if abs(ahead - self._skew) > CLOCK_TOLERANCE:
            self._skew = ahead
            answer = self.transport.send(request, self.key.create_jwt(utc_now() + self._skew))
        if answer.status == 401:  # noqa: PLR2004 - as above
            raise CredentialsError(_rejected_key_message(self.key.app_id, answer.message, self._skew))
        return answer

    def send_as_installation(
        self, request: GitHubRequest, installation: InstallationId, *, read_only: bool = False
    ) -> GitHubResponse:
        """Send a request with the installation's token; once more with a new one where GitHub refuses the old.

        A `narrow` token may read files and nothing else.
        """
        token = self.tokens.get(installation, read_only=read_only) or self._create_token(
            installation, read_only=read_only
        )
        answer = self.transport.send(request, token.value)
        if answer.status == 401:  # noqa: PLR2004 - a 401 did nothing: repeating even a write is harmless
            self.tokens.drop(installation)
            answer = self.transport.send(request, self._create_token(installation, read_only=read_only).value)
        if answer.status == 401:  # noqa: PLR2004 - as above
            self.tokens.drop(installation)
            raise RetryLaterError("GitHub does not accept a token that it has just issued", OUTAGE_RETRY_SECONDS)
        return answer

    def _create_token(self, installation: InstallationId, *, read_only: bool) -> InstallationToken:
        url = f"{self.server.api_url}/app/installations/{installation}/access_tokens"
        try:
            answer = self.send_as_app(
                GitHubRequest("POST", url, body={"permissions": READ_ONLY_PERMISSIONS} if read_only else None)
            )
        except UnansweredError as lost:  # a token that nobody received harms nobody: it ends within the hour
            raise RetryLaterError(str(lost), OUTAGE_RETRY_SECONDS) from None
        self.raise_for_status(answer, CREATE_TOKEN, installation)
        record = answer.json_object()
        try:
            # By our own clock, which may not be the one that set the end.
            life = datetime.fromisoformat(str(record["expires_at"])) - (server_time(answer.headers) or utc_now())
            token = InstallationToken(str(record["token"]), utc_now() + life)
        except (KeyError, ValueError, TypeError):
            raise RefusedError("GitHub issued a token in a form we do not know") from None
        self.tokens.put(installation, token, read_only=read_only)
        return token

    def raise_for_status(
        self, response: GitHubResponse, action: str, installation: InstallationId | None, resource: str = CORE
    ) -> None:
        """Raise what an answer's status means; `what` completes "GitHub does not let the App …"."""
        self.budget.record(installation, resource, response.headers)
        if response.status < FIRST_ERROR_STATUS:
            return
        if limit := rate_limit_of(response.status, response.headers, response.message):
            raise self.budget.pause(installation, named_resource(response.headers, resource), limit)
        raise _error_for(response, action, installation)


@dataclass(frozen=True, slots=True)
class ReadOnlyClient:
    """Speaks as an installation, or as the App itself where `installation` is None; it has no word for writing."""

    github_client: GitHubClient
    installation: InstallationId | None
    delivery: str = ""
    read_only: bool = False  # with a token that may read files and nothing else

    def get(self, path: str, action: str, **params: str | int) -> GitHubResponse:
        """Read something; `what` completes "GitHub does not let the App …"."""
        return self._send(GitHubRequest("GET", self.github_client.server.api_url + path, params), action)

    def paginate(
        self, path: str, action: str, key: str | None = None, **params: str | int
    ) -> Iterator[Mapping[str, object]]:
        """Read every item of a list, however many pages it has; `key` is where a page keeps them."""
        request = GitHubRequest("GET", self.github_client.server.api_url + path, {"per_page": PAGE_SIZE, **params})
        while True:
            answer = self._send(request, action)
            yield from answer.json_objects(key)
            if answer.next_url is None:
                return
            if not answer.next_url.startswith(f"{self.github_client.server.api_url}/"):
                raise RefusedError(  # the token goes to no other host, whatever a link says; and half a list is none
                    f"GitHub names another host for the rest of the wish to {action}; check WHARFINGER_GITHUB_API"
                )
            request = GitHubRequest("GET", answer.next_url)

    def query(
        self,
        text: str,
        variables: Mapping[str, object],
        action: str,
        permission: str | None = None,
        *,
        allow_forbidden: bool = False,
    ) -> GraphQLResult:
        """Ask a GraphQL query, of which `permission` shows every part; `allow_forbidden`: a part may be kept from the App.

        Raises PartialAnswerError where GitHub gave up on a part, besides what every other call raises.
        """
        request = GitHubRequest(
            "POST", self.github_client.server.graphql_url, body={"query": text, "variables": dict(variables)}
        )
        answer = self._send(request, action)
        body = answer.json_object()
        if limit := rate_limit_of_errors(get_objects(body, "errors"), answer.headers):
            raise self.github_client.budget.pause(self.installation, GRAPHQL, limit)
        return read_graphql_result(body, action, permission, allow_forbidden=allow_forbidden)

    def reserve_quota(self) -> None:
        """Raise LaterError when so little of the hour's requests is left that a sweep should wait."""
        if self.installation is not None:
            self.github_client.budget.raise_if_reserved(self.installation)

    def _send(self, request: GitHubRequest, action: str) -> GitHubResponse:
        github_client, request = self.github_client, replace(request, delivery=self.delivery)
        resource = GRAPHQL if request.url == github_client.server.graphql_url else CORE
        points = READ_POINTS if request.method == "GET" or resource == GRAPHQL else WRITE_POINTS
        github_client.budget.admit(self.installation, resource, github_client.share, points)
        if self.installation is None:
            answer = github_client.send_as_app(request)
        else:
            answer = github_client.send_as_installation(request, self.installation, read_only=self.read_only)
        github_client.raise_for_status(answer, action, self.installation, resource)
        return answer


@dataclass(frozen=True, slots=True)
class InstallationClient(ReadOnlyClient):
    """A line that may also write."""

    def write(
        self, method: Literal["POST", "PATCH", "DELETE"], path: str, action: str, body: object = None
    ) -> GitHubResponse:
        """Change something. Never repeated blindly: raises UnansweredError when the outcome is unknown."""
        return self._send(GitHubRequest(method, self.github_client.server.api_url + path, body=body), action)


def api_path(*parts: str | int) -> str:
    """Join the parts of a path, each made harmless: a name from a payload can not lead elsewhere."""
    texts = [str(part) for part in parts]
    if any(text in ("", ".", "..") for text in texts):
        raise RefusedError("a name in a path to GitHub is empty or made of dots")
    return "".join(f"/{quote(text, safe='')}" for text in texts)


def _error_for(response: GitHubResponse, action: str, installation: InstallationId | None) -> GitHubError:
    if ours := _app_error_for(response, action, installation):
        return ours
    if response.status in (404, 410):
        return MissingError(f"GitHub has nothing there for the App to {action}")
    if response.status == 403:  # noqa: PLR2004 - Forbidden
        return _forbidden_error(response, action)
    if response.status in (423, 451):
        return BlockedError(action, response.message)
    return RefusedError(
        f"GitHub answered {response.status} to the wish to {action}: {response.message or 'without a reason'}"
    )


def _forbidden_error(response: GitHubResponse, action: str) -> GitHubError:
    """Tell the plan, a lacking permission and any other refusal apart: only a permission can be granted."""
    message, permissions = response.message.lower(), response.headers.get("x-accepted-github-permissions")
    if "upgrade to github" in message:
        return PlanError(f"the owner's plan does not let the App {action}: {response.message}")
    blocked = any(each in message for each in BLOCK_REMEDIES)
    if not blocked and (permissions or "not accessible by integration" in message):
        return ForbiddenError(action, _describe_permissions(permissions))
    return BlockedError(action, response.message)


def _app_error_for(response: GitHubResponse, action: str, installation: InstallationId | None) -> GitHubError | None:
    """Whether the refusal is about the App or its installation, whatever was asked for."""
    message = response.message.lower()
    if "suspended" in message:
        return InstallationError(f"installation {installation} is suspended; its owner can resume it in GitHub")
    if response.status == 404 and "integration" in message:  # noqa: PLR2004 - Not Found
        return CredentialsError("GitHub knows no App of this number; check WHARFINGER_APP_ID and WHARFINGER_GITHUB_API")
    if response.status == 404 and action == CREATE_TOKEN:  # noqa: PLR2004 - as above
        return InstallationError(f"installation {installation} no longer exists; install the App again to go on")
    return None


def _describe_permissions(header: str | None) -> str | None:
    """Say in words what `X-Accepted-GitHub-Permissions` names: `checks=write; actions=read` is a choice of two."""
    if not header:
        return None
    choices = [
        " and ".join(part.strip().replace("=", ": ") for part in choice.split(",")) for choice in header.split(";")
    ]
    return " or ".join(choice for choice in choices if choice)[:200] or None


def _rejected_key_message(app_id: int, message: str, skew: timedelta) -> str:
    if "claim" in message:  # about the times in the signed token
        off = f"{abs(skew.total_seconds()):.0f} seconds off" if abs(skew) > CLOCK_TOLERANCE else "not GitHub's"
        return f"this machine's clock is {off}; set it by a time server"
    return f"GitHub does not accept the private key for App {app_id}; make a new one or set WHARFINGER_APP_ID right"
