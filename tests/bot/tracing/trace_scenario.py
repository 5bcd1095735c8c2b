"""How the tests of this room tell a story: a workflow, one run of it, and a version that may have come from there."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache

from bot.model.core_types import FullName, RegistryId, Sha
from bot.model.findings import Known, MaybeKnown
from bot.packages.versions import Package, PackageFile, PackageVersion, PublisherKind, Workload
from bot.provenance.attestations import AttestationKind, AttestationResults, VerifiedAttestation
from bot.registries import Catalog, load_catalog
from bot.snapshot.repository_snapshot import take_snapshot
from bot.tracing import (
    CommitPublications,
    DeploymentApproval,
    JobRun,
    StepRun,
    TraceEvidence,
    VersionTag,
    VersionTrace,
    WorkflowRun,
    build_version_trace,
)
from tests.app.acme import RELEASE_WORKFLOW_PATH, TRUSTED_PUBLISHING

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
SOON, LATER = NOON + timedelta(minutes=2), NOON + timedelta(hours=1)
WIDGETS = FullName("acme/widgets")
COMMIT = Sha("a" * 40)
PUBLISH = "Run pypa/gh-action-pypi-publish@release/v1"
STEPS = ("Set up job", "Run actions/download-artifact@v5", PUBLISH, "Complete job")
WHEEL = PackageFile("widgets-1.2.0-py3-none-any.whl", {"sha256": "1" * 64})


@cache
def catalog() -> Catalog:
    return load_catalog()


@cache
def plan(workflow: str = TRUSTED_PUBLISHING, **more: str) -> CommitPublications:
    """What a commit with this release.yml, and `more` files by path, publishes."""
    files = {RELEASE_WORKFLOW_PATH: workflow, **more}
    taken = take_snapshot(WIDGETS, COMMIT, NOON, {path: text.encode() for path, text in files.items()}, catalog())
    return CommitPublications(taken.snapshot.publications, taken.snapshot.workflows)


def job(name: str = "publish", *ended: str, at: datetime = NOON, steps: tuple[str, ...] = STEPS) -> JobRun:
    """A job that ran for a minute; `ended` are its steps' conclusions, all `success` unless said."""
    conclusions = ended or ("success",) * len(steps)
    end = at + timedelta(minutes=1)
    ran = tuple(
        StepRun(number, step, conclusion, at, end)
        for number, (step, conclusion) in enumerate(zip(steps, conclusions, strict=True), 1)
    )
    worst = next((each for each in conclusions if each not in ("success", "skipped")), "success")
    return JobRun(1, name, 1, worst, at, end, steps=ran)


def run(*jobs: JobRun, number: int = 7, commit: Sha = COMMIT, conclusion: str = "success") -> WorkflowRun:
    """A run of release.yml for the tag v1.2.0, started by alice and approved by bob."""
    approved: MaybeKnown[tuple[DeploymentApproval, ...]] = Known(
        (DeploymentApproval("bob", is_bot=False, environments=("pypi",), approved=True),)
    )
    return WorkflowRun(
        number,
        1,
        "push",
        RELEASE_WORKFLOW_PATH,
        commit,
        "v1.2.0",
        "alice",
        "alice",
        conclusion,
        NOON,
        jobs or (job(),),
        approved,
        commit_authors=Known(("alice",)),
    )


def version(number: str = "1.2.0", registry: str = "pypi", name: str = "widgets", **more: object) -> PackageVersion:
    """A version that appeared half a minute after noon."""
    package = Package(RegistryId(registry), name)
    made = PackageVersion(
        package, number, NOON + timedelta(seconds=30), PublisherKind.TRUSTED_PUBLISHER, files=(WHEEL,)
    )
    return replace(made, **more)  # type: ignore[arg-type]  # fields of Version, as a story names them


def workload(**more: object) -> Workload:
    """What a certificate of the run says."""
    said = Workload(WIDGETS, RELEASE_WORKFLOW_PATH, "refs/tags/v1.2.0", COMMIT, "push", "github-hosted", "pypi", 7, 1)
    return replace(said, **more)  # type: ignore[arg-type]  # fields of Workload, as a story names them


def attestation(claimed: Workload | None = None, *files: PackageFile) -> AttestationResults:
    """Provenance that verified."""
    one = VerifiedAttestation(
        AttestationKind.PYPI, None, claimed or workload(), None, "acme", None, NOON, files or (WHEEL,)
    )
    return AttestationResults((one,))


def clues(*runs: WorkflowRun, **more: object) -> TraceEvidence:
    """All that was seen: these runs, a tag at their commit, no provenance."""
    plans = {ran.commit: Known(plan()) for ran in runs}
    seen = TraceEvidence(
        WIDGETS, Known(AttestationResults()), Known(runs), plans, tag=Known(VersionTag("v1.2.0", COMMIT))
    )
    return replace(seen, **more)  # type: ignore[arg-type]  # fields of Clues, as a story names them


def trace_version(version: PackageVersion, clues: TraceEvidence, now: datetime = LATER) -> VersionTrace:
    """Account for a version an hour later, unless said."""
    return build_version_trace(version, clues, now)


def status_and_reasons(version: PackageVersion, clues: TraceEvidence, now: datetime = LATER) -> tuple[str, ...]:
    """The standing and each reason, as people read them."""
    found = trace_version(version, clues, now)
    return (found.status.value, *map(str, found.reasons))
