"""Environments, workflow runs with their jobs, deployments and releases."""

from dataclasses import dataclass, field

from tests.fakes.github.json_types import Json
from tests.fakes.github.state.accounts import FakeAccount, FakeTeam
from tests.fakes.github.state.secrets import FakeSecretStore


@dataclass(eq=False)
class FakeEnvironment:
    """A deployment environment with everything that protects it."""

    id: int
    name: str
    created: float
    updated: float
    wait_timer: int = 0  # minutes
    reviewers: list[FakeAccount | FakeTeam] = field(default_factory=list)
    prevent_self_review: bool = False
    admins_bypass: bool = True
    branch_policy: str | None = None  # None: any ref; protected: protected branches; custom: the patterns below
    ref_patterns: dict[int, tuple[str, str]] = field(default_factory=dict)  # id -> (pattern, branch or tag)
    rules: dict[int, int] = field(default_factory=dict)  # custom protection rule id -> App id
    secrets: FakeSecretStore = field(default_factory=FakeSecretStore)


@dataclass(eq=False)
class FakeJob:
    """One job of one attempt of a run."""

    id: int
    name: str
    attempt: int
    status: str  # queued, in_progress, completed, waiting
    conclusion: str | None
    started: float
    completed: float | None
    steps: list[Json] = field(default_factory=list)
    labels: list[str] = field(default_factory=lambda: ["ubuntu-latest"])
    environment: str | None = None


@dataclass(eq=False)
class FakePendingDeployment:
    """A job's wait at an environment: what each custom rule and reviewer still owes."""

    environment: str
    deployment: int
    waiting_since: float
    rule_states: dict[int, str | None]  # App id -> None while pending, then approved or rejected
    comments: list[str] = field(default_factory=list)
    reports: dict[int, list[str]] = field(default_factory=dict)  # App id -> status reports so far
    review: str | None = None  # None while no reviewer is asked for, else pending, approved, rejected


@dataclass(eq=False)
class FakeWorkflowRun:
    """A workflow run."""

    id: int
    number: int
    path: str
    name: str
    event: str
    head_sha: str
    head_branch: str | None
    actor: FakeAccount
    triggering_actor: FakeAccount
    created: float
    updated: float
    attempt: int = 1
    status: str = "queued"
    conclusion: str | None = None
    jobs: list[FakeJob] = field(default_factory=list)
    pending_deployments: dict[str, FakePendingDeployment] = field(default_factory=dict)
    approvals: list[Json] = field(default_factory=list)
    referenced_workflows: list[Json] = field(default_factory=list)
    suite: int = 0


@dataclass(eq=False)
class FakeDeployment:
    """A deployment, made by a job that names an environment."""

    id: int
    sha: str
    ref: str
    environment: str
    creator: FakeAccount
    created: float
    statuses: list[Json] = field(default_factory=list)


@dataclass(eq=False)
class FakeRelease:
    """A release; `immutable` is what the repository's setting said when it was published."""

    id: int
    tag: str
    target_commitish: str
    name: str | None
    body: str | None
    author: FakeAccount
    created: float
    published: float | None
    draft: bool = False
    prerelease: bool = False
    immutable: bool = False
    assets: list[Json] = field(default_factory=list)
