"""The telephone: speaks as the App or as one of its installations, and turns every refusal into one of our own errors."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import quote

from redis import Redis

from bot.github.auth import AppKey, utc_now
from bot.github.github_errors import (
    CredentialsError,
    ForbiddenError,
    GitHubError,
    InstallationError,
    MissingError,
    PlanError,
    RefusedError,
    UnansweredError,
)
from bot.github.rate_limits import Pauses, limit_of, limit_of_errors, server_time
from bot.github.tokens import Token, TokenStore
from bot.github.transport import Server
from bot.github.wire import OUTAGE, PATIENCE, Answer, Patience, Request, Wire
from bot.model.core_types import InstallationId
from bot.model.errors import LaterError

CLOCK = timedelta(seconds=30)  # a difference of clocks that explains a refusal
PAGE = 100  # items; the most GitHub gives at once
FAILED = 400
NARROW = {"contents": "read", "metadata": "read"}  # of a token that cannot write
MINT = "act for its installation"


@dataclass(frozen=True, slots=True)
class Reply:
    """A GraphQL answer: what was found, and what was refused (in part, perhaps)."""

    data: Mapping[str, object]
    errors: tuple[Mapping[str, object], ...]


class Telephone:
    """One per process; `app()` and `installation()` give the lines to speak on."""

    def __init__(
        self,
        server: Server,
        key: AppKey,
        redis: Redis,
        token_keys: tuple[str, ...],
        patience: Patience = PATIENCE,
    ) -> None:
        self.server = server
        self.key = key
        self.wire = Wire(server, patience)
        self.tokens = TokenStore(redis, server, key.app_id, key.fingerprint, token_keys)
        self.pauses = Pauses(redis, server, key.app_id)
        self._skew = timedelta()  # how far GitHub's clock is ahead of ours, once a refusal told us

    def app(self, delivery: str = "") -> "Line":
        """Speak as the App: its installations, its deliveries, itself."""
        return Line(self, None, delivery)

    def installation(self, installation: InstallationId, delivery: str = "") -> "Line":
        """Speak as one installation: its repositories. Each request names the delivery that led to it."""
        return Line(self, installation, delivery)

    def reader(self, installation: InstallationId, delivery: str = "") -> "ReadLine":
        """Speak as an installation that can only read: the line has no word for writing, and its token no right to it."""
        return ReadLine(self, installation, delivery, narrow=True)

    def close(self) -> None:
        """Hang up."""
        self.wire.close()

    def send_as_app(self, request: Request) -> Answer:
        """Send a request signed with the App's key; once more by GitHub's clock where ours is wrong."""
        answer = self.wire.send(request, self.key.sign(utc_now() + self._skew))
        if answer.status != 401:  # noqa: PLR2004 - Unauthorized
            return answer
        ahead = (server_time(answer.headers) or utc_now()) - utc_now()
        if abs(ahead - self._skew) > CLOCK:
            self._skew = ahead
            answer = self.wire.send(request, self.key.sign(utc_now() + self._skew))
        if answer.status == 401:  # noqa: PLR2004 - as above
            raise CredentialsError(_refused_key(self.key.app_id, answer.message, self._skew))
        return answer

    def send_as_installation(self, request: Request, installation: InstallationId, *, narrow: bool = False) -> Answer:
        """Send a request with the installation's token; once more with a new one where GitHub refuses the old.

        A `narrow` token may read files and nothing else.
        """
        token = self.tokens.get(installation, narrow=narrow) or self._mint(installation, narrow=narrow)
        answer = self.wire.send(request, token.text)
        if answer.status == 401:  # noqa: PLR2004 - a 401 did nothing: repeating even a write is harmless
            self.tokens.drop(installation)
            answer = self.wire.send(request, self._mint(installation, narrow=narrow).text)
        if answer.status == 401:  # noqa: PLR2004 - as above
            self.tokens.drop(installation)
            raise LaterError("GitHub does not accept a token that it has just issued", OUTAGE)
        return answer

    def _mint(self, installation: InstallationId, *, narrow: bool) -> Token:
        url = f"{self.server.api}/app/installations/{installation}/access_tokens"
        try:
            answer = self.send_as_app(Request("POST", url, body={"permissions": NARROW} if narrow else None))
        except UnansweredError as lost:  # a token that nobody received harms nobody: it ends within the hour
            raise LaterError(str(lost), OUTAGE) from None
        self.judge(answer, MINT, installation)
        record = answer.record()
        try:
            # By our own clock, which may not be the one that set the end.
            life = datetime.fromisoformat(str(record["expires_at"])) - (server_time(answer.headers) or utc_now())
            token = Token(str(record["token"]), utc_now() + life)
        except (KeyError, ValueError, TypeError):
            raise RefusedError("GitHub issued a token in a form we do not know") from None
        self.tokens.put(installation, token, narrow=narrow)
        return token

    def judge(self, answer: Answer, what: str, installation: InstallationId | None) -> None:
        """Raise what an answer's status means; `what` completes "GitHub does not let the App …"."""
        self.pauses.watch(installation, answer.headers)
        if answer.status < FAILED:
            return
        if limit := limit_of(answer.status, answer.headers, answer.message):
            raise self.pauses.begin(installation, limit)
        raise _meaning(answer, what, installation)


