"""A change to a repository: all that a signal may know of it. Values, without a telephone or a clock."""

from dataclasses import dataclass
from datetime import datetime

from bot.model.core_types import FullName, Sha
from bot.model.findings import Fact, Readable
from bot.settings import Holdings, RefKind
from bot.snapshot.repository_snapshot import Snapshot

SHORT = 7  # characters of a commit id that people read


class Look(Readable):
    """What a signal may read of a push: in words, and the App's permission that shows it.

    docs.github.com/rest/authentication/permissions-required-for-github-apps, seen 2026-11-24.
    """

    FILES = ("the files before and after the push", "contents: read")
    COMMITS = ("the commits that were pushed", "contents: read")
    MERGED = ("the pull requests that the commits came with", "pull_requests: read")
    TAG = ("where the tag was before", "contents: read")
    BRANCHES = ("which branches have the commit", "contents: read")


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit as its author wrote it: names and dates are the author's word, `verified` is GitHub's."""

    id: Sha
    author: str  # the login; where no account has the address, the name as written
    committer: str
    committed_at: datetime
    verified: bool = False  # its signature is that of the committer
    parents: tuple[Sha, ...] = ()

    @property
    def short(self) -> str:
        return self.id[:SHORT]


@dataclass(frozen=True, slots=True)
class Sides:
    """The repository before the change and after it, and the paths that differ."""

    before: Snapshot
    after: Snapshot
    changed: frozenset[str]


@dataclass(frozen=True, slots=True)
class Moved:
    """Where a tag was when it was last seen; `forward`: what it names now comes after that in history."""

    was: Sha
    forward: bool


@dataclass(frozen=True, slots=True)
class Pushed:
    """A push: which branch or tag now names which commit, and whose account did it."""

    kind: RefKind
    name: str
    commit: Sha
    pusher: str  # login
    created: bool = False  # the branch or tag was not there before
    forced: bool = False  # what it named before is not in its history any more

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change, at one moment: a push, or what GitHub keeps beside the files compared with the last look."""

    repository: FullName
    taken_at: datetime
    default_branch: str = ""
    push: Pushed | None = None
    files: Fact[Sides] = Look.FILES.not_read  # where the change is no push: nothing before, all that is there after
    commits: Fact[tuple[Commit, ...]] = Look.COMMITS.not_read  # those that are new here, oldest first
    unrelated: bool = False  # what was pushed has no history in common with what was there
    stands_on: tuple[Commit, ...] = ()  # what is known of commits that were there before
    merged: Fact[frozenset[Sha]] = Look.MERGED.not_read  # commits that came with a pull request that was merged
    tag: Fact[Moved | None] = Look.TAG.not_read  # None: it is new, or names the same commit
    branches: Fact[tuple[str, ...]] = Look.BRANCHES.not_read  # that have the pushed commit
    held: Holdings | None = None  # now; None where the change is a push
    held_before: Holdings | None = None  # at the last look; None where there was none

    @property
    def on_default(self) -> bool:
        """Whether the default branch was pushed."""
        push = self.push
        return push is not None and push.kind is RefKind.BRANCH and push.name == self.default_branch

    @property
    def on_branch(self) -> bool:
        """Whether any branch was pushed."""
        return self.push is not None and self.push.kind is RefKind.BRANCH

    @property
    def on_tag(self) -> bool:
        """Whether a tag was pushed."""
        return self.push is not None and self.push.kind is RefKind.TAG
