"""Reads who published a version from its provenance, and lists the problems of that provenance."""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.model.findings import MaybeKnown, Unknown
from bot.packages.versions import PackageFile, PackageVersion, Workload
from bot.provenance.attestations import (
    AttestationResults,
    ClaimDifference,
    ExpectedIdentity,
    VerifiedAttestation,
    attestation_differences,
    claim_differences,
)
from bot.tracing.traces import TraceEvidence, TraceProblem, TraceReason

NO_IDENTITY = Workload()
RECENT_VERSIONS = 3  # versions before this one; if one of them has provenance, this one is expected to
MAX_FILES = 100  # of one version whose provenance is asked for (bot/packages)


@dataclass(frozen=True, slots=True)
class IdentityClaim:
    """Who is said to have sent a version, and by whom: a certificate that was verified, or only the registry."""

    workload: Workload
    source: str  # "its npm provenance", "npm"
    attestation: VerifiedAttestation | None = None

    def differences(self, expected: ExpectedIdentity) -> tuple[ClaimDifference, ...]:
        """Say what it tells otherwise; what it does not tell is no contradiction."""
        found = (
            attestation_differences(self.attestation, expected)
            if self.attestation
            else claim_differences(self.workload, expected)
        )
        return tuple(each for each in found if each.actual is not None)


def identity_claims(version: PackageVersion, provenance: MaybeKnown[AttestationResults]) -> tuple[IdentityClaim, ...]:
    """Return who is said to have sent a version. What was verified comes before what is only told, and takes its place."""
    judged = () if isinstance(provenance, Unknown) else provenance.value.verified
    proved = [IdentityClaim(each.workload, f"its {each.kind}", each) for each in judged if each.workload != NO_IDENTITY]
    if proved or version.workload is None or version.workload == NO_IDENTITY:
        return tuple(proved)
    return (IdentityClaim(version.workload, str(version.package.registry)),)


def provenance_problems(version: PackageVersion, evidence: TraceEvidence) -> Iterator[TraceReason]:
    """Yield what is wrong with a version's provenance itself."""
    if isinstance(evidence.provenance, Unknown):
        if version.has_provenance:
            yield TraceReason(TraceProblem.UNKNOWN, f"{evidence.provenance.fact}: {evidence.provenance.reason}")
        return
    judged = evidence.provenance.value
    for refused in judged.rejected:
        if not refused.unverifiable:
            yield TraceReason(TraceProblem.PROVENANCE_REJECTED, f"its {refused.kind} is not believed: {refused.reason}")
    before = evidence.earlier_versions[-RECENT_VERSIONS:]
    if not judged.verified and not judged.rejected and any(each.has_provenance for each in before):
        with_it = next(each.number for each in reversed(before) if each.has_provenance)
        yield TraceReason(TraceProblem.PROVENANCE_MISSING, f"it has no provenance, and {with_it} before it has")


def file_problems(version: PackageVersion, evidence: TraceEvidence) -> Iterator[TraceReason]:
    """Yield the files of a version that nobody attested, where others are: a file can be added to a version later."""
    if isinstance(evidence.provenance, Unknown):
        return
    subjects = [file for each in evidence.provenance.value.verified for file in each.subjects]
    if not subjects:
        return
    for file in version.files[:MAX_FILES]:
        if not any(is_same_file(file, subject) for subject in subjects):
            yield TraceReason(TraceProblem.FILE_MISMATCH, f"its file {file.name} is none of those that were attested")


def is_same_file(file: PackageFile, other: PackageFile) -> bool:
    """Whether two files are the same by a digest that both have; without one in common, by their names."""
    common = file.digests.keys() & other.digests.keys()
    if not common:
        return file.name == other.name
    return all(file.digests[each].lower() == other.digests[each].lower() for each in common)