@dataclass(frozen=True, slots=True)
class ReadLine:
    """Speaks as an installation, or as the App itself where `installation` is None; it has no word for writing."""

    telephone: Telephone
    installation: InstallationId | None
    delivery: str = ""
    narrow: bool = False  # with a token that may read files and nothing else

    def get(self, path: str, what: str, **params: str | int) -> Answer:
        """Read something; `what` completes "GitHub does not let the App …"."""
        return self._send(Request("GET", self.telephone.server.api + path, params), what)

    def pages(
        self, path: str, what: str, key: str | None = None, **params: str | int
    ) -> Iterator[Mapping[str, object]]:
        """Read every item of a list, however many pages it has; `key` is where a page keeps them."""
        request = Request("GET", self.telephone.server.api + path, {"per_page": PAGE, **params})
        while True:
            answer = self._send(request, what)
            items = answer.record().get(key) if key else answer.json()
            for item in items if isinstance(items, list) else ():
                if isinstance(item, dict):
                    yield item
            if answer.next is None or not answer.next.startswith(f"{self.telephone.server.api}/"):
                return  # the token goes to no other host, whatever a link says
            request = Request("GET", answer.next)

    def query(self, text: str, variables: Mapping[str, object], what: str) -> Reply:
        """Ask a GraphQL query; a part that was refused is in `errors`, the rest in `data`."""
        request = Request("POST", self.telephone.server.graphql, body={"query": text, "variables": dict(variables)})
        answer = self._send(request, what)
        record = answer.record()
        data, errors = record.get("data"), _records(record.get("errors"))
        if limit := limit_of_errors(errors, answer.headers):
            raise self.telephone.pauses.begin(self.installation, limit)
        if not isinstance(data, dict):
            message = str(errors[0].get("message", ""))[:300] if errors else "no data"
            if message.startswith("Something went wrong"):  # how GraphQL says 502
                raise LaterError("GitHub could not finish a query in time", OUTAGE)
            raise RefusedError(f"GitHub refused to {what}: {message}")
        return Reply(data, errors)

    def keep_spare(self) -> None:
        """Raise LaterError when so little of the hour's requests is left that a sweep should wait."""
        if self.installation is not None:
            self.telephone.pauses.respect_spare(self.installation)

    def _send(self, request: Request, what: str) -> Answer:
        telephone, request = self.telephone, replace(request, delivery=self.delivery)
        telephone.pauses.respect(self.installation)
        if self.installation is None:
            answer = telephone.send_as_app(request)
        else:
            answer = telephone.send_as_installation(request, self.installation, narrow=self.narrow)
        telephone.judge(answer, what, self.installation)
        return answer


@dataclass(frozen=True, slots=True)
class Line(ReadLine):
    """A line that may also write."""

    def write(self, method: Literal["POST", "PATCH", "DELETE"], path: str, what: str, body: object = None) -> Answer:
        """Change something. Never repeated blindly: raises UnansweredError when the outcome is unknown."""
        return self._send(Request(method, self.telephone.server.api + path, body=body), what)


def path(*parts: str | int) -> str:
    """Join the parts of a path, each made harmless: a name from a payload can not lead elsewhere."""
    texts = [str(part) for part in parts]
    if any(text in ("", ".", "..") for text in texts):
        raise RefusedError("a name in a path to GitHub is empty or made of dots")
    return "".join(f"/{quote(text, safe='')}" for text in texts)


def _records(value: object) -> tuple[Mapping[str, object], ...]:
    return tuple(item for item in value if isinstance(item, dict)) if isinstance(value, Sequence) else ()


def _meaning(answer: Answer, what: str, installation: InstallationId | None) -> GitHubError:
    if ours := _about_us(answer, what, installation):
        return ours
    if answer.status in (404, 410, 451):
        return MissingError(f"GitHub has nothing there for the App to {what}")
    if answer.status == 403 and "upgrade to github" in answer.message.lower():  # noqa: PLR2004 - Forbidden
        return PlanError(f"the owner's plan does not let the App {what}: {answer.message}")
    if answer.status == 403:  # noqa: PLR2004 - as above
        return ForbiddenError(what, _permission(answer.headers.get("x-accepted-github-permissions")))
    return RefusedError(
        f"GitHub answered {answer.status} to the wish to {what}: {answer.message or 'without a reason'}"
    )


def _about_us(answer: Answer, what: str, installation: InstallationId | None) -> GitHubError | None:
    """Whether the refusal is about the App or its installation, whatever was asked for."""
    message = answer.message.lower()
    if "suspended" in message:
        return InstallationError(f"installation {installation} is suspended; its owner can resume it in GitHub")
    if answer.status == 404 and "integration" in message:  # noqa: PLR2004 - Not Found
        return CredentialsError("GitHub knows no App of this number; check WHARFINGER_APP_ID and WHARFINGER_GITHUB_API")
    if answer.status == 404 and what == MINT:  # noqa: PLR2004 - as above
        return InstallationError(f"installation {installation} no longer exists; install the App again to go on")
    return None


def _permission(header: str | None) -> str | None:
    """Say in words what `X-Accepted-GitHub-Permissions` names: `checks=write; actions=read` is a choice of two."""
    if not header:
        return None
    choices = [
        " and ".join(part.strip().replace("=", ": ") for part in choice.split(",")) for choice in header.split(";")
    ]
    return " or ".join(choice for choice in choices if choice)[:200] or None


def _refused_key(app_id: int, message: str, ahead: timedelta) -> str:
    if "claim" in message:  # about the times in the signed token
        off = f"{abs(ahead.total_seconds()):.0f} seconds off" if abs(ahead) > CLOCK else "not GitHub's"
        return f"this machine's clock is {off}; set it by a time server"
    return f"GitHub does not accept the private key for App {app_id}; make a new one or set WHARFINGER_APP_ID right"
