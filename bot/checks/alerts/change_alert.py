"""Defines the base class of change alerts and the repository change that they inspect."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from bot.checks.check import Check, StricterWhen
from bot.detection import Publication
from bot.model.core_types import FullName, Severity, Sha
from bot.model.findings import Finding, MaybeKnown, ReadableFact, Unknown
from bot.model.identity_register import DeclaredIdentity
from bot.settings import RefKind, RepositorySettings, SettingsQuery
from bot.snapshot.repository_snapshot import Snapshot

SHORT_SHA_LENGTH = 7  # characters of a commit id that people read


class PushQuery(ReadableFact):
    """What an alert may read of a push: in words, and the App's permission that shows it.

    docs.github.com/rest/authentication/permissions-required-for-github-apps, seen 2026-11-24.
    """

    FILES = ("the files before and after the push", "contents: read")
    COMMITS = ("the commits that were pushed", "contents: read")
    MERGED_COMMITS = ("the pull requests that the commits came with", "pull_requests: read")
    PREVIOUS_TAG_COMMIT = ("where the tag was before", "contents: read")
    BRANCHES_WITH_COMMIT = ("which branches have the commit", "contents: read")
    RUN = ("the workflow run", "actions: read")


@dataclass(frozen=True, slots=True)
class PushedCommit:
    """One commit as its author wrote it: names and dates are the author's word, `verified` is GitHub's."""

    id: Sha
    author: str  # the login; where no account has the address, the name as written
    committer: str
    committed_at: datetime
    verified: bool = False  # its signature is that of the committer
    parents: tuple[Sha, ...] = ()

    @property
    def short(self) -> str:
        return self.id[:SHORT_SHA_LENGTH]


@dataclass(frozen=True, slots=True)
class SnapshotComparison:
    """The repository before the change and after it, and the paths that differ."""

    before: Snapshot
    after: Snapshot
    changed_paths: frozenset[str]


@dataclass(frozen=True, slots=True)
class TagMove:
    """Where a tag was when it was last seen; `forward`: what it names now comes after that in history."""

    previous_commit: Sha
    fast_forward: bool


@dataclass(frozen=True, slots=True)
class Push:
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
class EarlierRelease:
    """How a version that was accounted for left."""

    event: str
    from_tag: bool  # its run was for the tag of the version
    environment: str | None  # as written in the job; None: it named none
    starters: tuple[str, ...]  # logins


@dataclass(frozen=True, slots=True, kw_only=True)
class UngatedRun:
    """A workflow run that publishes where the gate is not asked, held against the policy and the releases before it."""

    id: int
    event: str
    workflow: str  # its path
    ref: str  # a branch's or tag's name
    from_tag: bool | None  # None: a branch and a tag may have that name, or neither
    starters: tuple[str, ...]  # logins
    publications: tuple[Publication, ...]  # that its event can reach, and whose environment does not ask the gate
    failed_conditions: tuple[Finding, ...] = ()  # of the gate's conditions that the policy enforces
    unknown: tuple[Unknown, ...] = ()
    earlier: tuple[EarlierRelease, ...] = ()
    register: tuple[DeclaredIdentity, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryChange:
    """One change, at one moment: a push, a workflow run, or what GitHub keeps beside the files compared with the last look."""

    repository: FullName
    observed_at: datetime
    default_branch: str = ""
    push: Push | None = None
    files: MaybeKnown[SnapshotComparison] = (
        PushQuery.FILES.not_read
    )  # where the change is no push: nothing before, all that is there after
    commits: MaybeKnown[tuple[PushedCommit, ...]] = PushQuery.COMMITS.not_read  # those that are new here, oldest first
    has_unrelated_history: bool = False  # what was pushed has no history in common with what was there
    earlier_commits: tuple[PushedCommit, ...] = ()  # what is known of commits that were there before
    merged_commits: MaybeKnown[frozenset[Sha]] = (
        PushQuery.MERGED_COMMITS.not_read
    )  # commits that came with a pull request that was merged
    tag_move: MaybeKnown[TagMove | None] = (
        PushQuery.PREVIOUS_TAG_COMMIT.not_read
    )  # None: it is new, or names the same commit
    branches_with_commit: MaybeKnown[tuple[str, ...]] = (
        PushQuery.BRANCHES_WITH_COMMIT.not_read
    )  # that have the pushed commit
    settings: RepositorySettings | None = None  # now; None where the change is a push
    settings_before: RepositorySettings | None = None  # at the last look; None where there was none
    run: UngatedRun | None = None  # None where the change is no workflow run

    @property
    def is_default_branch_push(self) -> bool:
        """Whether the default branch was pushed."""
        push = self.push
        return push is not None and push.kind is RefKind.BRANCH and push.name == self.default_branch

    @property
    def is_branch_push(self) -> bool:
        """Whether any branch was pushed."""
        return self.push is not None and self.push.kind is RefKind.BRANCH

    @property
    def is_tag_push(self) -> bool:
        """Whether a tag was pushed."""
        return self.push is not None and self.push.kind is RefKind.TAG


# What the options say of themselves; an alert with another default repeats the field with these.
SEVERITY_OPTION = {"means": "How bad a finding of this alert is.", "stricter": StricterWhen.HIGHER}
OPEN_ISSUE_OPTION = {
    "means": "Whether an issue is opened at once, beside the check run.",
    "stricter": StricterWhen.HIGHER,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeAlert(Check[RepositoryChange]):
    """An alert about a change; its title states what was seen. A weakness that was there before is for a rule to report."""

    reads: ClassVar[frozenset[PushQuery | SettingsQuery]] = frozenset({PushQuery.FILES})
    severity: Severity = field(default=Severity.HIGH, metadata=SEVERITY_OPTION)
    open_issue: bool = field(default=True, metadata=OPEN_ISSUE_OPTION)
