"""Defines workflow runs, tags, releases and the trace of a version, and matches version numbers with tag names."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.detection import Publication
from bot.model.core_types import FullName, RepositoryId, Sha
from bot.model.findings import Known, MaybeKnown, Unknown
from bot.packages.versions import Package, PackageFile, PackageVersion, TraceStatus, same_version
from bot.provenance.attestations import AttestationResults
from bot.workflows import Workflow

NOT_REQUESTED = "nobody asked for it"
APPROVALS_NOT_REQUESTED = Unknown("who approved the deployment", NOT_REQUESTED, "actions: read")
COMMIT_AUTHORS_NOT_REQUESTED = Unknown("who made the commit", NOT_REQUESTED, "contents: read")
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
    commit_authors: MaybeKnown[tuple[str, ...]] = COMMIT_AUTHORS_NOT_REQUESTED  # of the commit's author and committer

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


TAG_NOT_REQUESTED = Unknown("the tag of the version", NOT_REQUESTED, "contents: read")
RELEASE_NOT_REQUESTED = Unknown("the release of the tag", NOT_REQUESTED, "contents: read")
PROVENANCE_NOT_REQUESTED = Unknown("the provenance of the version", NOT_REQUESTED)


@dataclass(frozen=True, slots=True)
class TraceEvidence:
    """All that was seen that may account for one version."""

    repository: FullName
    provenance: MaybeKnown[AttestationResults]  # nothing in it: its registry offers none of this version
    runs: MaybeKnown[tuple[WorkflowRun, ...]]  # those that may have sent it
    commit_publications: Mapping[Sha, MaybeKnown[CommitPublications]]  # of the commits of those runs
    tag: MaybeKnown[VersionTag | None] = TAG_NOT_REQUESTED
    release: MaybeKnown[GitHubRelease | None] = RELEASE_NOT_REQUESTED
    repository_id: RepositoryId | None = None  # stays when the repository is renamed
    supports_provenance: bool = True  # whether its registry takes provenance that can be verified
    earlier_versions: tuple[PackageVersion, ...] = ()  # the versions before it, oldest first

    @property
    def known_tag(self) -> VersionTag | None:
        """The tag that names the version, if it is known that there is one."""
        return self.tag.value if isinstance(self.tag, Known) else None


@dataclass(frozen=True, slots=True)
class PublishStepRun:
    """The step that sent a version, or was to: what the workflow says, and what ran."""

    publication: Publication
    run: WorkflowRun  # with the jobs of the attempt that is meant, and none beside the one below
    job: JobRun | None  # None: it has not begun, or no job of that name is in the run
    step: StepRun | None


class TraceProblem(StrEnum):
    """What keeps a version from being accounted for."""

    NO_RUN = "no run"  # nothing of ours can have sent it
    NO_PUBLISH_STEP = "no publisher"  # the run that is said to have sent it has no step that publishes there
    STEP_NOT_SUCCESSFUL = "step"  # the step that publishes did not succeed: skipped, failed, never begun
    OTHER_WORKLOAD = "other workload"  # it is said to come from another repository, workflow, commit or run
    PROVENANCE_REJECTED = "refused"  # its provenance does not verify
    PROVENANCE_MISSING = "lost"  # it has no provenance, and versions before it have
    FILE_MISMATCH = "files"  # a file of it is not what was attested
    RUN_NOT_COMPLETED = "waiting"  # a run that may have sent it is not over
    UNKNOWN = "unknown"  # something needed was kept from us


# What more patience does not mend: registry, certificate or GitHub say otherwise.
_CONTRADICTIONS = frozenset(
    {
        TraceProblem.STEP_NOT_SUCCESSFUL,
        TraceProblem.OTHER_WORKLOAD,
        TraceProblem.PROVENANCE_REJECTED,
        TraceProblem.FILE_MISMATCH,
    }
)


@dataclass(frozen=True, slots=True)
class TraceReason:
    """Why a version is not accounted for, or not yet."""

    problem: TraceProblem
    text: str  # one sentence without its full stop; repository text in it is escaped by whoever shows it

    @property
    def contradicts(self) -> bool:
        """Whether something that was seen speaks against the version: waiting longer would not help."""
        return self.problem in _CONTRADICTIONS

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class VersionTrace:
    """Whether a version is accounted for, why not, and the chain of evidence as far as it reaches."""

    version: PackageVersion
    repository: FullName
    status: TraceStatus
    traced_at: datetime
    reasons: tuple[TraceReason, ...] = ()  # why it is not accounted for, or not yet
    notes: tuple[str, ...] = ()  # what else is worth a look, and does not decide
    step_run: PublishStepRun | None = None
    tag: VersionTag | None = None
    release: GitHubRelease | None = None
    provenance: MaybeKnown[AttestationResults] = PROVENANCE_NOT_REQUESTED
    supports_provenance: bool = True  # whether its registry takes provenance that can be verified

    @property
    def contradicted(self) -> bool:
        """Whether something that was seen speaks against it."""
        return any(reason.contradicts for reason in self.reasons)

    @property
    def approvers(self) -> tuple[str, ...]:
        """The people who let it go to its environment, each once; nobody where that is unknown."""
        return self._list_approvers(bots=False)

    @property
    def approving_bots(self) -> tuple[str, ...]:
        """The machine accounts that let it go."""
        return self._list_approvers(bots=True)

    @property
    def independent_approvers(self) -> tuple[str, ...]:
        """The people who let it go and neither started the run nor made its commit, as far as that is known."""
        run = self.step_run.run if self.step_run else None
        makers = run.commit_authors.value if run and isinstance(run.commit_authors, Known) else ()
        own = {login.casefold() for login in (*(run.starters if run else ()), *makers)}
        return tuple(login for login in self.approvers if login.casefold() not in own)

    def _list_approvers(self, *, bots: bool) -> tuple[str, ...]:
        if self.step_run is None or isinstance(self.step_run.run.approvals, Unknown):
            return ()
        place = (self.step_run.publication.environment or "").casefold()
        place = "" if "${{" in place else place  # an expression: which of the run's environments it was is not known
        found = (
            each.login
            for each in self.step_run.run.approvals.value
            if each.approved and each.is_bot is bots and (not place or place in map(str.casefold, each.environments))
        )
        return tuple(dict.fromkeys(found))


_IMAGE_REGISTRIES = ("docker-hub", "ghcr")  # where a version is a tag of an image

# `{short}` is the package without its scope or group. Seen in release-please, changesets, lerna, cargo-release, goreleaser and Go.
_TAG_FORMATS = (
    "v{version}",
    "{version}",
    "{name}@{version}",
    "{name}@v{version}",
    "{short}@{version}",
    "{short}-v{version}",
    "{short}-{version}",
    "{short}/v{version}",
    "{short}/{version}",
    "release-{version}",
    "release-v{version}",
    "release/v{version}",
    "release/{version}",
    "{short}_v{version}",
)

_RELEASE_LINE = re.compile(r"(\d{1,3}|\d+(?:\.\d+)+)(?:\.[xX*])?", re.ASCII)  # 1, 1.2, 1.x; more digits alone are a day
_FULL_VERSION = re.compile(r"\d+\.\d+\.\d+", re.ASCII)


def tag_names(package: Package, number: str) -> tuple[str, ...]:
    """Return the names of tags that may be a version's, the likeliest first."""
    bare = number.removeprefix("v")  # Go writes versions as it writes tags
    names = (each.format(name=package.name, short=_unscoped_name(package), version=bare) for each in _TAG_FORMATS)
    return tuple(dict.fromkeys(name for name in names if _is_valid_tag(name)))


