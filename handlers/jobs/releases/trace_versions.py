"""Traces published versions to workflow runs, in every repository that claims the package."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.github.client import ReadOnlyClient
from bot.github.commit_query import Revision
from bot.github.commit_state import CommitReader
from bot.github.git_data import find_tag, read_release
from bot.github.github_errors import AccessError, InstallationError, RefusedError
from bot.github.settings.read_known import read_known
from bot.github.workflow_runs import (
    add_jobs_and_approvals,
    read_runs_created_between,
    read_runs_of_commit,
    read_workflow_run,
)
from bot.model.core_types import FullName, RegistryId, RepositoryId
from bot.model.errors import ConfigurationError
from bot.model.findings import Known, MaybeKnown, ReadableFact, Unknown
from bot.packages.http_client import RegistryResponseError
from bot.packages.package_reader import read_provenance, supports_provenance
from bot.packages.publish_history import Observation, WatchedPackage
from bot.packages.versions import PackageVersion, PublisherKind, TraceStatus, Workload
from bot.provenance.attestations import AttestationResults
from bot.tracing import (
    GRACE_PERIOD,
    CommitPublications,
    GitHubRelease,
    TraceEvidence,
    TraceProblem,
    VersionTag,
    VersionTrace,
    WorkflowRun,
    build_version_trace,
)
from bot.tracing.publish_steps import publish_step_runs, publishes_in_job, reachable_jobs
from bot.tracing.traces import tag_names
from bot.tracing.version_tracing import IdentityClaim, identity_claims
from handlers.config.context import Context
from handlers.jobs.snapshot_reader import follow_files
from handlers.queue.job_specs import CheckRelease
from handlers.records.trace_store import TraceStore
from handlers.records.watch_store import PackageClaim, PackageWatch

MAX_RUN_DURATION = timedelta(days=3)  # before a version, when its run was asked for: it may have waited for an approval
CLOCK_SKEW = timedelta(minutes=10)  # after it: clocks differ
MAX_RUNS_READ = 8  # runs whose jobs are read for one version, the newest first
HEAD = "HEAD"
PROVENANCE = "the provenance of the version"


class TraceQuery(ReadableFact):
    """What is read from GitHub to trace a version."""

    TAG = ("the tag of the version", "contents: read")
    RELEASE = ("the release of the tag", "contents: read")
    RUNS = ("the runs that may have sent it", "actions: read")
    PUBLICATIONS = ("what a commit publishes", "contents: read")


class VersionTracer:
    """Traces versions in one repository; what was read once is not read again."""

    def __init__(
        self, context: Context, client: ReadOnlyClient, repository: FullName, repository_id: RepositoryId
    ) -> None:
        self._context = context
        self._client = client
        self._repository = repository
        self._repository_id = repository_id
        self._plans: dict[str, MaybeKnown[CommitPublications]] = {}
        self._runs: dict[int, WorkflowRun] = {}
        self._releases: dict[str, MaybeKnown[GitHubRelease | None]] = {}

    def trace_version(
        self,
        version: PackageVersion,
        earlier: Sequence[PackageVersion] = (),
        grace: timedelta = GRACE_PERIOD,
        first_seen: datetime | None = None,
    ) -> VersionTrace:
        """Trace a version; `earlier` are those before it, oldest first, and `first_seen` is when it was first seen.

        Raises RetryLaterError (RegistryUnreachableError is one) when GitHub or the registry wants to be asked later.
        """
        client, repository = self._client, self._repository
        names = tag_names(version.package, version.number)
        tag = read_known(TraceQuery.TAG, lambda: find_tag(client, repository, names))
        provenance = self._provenance(version)
        claims = identity_claims(version, provenance)
        runs: MaybeKnown[tuple[WorkflowRun, ...]] = read_known(
            TraceQuery.RUNS, lambda: self._candidates(version, claims, tag)
        )
        candidates = runs.value if isinstance(runs, Known) else ()
        evidence = TraceEvidence(
            repository=repository,
            repository_id=self._repository_id,
            provenance=provenance,
            runs=runs,
            commit_publications={run.commit: self._plan(run.commit) for run in candidates},
            tag=tag,
            release=self._release(tag),
            supports_provenance=supports_provenance(version.package.registry),
            earlier_versions=tuple(earlier),
        )
        return build_version_trace(version, evidence, self._context.clock(), grace, first_seen)

    def _provenance(self, version: PackageVersion) -> MaybeKnown[AttestationResults]:
        try:
            offered = read_provenance(self._context.registry_client, version)
        except RegistryResponseError as error:
            return Unknown(PROVENANCE, str(error))
        if offered is None:
            return Known(AttestationResults())
        # The verifier takes a second to load, and most workers never need it.
        from handlers.jobs.releases.verify_provenance import verify_provenance

        try:
            results = verify_provenance(offered, version, self._context.settings.trusted_roots)
        except ConfigurationError as error:
            return Unknown(PROVENANCE, f"a file that WHARFINGER_TRUSTED_ROOTS names {error}")
        return Known(results)

    def _release(self, tag: MaybeKnown[VersionTag | None]) -> MaybeKnown[GitHubRelease | None]:
        if isinstance(tag, Unknown):
            return replace(tag, fact=TraceQuery.RELEASE.fact)
        version_tag = tag.value
        if version_tag is None:
            return Known(None)
        name = version_tag.name
        if name not in self._releases:
            self._releases[name] = read_known(
                TraceQuery.RELEASE, lambda: read_release(self._client, self._repository, name)
            )
        return self._releases[name]

    def _candidates(
        self, version: PackageVersion, claims: Sequence[IdentityClaim], tag: MaybeKnown[VersionTag | None]
    ) -> tuple[WorkflowRun, ...]:
        """Read the runs that may have published a version, with their jobs: those that are named, else by commit, else by time."""
        named = [each.workload for each in claims if each.workload.run is not None]
        if named:
            return self._named_runs(named)
        registry = version.package.registry
        tagged = tag.value.commit if isinstance(tag, Known) and tag.value else None
        commits = [version.commit, tagged, *(each.workload.commit for each in claims)]
        linked: list[WorkflowRun] = []
        for commit in dict.fromkeys(filter(None, commits)):
            linked += read_runs_of_commit(self._client, self._repository, commit)
        runs = {run.id: run for run in self._publishing_runs(linked, registry)}
        for moment in _upload_times(version, has_runs=bool(runs)):
            for run in self._runs_near(moment, registry):
                runs.setdefault(run.id, run)
        return tuple(runs.values())

    def _named_runs(self, workloads: Sequence[Workload]) -> tuple[WorkflowRun, ...]:
        """Read the runs that are named. Of another repository nothing is read: that it is another is all there is to say."""
        ours = self._repository.casefold()
        numbers = {each.run for each in workloads if each.run and (each.repository or ours).casefold() == ours}
        runs = map(self._run, sorted(numbers))
        return tuple(run for run in runs if run is not None)

    def _runs_near(self, published_at: datetime, registry: RegistryId) -> tuple[WorkflowRun, ...]:
        """Read the runs that may have published at a time."""
        head = self._plan(HEAD)
        likely = read_runs_created_between(
            self._client, self._repository, published_at - MAX_RUN_DURATION, published_at + CLOCK_SKEW
        )
        if isinstance(head, Known):  # other workflows' runs are many, and each costs a look
            paths = {path for path in head.value.workflows if _publishes(path, head.value, registry)}
            likely = tuple(run for run in likely if run.workflow in paths)
        return tuple(self._publishing_runs(likely, registry))

    def _publishing_runs(self, runs: Sequence[WorkflowRun], registry: RegistryId) -> Iterator[WorkflowRun]:
        """Yield the first few of the runs that publish, or may, with their jobs."""
        read_count = 0
        for run in runs:
            publications = self._plan(run.commit) if read_count < MAX_RUNS_READ else None
            if publications is not None and (
                isinstance(publications, Unknown) or publish_step_runs(run, publications.value, registry)
            ):
                read_count += 1
                yield self._with_jobs(run)

    def _run(self, number: int) -> WorkflowRun | None:
        run = self._runs.get(number) or read_workflow_run(self._client, self._repository, number)
        return run and self._with_jobs(run)

    def _with_jobs(self, run: WorkflowRun) -> WorkflowRun:
        if run.id not in self._runs:
            self._runs[run.id] = add_jobs_and_approvals(self._client, self._repository, run)
        return self._runs[run.id]

    def _plan(self, commit: str) -> MaybeKnown[CommitPublications]:
        if commit not in self._plans:
            read = read_known(TraceQuery.PUBLICATIONS, lambda: self._read(commit))
            if isinstance(read, Unknown):
                read = replace(read, fact=f"what {commit[:7]} publishes")
            self._plans[commit] = read
        return self._plans[commit]

    def _read(self, commit: str) -> CommitPublications:
        reader = CommitReader(self._client, Revision(self._repository, commit))
        followed = follow_files(reader, reader.read(()), (), self._context.clock(), self._context.catalog)
        snapshot = followed.snapshot
        if snapshot.error is not None:
            raise RefusedError(f"Wharfinger broke while it read the workflows: our fault ({snapshot.error})")
        return CommitPublications(snapshot.publications, snapshot.workflows)


def _upload_times(version: PackageVersion, *, has_runs: bool) -> tuple[datetime, ...]:
    """Return the times at which a run may have uploaded that no commit led to: the first, and that of a file added later."""
    first = version.published_at
    if first is None:
        return ()
    last = max((file.uploaded_at for file in version.files if file.uploaded_at is not None), default=first)
    added = (last,) if last - first > CLOCK_SKEW else ()  # by a run of its own, if by any
    return added if has_runs else (first, *added)


def _publishes(path: str, plan: CommitPublications, registry: RegistryId) -> bool:
    at = tuple(reachable_jobs(path, plan))
    return any(
        each.registry == registry and any(publishes_in_job(each, place, plan) for place in at)
        for each in plan.publications
    )


log = logging.getLogger("wharfinger.jobs")

MAX_CLAIMS = 5  # repositories that are asked
# GitHub shows a run within seconds: where nothing of ours runs that long after a version came, nothing is going to account for it.
NO_RUN_AFTER = timedelta(minutes=1)
NO_RUN_DOUBTS = frozenset({TraceProblem.NO_RUN, TraceProblem.PROVENANCE_MISSING})


SETTLED = (None, TraceStatus.TRACED)  # of a version that was there before anybody watched, or that was accounted for
CLAIM_BASELINE = timedelta(hours=1)  # after the first claim, in which the others of the first sweep come too


@dataclass(frozen=True, slots=True)
class PackageClaimants:
    """The repositories that may account for a package's versions, and those that only say that they publish it."""

    entitled: tuple[PackageClaim, ...]
    others: tuple[PackageClaim, ...]


