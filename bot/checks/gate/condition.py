"""Defines the base class of gate conditions and the pending deployment that they inspect."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from bot.checks.check import Check
from bot.model.core_types import Conclusion, FullName, Sha
from bot.model.findings import NOT_READ, Finding, FindingSubject, MaybeKnown, ReadableFact, settings_location
from bot.packages.versions import Package
from bot.settings import RefKind, RepositorySettings, SettingsQuery, all_unknown

SETTINGS_NOT_READ = all_unknown(NOT_READ)
SHORT_SHA_LENGTH = 7  # characters of a commit id that people read


class DeploymentQuery(ReadableFact):
    """What a condition may read of a waiting deployment: in words, and the App's permission that shows it.

    docs.github.com/rest/authentication/permissions-required-for-github-apps, seen 2026-11-24. The run itself is always read.
    """

    RUN = ("the workflow run that waits", "actions: read")
    CLOCK = ("what time it is by GitHub's clock", "metadata: read")
    REFS = ("the branch or tag that the run is for", "contents: read")
    BRANCHES_WITH_COMMIT = ("which branch has the commit", "contents: read")
    RELEASE_FILES = ("what the release runs, here and on the default branch", "contents: read")
    CHECK_RUN = ('the check run "publishing" of the commit', "checks: read")
    APPROVALS = ("who approved the deployment", "actions: read")
    COMMIT_AUTHORS = ("who made the commit", "contents: read")
    OUTGOING_VERSIONS = ("which version is to leave, and which versions its registry has", "contents: read")
    UNREVIEWED_IDENTITIES = ("which identities of the release await a review", "metadata: read")
    PROTECTION = ("the protection of the environment, now and before", "actions: read")
    PREVIOUS_RELEASE = ("when something was last released from the environment", "deployments: read")


@dataclass(frozen=True, slots=True)
class PendingRun:
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
    called_workflows: Mapping[str, str] = field(default_factory=dict)

    @property
    def started_by(self) -> tuple[str, ...]:
        """Who started it, each once."""
        return tuple(dict.fromkeys((self.actor, self.triggering_actor)))


@dataclass(frozen=True, slots=True)
class ResolvedRef:
    """A branch or tag, and the commit that it names now."""

    kind: RefKind
    name: str
    commit: Sha

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """One file that the release runs and that differs; lines without their ends, the first few of each."""

    path: str
    difference: str  # "is changed", "is not there", "was not there" …
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReleaseFiles:
    """What decides what the release does: its workflow and all that this calls, held against what may release."""

    file_count: int
    differences_from_default_branch: tuple[ChangedFile, ...]  # where it differs from the default branch
    differences_from_last_release: (
        tuple[ChangedFile, ...] | None
    )  # from what was last let through; None: nothing was, or nobody knows
    moved_calls: tuple[
        str, ...
    ] = ()  # workflows of others that are called by a name, which means other files than last time


@dataclass(frozen=True, slots=True)
class DeploymentApprovals:
    """Who approved this environment's deployments of the run, so far, in all its attempts."""

    required: bool  # whether the environment asks anybody
    approvers: tuple[str, ...] = ()  # people by login, one for each approval
    approving_bots: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OutgoingVersion:
    """One package that may leave through the environment."""

    package: Package
    declared_version: str | None  # the version that its manifest says; None: something else computes it
    published_versions: frozenset[str] = (
        frozenset()
    )  # of the registry's versions: that one, and those that the run's ref names


@dataclass(frozen=True, slots=True)
class HeldIdentity:
    """An identity of the release that awaits an answer in its access review, or was rejected there."""

    name: str  # in a sentence: "the secret PYPI_TOKEN"
    reason: str  # a clause: "its review was due on 2026-11-01"
    rejected: bool = False


@dataclass(frozen=True, slots=True)
class ProtectionChange:
    """What an environment no longer protects from, each a predicate, and when that was first seen."""

    losses: tuple[str, ...]
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingDeployment:
    """One deployment that waits, at one moment. The clock is GitHub's, and enters as `now`."""

    repository: FullName
    environment: str
    run: PendingRun
    default_branch: str = ""
    html_url: str = (
        ""  # the repository's address for people, without a slash at its end; empty where GitHub did not say
    )
    now: MaybeKnown[datetime] = DeploymentQuery.CLOCK.not_read
    refs: MaybeKnown[tuple[ResolvedRef, ...]] = (
        DeploymentQuery.REFS.not_read
    )  # all of the run's name: a branch and a tag may share one
    # Of the default branch and those that the policy names, one that has the commit.
    branches_with_commit: MaybeKnown[frozenset[str]] = DeploymentQuery.BRANCHES_WITH_COMMIT.not_read
    release_files: MaybeKnown[ReleaseFiles] = DeploymentQuery.RELEASE_FILES.not_read
    check_conclusion: MaybeKnown[Conclusion] = DeploymentQuery.CHECK_RUN.not_read
    approvals: MaybeKnown[DeploymentApprovals] = DeploymentQuery.APPROVALS.not_read
    commit_authors: MaybeKnown[tuple[str, ...]] = (
        DeploymentQuery.COMMIT_AUTHORS.not_read
    )  # logins of the commit's author and committer
    outgoing_versions: MaybeKnown[tuple[OutgoingVersion, ...]] = DeploymentQuery.OUTGOING_VERSIONS.not_read
    previous_release_at: MaybeKnown[datetime | None] = (
        DeploymentQuery.PREVIOUS_RELEASE.not_read
    )  # of another run; None: nothing was
    unreviewed_identities: MaybeKnown[tuple[HeldIdentity, ...]] = DeploymentQuery.UNREVIEWED_IDENTITIES.not_read
    protection_change: MaybeKnown[ProtectionChange | None] = (
        DeploymentQuery.PROTECTION.not_read
    )  # None: it protects as it did, or the change was confirmed
    settings: RepositorySettings = SETTINGS_NOT_READ

    @property
    def short_commit(self) -> str:
        return self.run.commit[:SHORT_SHA_LENGTH]


@dataclass(frozen=True, slots=True, kw_only=True)
class GateCondition(Check[PendingDeployment]):
    """A condition that a waiting deployment must meet. It has no severity: the deployment proceeds or it does not."""

    reads: ClassVar[frozenset[DeploymentQuery | SettingsQuery]] = frozenset({DeploymentQuery.RUN})

    @property
    def is_configured(self) -> bool:
        """Whether its options require anything; nothing is read for a condition that requires nothing."""
        return True

    def applies(self, deployment: PendingDeployment) -> bool:
        del deployment
        return self.is_configured


def deployment_finding(deployment: PendingDeployment, message: str, fix: str) -> Finding:
    """Return a finding about a waiting deployment; its place is the run."""
    about = FindingSubject(environment=deployment.environment)
    return Finding(settings_location(f"actions/runs/{deployment.run.id}"), message, fix, subject=about)
