"""What ran, in GitHub's words: runs, jobs, steps, approvals, tags, releases; and what a commit's workflows say of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.detection import Publication
from bot.model.core_types import Sha
from bot.model.findings import MaybeKnown, Unknown
from bot.packages.versions import PackageFile
from bot.workflows import Workflow

NOT_REQUESTED = "nobody asked for it"
APPROVALS_NOT_REQUESTED = Unknown("who approved the deployment", NOT_REQUESTED, "actions: read")
SUCCESS = "success"


@dataclass(frozen=True, slots=True)
class StepRun:
    """One step of a job as it ran."""

    number: int
    name: str
    conclusion: str  # success, failure, skipped, cancelled …; empty while it runs
    started_at: datetime | None = None
    completed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class JobRun:
    """One job of one attempt of a run."""

    id: int
    name: str
    attempt: int
    conclusion: str  # as of a step
    started_at: datetime | None = None
    completed_at: datetime | None = None
    labels: tuple[str, ...] = ()  # of the runner that was asked for
    steps: tuple[StepRun, ...] = ()


@dataclass(frozen=True, slots=True)
class DeploymentApproval:
    """Somebody let deployments of a run to environments go, or did not. GitHub does not say for which attempt."""

    login: str  # login
    is_bot: bool  # nobody is behind it
    environments: tuple[str, ...]
    approved: bool


@dataclass(frozen=True, slots=True)
class WorkflowRun:
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
    started_at: datetime | None = None
    jobs: tuple[JobRun, ...] = ()  # of all attempts
    approvals: MaybeKnown[tuple[DeploymentApproval, ...]] = APPROVALS_NOT_REQUESTED
    html_url: str = ""  # its page for people

    @property
    def starters(self) -> tuple[str, ...]:
        """Who started it, each once."""
        return tuple(dict.fromkeys((self.actor, self.triggering_actor)))

    @property
    def is_completed(self) -> bool:
        return bool(self.conclusion)


@dataclass(frozen=True, slots=True)
class CommitPublications:
    """What a commit publishes, and the workflows that say so."""

    publications: tuple[Publication, ...]
    workflows: Mapping[str, Workflow] = field(default_factory=dict)  # by path


@dataclass(frozen=True, slots=True)
class VersionTag:
    """A tag that names a version, and the commit that it names now."""

    name: str
    commit: Sha


@dataclass(frozen=True, slots=True)
class GitHubRelease:
    """GitHub's release of a tag."""

    tag: str
    immutable: bool
    author: str  # login
    files: tuple[PackageFile, ...] = ()
    html_url: str = ""
