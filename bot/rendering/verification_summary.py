"""Renders the SLSA Verification Summary Attestation of a published version.

slsa.dev/spec/v1.2/verification_summary: a consumer reads from it that the version was verified, by whom and by which policy.
"""

from dataclasses import dataclass
from datetime import UTC
from typing import Any

from bot.model.findings import Known
from bot.packages.manifests import format_purl
from bot.packages.versions import TraceStatus
from bot.provenance.signed_statements import make_statement
from bot.registries import Catalog
from bot.tracing import VersionTrace

PREDICATE_TYPE = "https://slsa.dev/verification_summary/v1"
SLSA_VERSION = "1.2"
FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class PolicyReference:
    """The policy that a version was judged by."""

    uri: str
    sha256: str  # of its content


@dataclass(frozen=True, slots=True)
class Verifier:
    """Who verified."""

    id: str  # a URI
    version: str


class NotSummarizedError(ValueError):
    """There is no verdict on a version to sum up, or nothing to name it by; the text says which."""


def render_verification_summary(
    trace: VersionTrace, verifier: Verifier, policy: PolicyReference, catalog: Catalog
) -> dict[str, Any]:
    """Return the in-toto statement about a version's files; raises NotSummarizedError.

    A traced version passed, and one that evidence contradicts or nothing supports failed. Of a version that is still awaited, or
    whose registry tells no digest, there is no statement.
    """
    version = trace.version
    if trace.status is TraceStatus.PENDING:
        raise NotSummarizedError(f"{version.number} is not traced yet, so there is no verdict to sum up")
    subjects = {file.name: file.digests for file in version.files if file.digests}
    if not subjects or len(subjects) < len(version.files):
        raise NotSummarizedError(f"the registry does not tell the digest of each file of {version.number}")
    passed = trace.status is TraceStatus.TRACED
    return make_statement(
        subjects,
        PREDICATE_TYPE,
        {
            "verifier": {"id": verifier.id, "version": {"wharfinger": verifier.version}},
            "timeVerified": trace.traced_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "resourceUri": f"{format_purl(version.package, catalog)}@{version.number}",
            "policy": {"uri": policy.uri, "digest": {"sha256": policy.sha256}},
            "verificationResult": "PASSED" if passed else FAILED,
            "verifiedLevels": [_build_level(trace)] if passed else [FAILED],
            "slsaVersion": SLSA_VERSION,
        },
    )


def _build_level(trace: VersionTrace) -> str:
    """Return the level that was verified: 2 for provenance that was signed by a hosted platform and verified, else 0."""
    provenance = trace.provenance
    verified = isinstance(provenance, Known) and bool(provenance.value.verified) and not provenance.value.rejected
    return "SLSA_BUILD_LEVEL_2" if verified else "SLSA_BUILD_LEVEL_0"