def sort_claims(claims: Sequence[PackageClaim], observed: WatchedPackage | None) -> PackageClaimants:
    """Say which repositories may account for a package: those that the policy names, else those that published it before.

    Evidence of earlier versions is ranked: verified provenance, then a trusted publisher. Where there is none, the repositories
    that claimed it when it was first seen.
    """
    seen = [each for each in (observed.observations if observed else ()) if each.trace_status in SETTLED]
    named = [(each, each.workload.repository.lower()) for each in seen if each.workload and each.workload.repository]
    attested = {name for each, name in named if each.attested}
    trusted = {name for each, name in named if each.version.publisher_kind is PublisherKind.TRUSTED_PUBLISHER}
    first = min((claim.claimed_at for claim in claims), default=None)
    ranked = (
        [claim for claim in claims if claim.is_declared],
        [claim for claim in claims if claim.full_name.lower() in attested],
        [claim for claim in claims if claim.full_name.lower() in trusted],
        [claim for claim in claims if first is not None and _is_baseline(claim, first)],
    )
    entitled = next((each for each in ranked if each), [])
    return PackageClaimants(tuple(entitled), tuple(claim for claim in claims if claim not in entitled))


def _is_baseline(claim: PackageClaim, first: datetime) -> bool:
    """Whether a claim is the first of its package, or came in the same first sweep."""
    return claim.claimed_at == first or (claim.is_first_look and claim.claimed_at - first <= CLAIM_BASELINE)


