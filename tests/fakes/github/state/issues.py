"""Issues, their comments and labels, and pull requests, which share their numbers."""

from dataclasses import dataclass, field

from tests.fakes.github.json_types import Json
from tests.fakes.github.state.accounts import FakeAccount


@dataclass(eq=False)
class FakeComment:
    """A comment of an issue or pull request."""

    id: int
    author: FakeAccount
    body: str
    created: float
    updated: float
    app: int | None = None


@dataclass(eq=False)
class FakeIssue:
    """An issue, or the conversation side of a pull request."""

    id: int
    number: int
    title: str
    author: FakeAccount
    created: float
    updated: float
    body: str | None = None
    state: str = "open"
    reason: str | None = None
    closed: float | None = None
    closed_by: FakeAccount | None = None
    labels: list[str] = field(default_factory=list)
    assignees: list[FakeAccount] = field(default_factory=list)
    comments: list[FakeComment] = field(default_factory=list)
    app: int | None = None
    pull: "FakePullRequest | None" = None


@dataclass(eq=False)
class FakePullRequest:
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
class FakeLabel:
    """A repository's label."""

    id: int
    name: str
    color: str = "ededed"
    description: str | None = None


@dataclass
class FakeIssues:
    """A repository's, by number."""

    issues: dict[int, FakeIssue] = field(default_factory=dict)
    labels: dict[str, FakeLabel] = field(default_factory=dict)  # by name in small letters
    last_number: int = 0

    def next_number(self) -> int:
        self.last_number += 1
        return self.last_number
