"""Whether a version traces to a publish step of ours that succeeded. Pure: what was seen in, an account out."""

from dataclasses import replace
from datetime import datetime, timedelta

from bot.model.findings import Known
from bot.packages.versions import PackageVersion, TraceStatus
from bot.tracing.identity_claims import file_problems, provenance_problems
from bot.tracing.model import TraceEvidence, TraceProblem, TraceReason, VersionTrace
from bot.tracing.remarks import trace_notes
from bot.tracing.tracing import find_step_run

GRACE_PERIOD = timedelta(minutes=15)  # what a run and a registry get to tell of a version


def build_version_trace(
    version: PackageVersion,
    evidence: TraceEvidence,
    now: datetime,
    grace_period: timedelta = GRACE_PERIOD,
    first_observed_at: datetime | None = None,
) -> VersionTrace:
    """Account for a version; `since` is when it was first seen, for registries that do not say when it was published.

    `accounted`: a publish step of this repository sent it, and nothing that was seen speaks against that. `unaccounted`:
    something speaks against it, or within `grace` nothing spoke for it. `pending`: neither, or something needed was not seen.
    """
    traced = find_step_run(version, evidence)
    reasons = tuple(
        dict.fromkeys((*provenance_problems(version, evidence), *traced.reasons, *file_problems(version, evidence)))
    )
    began = version.published_at or first_observed_at
    fresh = began is None or now - began < grace_period
    found = VersionTrace(
        version=version,
        repository=evidence.repository,
        status=_status(reasons, within_grace_period=fresh),
        traced_at=now,
        reasons=reasons,
        step_run=traced.step_run,
        tag=evidence.tag.value if isinstance(evidence.tag, Known) else None,
        release=evidence.release.value if isinstance(evidence.release, Known) else None,
        provenance=evidence.provenance,
        supports_provenance=evidence.supports_provenance,
    )
    return replace(found, notes=tuple(trace_notes(found, evidence)))


def _status(reasons: tuple[TraceReason, ...], *, within_grace_period: bool) -> TraceStatus:
    doubts = {reason.problem for reason in reasons}
    if any(reason.contradicts for reason in reasons):
        return TraceStatus.UNTRACED
    if not doubts:
        return TraceStatus.TRACED
    # A run that is said to be under way does not put it off for longer: whoever may start one could then hide behind it.
    return TraceStatus.PENDING if within_grace_period or TraceProblem.UNKNOWN in doubts else TraceStatus.UNTRACED