def names_version(tag: str, package: Package, number: str) -> bool:
    """Whether a tag may be a version's, however either spells it."""
    number_in_tag = version_in_tag(tag, package)
    return tag in tag_names(package, number) or (
        number_in_tag is not None and same_version(package.registry, number_in_tag, number)
    )


def version_in_tag(tag: str, package: Package) -> str | None:
    """Return the version of a package that a tag names, without a `v` before it; None where it names none, or another package's."""
    for written in sorted(_TAG_FORMATS, key=len, reverse=True):
        start = written.format(name=package.name, short=_unscoped_name(package), version="")
        rest = tag.removeprefix(start)
        if tag.startswith(start) and rest[:1].isdigit():
            return rest
    return None


def is_floating_tag(version: PackageVersion) -> bool:
    """Whether a version is an image's tag that goes from one release to the next: `latest`, `1.2`, `alpine`."""
    return (
        version.package.registry in _IMAGE_REGISTRIES and _FULL_VERSION.match(version.number.removeprefix("v")) is None
    )


def names_other_version(ref: str, version: PackageVersion) -> bool:
    """Whether a ref names another version of its package, or another line of them.

    A branch such as `release-1.2` or `1.x` names 1.2.0 well enough; one that is named for a day, or otherwise, names no version. What
    floats goes with any release, but `1.2` only with those of 1.2.
    """
    number = version_in_tag(ref, version.package) or ""
    line = _RELEASE_LINE.fullmatch(number)
    number_in_ref = line[1] if line else number if _FULL_VERSION.match(number) else None
    if number_in_ref is None:
        return False
    own = version.number.removeprefix("v")
    if is_floating_tag(version):
        part, whole = f"{own.partition('-')[0]}.", f"{number_in_ref}."
        return own[:1].isdigit() and not (whole.startswith(part) or part.startswith(whole))
    return not own.startswith(number_in_ref) or own[len(number_in_ref) : len(number_in_ref) + 1].isdigit()


def _unscoped_name(package: Package) -> str:
    """Return the last part of a package's name: `cli` of `@acme/cli`, `core` of `com.acme:core`."""
    return package.name.replace(":", "/").rstrip("/").rpartition("/")[2]


def _is_valid_tag(name: str) -> bool:
    """Whether git allows the name: git-scm.com/docs/git-check-ref-format."""
    barred = set(" ~^:?*[\\")
    plain = name.isprintable() and not barred & set(name) and ".." not in name and "@{" not in name and "//" not in name
    return plain and not name.startswith(("/", ".", "-")) and not name.endswith(("/", ".", ".lock"))
