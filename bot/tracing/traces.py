"""What ran, in GitHub's words: runs, jobs, steps, approvals, tags, releases; and what a commit's workflows say of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.detection import Publication
from bot.model.core_types import Sha
from bot.model.findings import Fact, Unseen
from bot.packages.versions import File
from bot.workflows import Workflow

NOT_ASKED = "nobody asked for it"
NO_APPROVALS = Unseen("who approved the deployment", NOT_ASKED, "actions: read")
SUCCESS = "success"


@dataclass(frozen=True, slots=True)
class StepRan:
    """One step of a job as it ran."""

    number: int
    name: str
    conclusion: str  # success, failure, skipped, cancelled …; empty while it runs
    started: datetime | None = None
    completed: datetime | None = None


@dataclass(frozen=True, slots=True)
class JobRan:
    """One job of one attempt of a run."""

    id: int
    name: str
    attempt: int
    conclusion: str  # as of a step
    started: datetime | None = None
    completed: datetime | None = None
    labels: tuple[str, ...] = ()  # of the runner that was asked for
    steps: tuple[StepRan, ...] = ()


@dataclass(frozen=True, slots=True)
class Approval:
    """Somebody let deployments of a run to environments go, or did not. GitHub does not say for which attempt."""

    by: str  # login
    bot: bool  # nobody is behind it
    environments: tuple[str, ...]
    approved: bool


@dataclass(frozen=True, slots=True)
class Ran:
    """A workflow run with its jobs. Logins are GitHub's."""

    id: int
    attempt: int  # the latest
    event: str
    workflow: str  # its path
    commit: Sha
    ref: str  # a branch's or tag's name: GitHub does not say which
    actor: str  # who caused the first attempt
    triggering_actor: str  # who caused the latest
    conclusion: str = ""  # empty while it runs
    started: datetime | None = None
    jobs: tuple[JobRan, ...] = ()  # of all attempts
    approvals: Fact[tuple[Approval, ...]] = NO_APPROVALS
    web: str = ""  # its page for people

    @property
    def starters(self) -> tuple[str, ...]:
        """Who started it, each once."""
        return tuple(dict.fromkeys((self.actor, self.triggering_actor)))

    @property
    def over(self) -> bool:
        return bool(self.conclusion)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a commit publishes, and the workflows that say so."""

    publications: tuple[Publication, ...]
    workflows: Mapping[str, Workflow] = field(default_factory=dict)  # by path


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag that names a version, and the commit that it names now."""

    name: str
    commit: Sha


@dataclass(frozen=True, slots=True)
class Release:
    """GitHub's release of a tag."""

    tag: str
    immutable: bool
    author: str  # login
    files: tuple[File, ...] = ()
    web: str = ""
