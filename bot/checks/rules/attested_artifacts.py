"""Judges whether the newest versions have valid provenance at registries that support it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar

from bot.checks.check import Rule, StricterWhen
from bot.model.core_types import RuleName, Severity
from bot.model.findings import Finding, FindingSubject, Location, Unknown
from bot.packages.manifests import format_purl
from bot.registries import Catalog
from bot.snapshot.repository_snapshot import Snapshot
from bot.tracing import VersionTrace

_INVESTIGATE = (
    "If none of your workflows published it, withdraw the version and revoke every token that can publish the package."
)
MISSING_PROVENANCE_FIX = f"{_INVESTIGATE} Otherwise publish with trusted publishing and a tool that attests."
INVALID_PROVENANCE_FIX = f"{_INVESTIGATE} Otherwise let the run that publishes the next version sign it itself."


@dataclass(frozen=True, slots=True, kw_only=True)
class AttestedArtifacts(Rule):
    """The newest version of each package has valid provenance.

    Provenance is a signature of the run, so that users can verify where a package comes from.
    """

    name: ClassVar[RuleName] = RuleName("attested-artifacts")
    severity: Severity = field(
        default=Severity.MEDIUM,
        metadata={"means": "How bad a finding of this rule is.", "stricter": StricterWhen.HIGHER},
    )
    lookback: timedelta = field(
        default=timedelta(days=30),
        metadata={"means": "How long after its publication a version is judged.", "stricter": StricterWhen.HIGHER},
    )

    def applies(self, snapshot: Snapshot) -> bool:
        return any(
            isinstance(each, Unknown) or each[1].supports_provenance
            for each in self.traces_to_check(snapshot, self.lookback, newest_only=True)
        )

    def judge(self, snapshot: Snapshot) -> Iterator[Finding | Unknown]:
        for each in self.traces_to_check(snapshot, self.lookback, newest_only=True):
            if isinstance(each, Unknown):
                yield each
            elif each[1].supports_provenance:
                yield from _judge(*each, snapshot.catalog)


def _judge(place: Location, trace: VersionTrace, catalogue: Catalog) -> Iterator[Finding | Unknown]:
    version, provenance = trace.version, trace.provenance
    about = FindingSubject(package=format_purl(version.package, catalogue))
    name = f"{version.number} of {version.package}"
    if isinstance(provenance, Unknown):
        yield Unknown(f"the provenance of {name}", provenance.reason, provenance.permission)
        return
    for refused in provenance.value.rejected:
        if refused.unverifiable:
            yield Unknown(f"whether the {refused.kind} of {name} is valid", refused.reason)
        else:
            yield _finding(
                place, about, f"the {refused.kind} of {name} is not valid: {refused.reason}", INVALID_PROVENANCE_FIX
            )
    if not provenance.value.verified and not provenance.value.rejected:
        yield _finding(
            place,
            about,
            f"{name} has no provenance, so nobody can verify which run published it",
            MISSING_PROVENANCE_FIX,
        )


def _finding(place: Location, about: FindingSubject, message: str, fix: str) -> Finding:
    return Finding(location=place, message=message, fix=fix, subject=about)
