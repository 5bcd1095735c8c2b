"""One exchange: what a caller asks, and the three ways to answer (a body, a list in pages, a refusal)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.github.json_types import Json
from tests.fakes.github.state.accounts import Account
from tests.fakes.github.state.apps import App, Installation, Token
from tests.fakes.github.state.github_world import World
from tests.fakes.github.state.repository import Repository

DOCS = "https://docs.github.com/rest"


@dataclass(frozen=True, slots=True)
class Answer:
    """A status with its body; None is an empty body."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    media: str = "application/json; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Listing:
    """A list that is sent in pages; with a name it is wrapped with its total_count."""

    items: Sequence[Any]
    name: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict)  # further fields beside the list
    cursor: bool = False  # pages are asked for by `cursor` instead of `page`
    show: Callable[[Any], Json] | None = None  # makes JSON of an item, of those on the page only


class Refusal(Exception):  # noqa: N818 - a refusal is an answer, not an error
    """GitHub says no."""

    def __init__(
        self, status: int, message: str, *, errors: list[Json] | None = None, headers: Mapping[str, str] | None = None,
        url: str | None = None,
    ) -> None:  # fmt: skip
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = errors
        self.headers = dict(headers or {})
        self.url = url  # where a redirect leads

    def body(self) -> Json:
        whole: Json = {"message": self.message, "documentation_url": DOCS, "status": str(self.status)}
        if self.url is not None:
            whole["url"] = self.url
        return whole if self.errors is None else whole | {"errors": self.errors}


def not_found() -> Refusal:
    """What is not there, or not to be seen: GitHub does not tell which."""
    return Refusal(404, "Not Found")


def invalid(resource: str, field_name: str, code: str = "invalid", message: str = "Validation Failed") -> Refusal:
    """A value that the operation's rules refuse, in GitHub's words."""
    return Refusal(422, message, errors=[{"resource": resource, "field": field_name, "code": code}])


@dataclass(frozen=True, slots=True)
class Asked:
    """A request with everything about it that was looked up before its handler runs."""

    world: World
    operation: str
    parameters: Mapping[str, str]
    query: Mapping[str, str]
    body: Json
    version: str
    headers: Mapping[str, str]
    app: App | None = None
    token: Token | None = None
    installation: Installation | None = None
    in_repository: Repository | None = None
    in_organisation: Account | None = None

    @property
    def repository(self) -> Repository:
        assert self.in_repository is not None, f"{self.operation} names no repository"
        return self.in_repository

    @property
    def organisation(self) -> Account:
        assert self.in_organisation is not None, f"{self.operation} names no organisation"
        return self.in_organisation

    @property
    def caller(self) -> App:
        assert self.app is not None, f"{self.operation} was let through without an App"
        return self.app

    def number(self, name: str) -> int:
        """A parameter of the path that has to be a number; what is none names nothing."""
        value = self.parameters[name]
        if not value.isdecimal():
            raise not_found()
        return int(value)

    def commit(self, name: str) -> str:
        """The commit that a parameter of the path names."""
        sha = self.repository.resolve(self.parameters[name])
        if sha is None:
            raise Refusal(422, f"No commit found for SHA: {self.parameters[name]}")
        return sha
