"""A deployment that waits at a gate: all that a condition may know of it. Values, without a telephone or a clock."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.model.core_types import Conclusion, FullName, Sha
from bot.model.findings import NOT_READ, Fact, Readable
from bot.packages.versions import Package
from bot.settings import Holdings, RefKind, nothing_seen

NO_HOLDINGS = nothing_seen(NOT_READ)
SHORT = 7  # characters of a commit id that people read


class Look(Readable):
    """What a condition may read of a waiting deployment: in words, and the App's permission that shows it.

    docs.github.com/rest/authentication/permissions-required-for-github-apps, seen 2026-11-24. The run itself is always read.
    """

    RUN = ("the workflow run that waits", "actions: read")
    CLOCK = ("what time it is by GitHub's clock", "metadata: read")
    REFS = ("the branch or tag that the run is for", "contents: read")
    REACH = ("which branch has the commit", "contents: read")
    AUTHORITY = ("what the release runs, here and on the default branch", "contents: read")
    CHECK = ('the check run "publishing" of the commit', "checks: read")
    APPROVALS = ("who approved the deployment", "actions: read")
    MAKERS = ("who made the commit", "contents: read")
    GOING = ("which version is to leave, and which versions its registry has", "contents: read")
    PREVIOUS = ("when something was last released from the environment", "deployments: read")


@dataclass(frozen=True, slots=True)
class Run:
    """The workflow run whose job waits. Logins and names are GitHub's."""

    id: int
    attempt: int
    event: str
    workflow: str  # its path
    commit: Sha
    ref: str  # a branch's or tag's name: GitHub does not say which
    actor: str  # who caused the first attempt
    triggering_actor: str  # who caused this one
    # Workflows that it calls, with repository and ref -> commit.
    called: Mapping[str, str] = field(default_factory=dict)

    @property
    def starters(self) -> tuple[str, ...]:
        """Who started it, each once."""
        return tuple(dict.fromkeys((self.actor, self.triggering_actor)))


@dataclass(frozen=True, slots=True)
class Ref:
    """A branch or tag, and the commit that it names now."""

    kind: RefKind
    name: str
    commit: Sha

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class Change:
    """One file that the release runs and that differs; lines without their ends, the first few of each."""

    path: str
    what: str  # "is changed", "is not there", "was not there" …
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Authority:
    """What decides what the release does: its workflow and all that this calls, held against what may release."""

    files: int
    against_branch: tuple[Change, ...]  # where it differs from the default branch
    against_approved: tuple[Change, ...] | None  # from what was last let through; None: nothing was, or nobody knows
    moved: tuple[str, ...] = ()  # workflows of others that are called by a name, which means other files than last time


@dataclass(frozen=True, slots=True)
class Approvals:
    """Who approved this environment's deployments of the run, so far, in all its attempts."""

    asks: bool  # whether the environment asks anybody
    by: tuple[str, ...] = ()  # people by login, one for each approval
    by_bots: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Going:
    """One package that may leave through the environment."""

    package: Package
    declared: str | None  # the version that its manifest says; None: something else computes it
    there: frozenset[str] = frozenset()  # of the registry's versions: that one, and those that the run's ref names


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """One deployment that waits, at one moment. The clock is GitHub's, and enters as `now`."""

    repository: FullName
    environment: str
    run: Run
    default_branch: str = ""
    web: str = ""  # the repository's address for people, without a slash at its end; empty where GitHub did not say
    now: Fact[datetime] = Look.CLOCK.not_read
    refs: Fact[tuple[Ref, ...]] = Look.REFS.not_read  # all of the run's name: a branch and a tag may share one
    # Of the default branch and those that the policy names, one that has the commit.
    reached: Fact[frozenset[str]] = Look.REACH.not_read
    authority: Fact[Authority] = Look.AUTHORITY.not_read
    check: Fact[Conclusion] = Look.CHECK.not_read
    approvals: Fact[Approvals] = Look.APPROVALS.not_read
    makers: Fact[tuple[str, ...]] = Look.MAKERS.not_read  # logins of the commit's author and committer
    going: Fact[tuple[Going, ...]] = Look.GOING.not_read
    previous: Fact[datetime | None] = Look.PREVIOUS.not_read  # of another run; None: nothing was
    holdings: Holdings = NO_HOLDINGS

    @property
    def commit(self) -> str:
        return self.run.commit[:SHORT]
