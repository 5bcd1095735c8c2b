"""Judges whether every published version traces to a successful publish step of this repository."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar

from bot.checks.check import Rule, StricterWhen
from bot.model.core_types import RuleName, Severity
from bot.model.findings import Finding, FindingSubject, Location, Unknown
from bot.packages.manifests import format_purl
from bot.packages.versions import TraceStatus
from bot.registries import Catalog
from bot.snapshot.repository_snapshot import Snapshot
from bot.tracing import GRACE_PERIOD, TraceProblem, VersionTrace


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceableVersions(Rule):
    """Every published version traces to a publish step that succeeded.

    A version that cannot be traced was published without this repository, for example with a stolen credential.
    """

    name: ClassVar[RuleName] = RuleName("traceable-versions")
    severity: Severity = field(
        default=Severity.CRITICAL,
        metadata={"means": "How bad a finding of this rule is.", "stricter": StricterWhen.HIGHER},
    )
    grace_period: timedelta = field(
        default=GRACE_PERIOD,
        metadata={
            "means": "How long after its publication an untraced version opens no alert.",
            "stricter": StricterWhen.LOWER,
        },
    )
    check_interval: timedelta = field(
        default=timedelta(minutes=5),
        metadata={
            "means": "How often the registry is asked for new versions; every 30 seconds while one is expected.",
            "stricter": StricterWhen.LOWER,
        },
    )
    lookback: timedelta = field(
        default=timedelta(days=30),
        metadata={"means": "How long after its publication a version is judged.", "stricter": StricterWhen.HIGHER},
    )

    def applies(self, snapshot: Snapshot) -> bool:
        return any(True for _ in self._traces_to_judge(snapshot))

    def judge(self, snapshot: Snapshot) -> Iterator[Finding | Unknown]:
        for each in self._traces_to_judge(snapshot):
            if isinstance(each, Unknown):
                yield each
            elif each[1].status is TraceStatus.UNTRACED:
                yield _finding(*each, snapshot.catalog)

    def _traces_to_judge(self, snapshot: Snapshot) -> Iterator[tuple[Location, VersionTrace] | Unknown]:
        """Yield what can be judged. A version within its grace cannot, and nothing is wrong with it yet."""
        for each in self.traces_to_check(snapshot, self.lookback):
            if isinstance(each, Unknown) or each[1].status is not TraceStatus.PENDING:
                yield each
            elif _has_unknown_reason(each[1]) or snapshot.taken_at - _published_at(each[1]) > self.grace_period:
                yield _unknown_publisher(each[1])


def _has_unknown_reason(trace: VersionTrace) -> bool:
    return any(reason.problem is TraceProblem.UNKNOWN for reason in trace.reasons)


def _published_at(trace: VersionTrace) -> datetime:
    return trace.version.published_at or trace.traced_at


def _unknown_publisher(trace: VersionTrace) -> Unknown:
    reason = "; ".join(reason.text for reason in trace.reasons) or "no run was found"
    return Unknown(f"who published {trace.version.package.name} {trace.version.number}", reason)


def _finding(place: Location, trace: VersionTrace, catalogue: Catalog) -> Finding:
    version = trace.version
    why = " and ".join(reason.text for reason in trace.reasons) or "no run was found that published it"
    return Finding(
        location=place,
        message=f"{version.number} of {version.package} could not be traced to a publish step: {why}",
        fix=(
            "Ask your maintainers who published it. If none of them did, withdraw the version at the registry and revoke every "
            "credential that can publish the package."
        ),
        subject=FindingSubject(package=format_purl(version.package, catalogue)),
    )