class VersionObserver:
    """Traces the versions of one package."""

    def __init__(self, context: Context, watch: PackageWatch, claims: Sequence[PackageClaim]) -> None:
        line = context.github.installation(watch.installation, context.delivery_id)
        self._watch = watch
        self._claims = claims[:MAX_CLAIMS]
        self._store = TraceStore(context.records)
        # Checks of the releases that the versions belong to: something is new there.
        self.release_specs: set[CheckRelease] = set()
        self._tracers = [VersionTracer(context, line, claim.full_name, claim.repository) for claim in self._claims]

    def observe_baseline(self, version: PackageVersion, now: datetime) -> Observation:
        """Trace a version that was published before the package was watched. Raises RetryLaterError."""
        return replace(self.observe(version, (), now, now), trace_status=None, reasons=(), publish_step_problem=None)

    def observe(
        self, version: PackageVersion, earlier: Sequence[PackageVersion], first_seen: datetime, now: datetime
    ) -> Observation:
        """Trace a version. Raises RetryLaterError when GitHub or the registry wants to be asked later."""
        # Where the registry does not say when it came, it came since the last look: a run of that time can have sent it.
        dated_version = version if version.published_at is not None else replace(version, published_at=first_seen)
        best: VersionTrace | None = None
        for claim, tracer in zip(self._claims, self._tracers, strict=True):
            try:
                trace = tracer.trace_version(dated_version, earlier, claim.thresholds.grace, first_seen)
            except (AccessError, InstallationError) as error:
                log.warning("%s cannot account for %s: %s", claim.full_name, version.package, error)
                continue
            if trace.status is TraceStatus.PENDING and _cannot_be_traced(trace, first_seen, now):
                trace = replace(trace, status=TraceStatus.UNTRACED)
            trace = replace(trace, version=version)
            if trace.tag is not None:
                repository = (self._watch.installation, claim.repository, claim.full_name)
                self.release_specs.add(CheckRelease(*repository, trace.tag.name))
            self._store.put(claim.repository, trace)
            if best is None or trace.status is TraceStatus.TRACED:
                best = trace
            if trace.status is TraceStatus.TRACED:
                break
        if best is None:
            why = "the repository that publishes it could not be read"
            return Observation(version, first_seen, TraceStatus.PENDING, (why,), version.workload, traced_at=now)
        return _observation(best, first_seen, now)


