"""One exchange: what a caller asks, and the three ways to answer (a body, a list in pages, a refusal)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from tests.fakes.github.json_types import Json
from tests.fakes.github.state.accounts import FakeAccount
from tests.fakes.github.state.apps import FakeApp, FakeInstallation, FakeToken
from tests.fakes.github.state.github_world import GitHubWorld
from tests.fakes.github.state.repository import FakeRepository

DOCUMENTATION_URL = "https://docs.github.com/rest"


@dataclass(frozen=True, slots=True)
class ApiAnswer:
    """A status with its body; None is an empty body."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    media: str = "application/json; charset=utf-8"


@dataclass(frozen=True, slots=True)
class ApiListing:
    """A list that is sent in pages; with a name it is wrapped with its total_count."""

    items: Sequence[Any]
    name: str | None = None
    extra_fields: Mapping[str, Any] = field(default_factory=dict)  # further fields beside the list
    paged_by_cursor: bool = False  # pages are asked for by `cursor` instead of `page`
    render_item: Callable[[Any], Json] | None = None  # makes JSON of an item, of those on the page only


class ApiRefusal(Exception):  # noqa: N818 - a refusal is an answer, not an error
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
        whole: Json = {"message": self.message, "documentation_url": DOCUMENTATION_URL, "status": str(self.status)}
        if self.url is not None:
            whole["url"] = self.url
        return whole if self.errors is None else whole | {"errors": self.errors}


def not_found() -> ApiRefusal:
    """What is not there, or not to be seen: GitHub does not tell which."""
    return ApiRefusal(404, "Not Found")


def validation_failed(
    resource: str, field_name: str, code: str = "invalid", message: str = "Validation Failed"
) -> ApiRefusal:
    """A value that the operation's rules refuse, in GitHub's words."""
    return ApiRefusal(422, message, errors=[{"resource": resource, "field": field_name, "code": code}])


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """A request with everything about it that was looked up before its handler runs."""

    world: GitHubWorld
    operation: str
    path_parameters: Mapping[str, str]
    query: Mapping[str, str]
    body: Json
    version: str
    headers: Mapping[str, str]
    app: FakeApp | None = None
    token: FakeToken | None = None
    installation: FakeInstallation | None = None
    in_repository: FakeRepository | None = None
    in_organization: FakeAccount | None = None

    @property
    def repository(self) -> FakeRepository:
        assert self.in_repository is not None, f"{self.operation} names no repository"
        return self.in_repository

    @property
    def organization(self) -> FakeAccount:
        assert self.in_organization is not None, f"{self.operation} names no organization"
        return self.in_organization

    @property
    def caller(self) -> FakeApp:
        assert self.app is not None, f"{self.operation} was let through without an App"
        return self.app

    def number(self, name: str) -> int:
        """A parameter of the path that has to be a number; what is none names nothing."""
        value = self.path_parameters[name]
        if not value.isdecimal():
            raise not_found()
        return int(value)

    def commit(self, name: str) -> str:
        """The commit that a parameter of the path names."""
        sha = self.repository.resolve(self.path_parameters[name])
        if sha is None:
            raise ApiRefusal(422, f"No commit found for SHA: {self.path_parameters[name]}")
        return sha


DEFAULT_PAGE_SIZE = 30
MAX_PAGE_SIZE = 100  # more is quietly taken for this


def paginate(listing: ApiListing, api: str, path: str, query: Mapping[str, str]) -> ApiAnswer:
    """One page of the list as an answer."""
    size = max(1, min(_page_number(query.get("per_page"), DEFAULT_PAGE_SIZE), MAX_PAGE_SIZE))
    word = "cursor" if listing.paged_by_cursor else "page"
    page = max(1, _page_number(query.get(word), 1))
    last = max(1, -(-len(listing.items) // size))
    items = list(listing.items[(page - 1) * size : page * size])
    if listing.render_item is not None:
        items = [listing.render_item(item) for item in items]
    body = (
        items
        if listing.name is None
        else {"total_count": len(listing.items), **listing.extra_fields, listing.name: items}
    )
    links: dict[str, int] = {}
    if page > 1:
        links |= {"prev": page - 1, "first": 1}
    if page < last:
        links |= {"next": page + 1, "last": last}
    written = [f'<{api}{path}?{urlencode({**query, word: number})}>; rel="{name}"' for name, number in links.items()]
    return ApiAnswer(200, body, {"link": ", ".join(written)} if written else {})


def _page_number(text: str | None, default: int) -> int:
    return int(text) if text is not None and text.isdecimal() else default


Handlers = Mapping[str, Callable[[ApiRequest], ApiAnswer | ApiListing]]
