"""Who sent a version: asked of every repository that claims the package, until one accounts for it."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.github.github_errors import ForbiddenError, InstallationError, MissingError
from bot.model.findings import Known
from bot.packages.publish_history import Observation
from bot.packages.versions import PackageVersion, TraceStatus, Workload
from bot.tracing import TraceProblem, VersionTrace
from handlers.config.context import Context
from handlers.jobs.releases.trace_versions import VersionTracer
from handlers.queue.job_specs import JobSpec, check_release_spec
from handlers.records.trace_store import TraceStore
from handlers.records.watch_store import PackageClaim, PackageWatch

log = logging.getLogger("wharfinger.jobs")

MAX_CLAIMS = 5  # repositories that are asked
# GitHub shows a run within seconds: where nothing of ours runs that long after a version came, nothing is going to account for it.
NO_RUN_AFTER = timedelta(minutes=1)
NO_RUN_DOUBTS = frozenset({TraceProblem.NO_RUN, TraceProblem.PROVENANCE_MISSING})


class VersionObserver:
    """Accounts for the versions of one package."""

    def __init__(self, context: Context, watch: PackageWatch, claims: Sequence[PackageClaim]) -> None:
        line = context.github.installation(watch.installation, context.delivery_id)
        self._watch = watch
        self._claims = claims[:MAX_CLAIMS]
        self._store = TraceStore(context.redis)
        self.release_specs: set[JobSpec] = (
            set()
        )  # checks of the releases that the versions belong to: something is new there
        self._tracers = [VersionTracer(context, line, claim.full_name, claim.repository) for claim in self._claims]

    def observe_baseline(self, version: PackageVersion, now: datetime) -> Observation:
        """Say where a version came from that was there before anybody watched. Raises LaterError."""
        return replace(self.observe(version, (), now, now), trace_status=None, reasons=(), publish_step_problem=None)

    def observe(
        self, version: PackageVersion, earlier: Sequence[PackageVersion], first_seen: datetime, now: datetime
    ) -> Observation:
        """Account for a version. Raises LaterError when GitHub or the registry wants to be asked later."""
        # Where the registry does not say when it came, it came since the last look: a run of that time can have sent it.
        asked = version if version.published_at is not None else replace(version, published_at=first_seen)
        best: VersionTrace | None = None
        for claim, asking in zip(self._claims, self._tracers, strict=True):
            try:
                account = asking.trace_version(asked, earlier, claim.thresholds.grace, first_seen)
            except (ForbiddenError, InstallationError, MissingError) as error:
                log.warning("%s cannot account for %s: %s", claim.full_name, version.package, error)
                continue
            if account.status is TraceStatus.PENDING and _cannot_be_traced(account, first_seen, now):
                account = replace(account, status=TraceStatus.UNTRACED)
            account = replace(account, version=version)
            if account.tag is not None:
                number = self._watch.installation
                self.release_specs.add(check_release_spec(number, claim.repository, claim.full_name, account.tag.name))
            self._store.put(claim.repository, account)
            if best is None or account.status is TraceStatus.TRACED:
                best = account
            if account.status is TraceStatus.TRACED:
                break
        if best is None:
            why = "the repository that publishes it could not be read"
            return Observation(version, first_seen, TraceStatus.PENDING, (why,), version.workload, traced_at=now)
        return _observation(best, first_seen, now)


def _cannot_be_traced(trace: VersionTrace, first_seen: datetime, now: datetime) -> bool:
    """Whether nothing that runs, or was kept from us, can still account for it."""
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