def _cannot_be_traced(trace: VersionTrace, first_seen: datetime, now: datetime) -> bool:
    """Whether no run that is unfinished, or that the App could not read, can still explain it."""
    doubts = {reason.problem for reason in trace.reasons}
    return (
        TraceProblem.NO_RUN in doubts <= NO_RUN_DOUBTS
        and now - (trace.version.published_at or first_seen) >= NO_RUN_AFTER
    )


def _observation(trace: VersionTrace, first_seen: datetime, now: datetime) -> Observation:
    attested = _attested(trace)
    steps = [reason.text for reason in trace.reasons if reason.problem is TraceProblem.STEP_NOT_SUCCESSFUL]
    return Observation(
        version=trace.version,
        first_seen_at=first_seen,
        trace_status=trace.status,
        reasons=tuple(reason.text for reason in trace.reasons) or _evidence(trace),
        workload=attested or trace.version.workload,
        attested=attested is not None,
        publish_step_problem=steps[0] if steps and trace.status is TraceStatus.UNTRACED else None,
        traced_at=now,
    )


def _attested(trace: VersionTrace) -> Workload | None:
    """Return the run that verified provenance names; a registry's own signature names none."""
    if not isinstance(trace.provenance, Known):
        return None
    named = (each.workload for each in trace.provenance.value.verified if each.workload.repository is not None)
    return next(named, None)


def _evidence(trace: VersionTrace) -> tuple[str, ...]:
    sent = trace.step_run
    if sent is None:
        return ()
    step = f"the step {sent.step.name}" if sent.step else "its publish step"
    return (f"{step} of run {sent.run.id} ({sent.run.workflow} at {sent.run.commit[:7]}) succeeded",)
