"""Issues, their comments and labels, and pull requests, which share their numbers."""

from dataclasses import dataclass, field

from tests.fakes.github.json_types import Json
from tests.fakes.github.state.accounts import Account


@dataclass(eq=False)
class Comment:
    """A comment of an issue or pull request."""

    id: int
    author: Account
    body: str
    created: float
    updated: float
    app: int | None = None


@dataclass(eq=False)
class Issue:
    """An issue, or the conversation side of a pull request."""

    id: int
    number: int
    title: str
    author: Account
    created: float
    updated: float
    body: str | None = None
    state: str = "open"
    reason: str | None = None
    closed: float | None = None
    closed_by: Account | None = None
    labels: list[str] = field(default_factory=list)
    assignees: list[Account] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    app: int | None = None
    pull: "Pull | None" = None


@dataclass(eq=False)
class Pull:
    """The code side of a pull request. `head_repository` may be a fork."""

    id: int
    number: int
    head_repository: int
    head_ref: str
    head_sha: str
    base_ref: str
    base_sha: str
    reviews: list[Json] = field(default_factory=list)
    merged: float | None = None
    merge_sha: str | None = None
    draft: bool = False


@dataclass
class Label:
    """A repository's label."""

    id: int
    name: str
    color: str = "ededed"
    description: str | None = None


@dataclass
class Issues:
    """A repository's, by number."""

    issues: dict[int, Issue] = field(default_factory=dict)
    labels: dict[str, Label] = field(default_factory=dict)  # by name in small letters
    last: int = 0

    def next_number(self) -> int:
        self.last += 1
        return self.last
