"""A registry's answer of attestations, read with care: its size, its number, its shape."""

import json
from collections.abc import Callable, Iterable
from typing import TypeVar

from bot.packages.versions import PackageFile
from bot.provenance.attestations import (
    AttestationKind,
    AttestationResults,
    ProvenanceError,
    RejectedAttestation,
    VerifiedAttestation,
)
from bot.provenance.bundles import VerifiedBundle

T = TypeVar("T")
MAX_RESPONSE_BYTES = 4 << 20  # a bundle has 5 to 20 kB; the largest with 1024 subjects some 300 kB
MAX_ATTESTATIONS = 64


def parse_response(response: bytes) -> object:
    """Parse an answer; raise ProvenanceError for one that is too large or no JSON."""
    if len(response) > MAX_RESPONSE_BYTES:
        raise ProvenanceError(
            f"the answer has {len(response)} bytes, and {MAX_RESPONSE_BYTES} are the most that is read"
        )
    try:
        return json.loads(response)
    except (ValueError, RecursionError) as error:
        raise ProvenanceError("the answer is no JSON") from error


def verify_each(
    kind: AttestationKind, items: Iterable[T], verify: Callable[[T], VerifiedAttestation]
) -> AttestationResults:
    """Judge every attestation by itself; one that is not believed does not hide another that is."""
    attested: list[VerifiedAttestation] = []
    refused: list[RejectedAttestation] = []
    for number, item in enumerate(items):
        if number == MAX_ATTESTATIONS:
            refused.append(
                RejectedAttestation(
                    kind, f"there are more than {MAX_ATTESTATIONS}; the rest was not read", unverifiable=True
                )
            )
            break
        try:
            attested.append(verify(item))
        except ProvenanceError as error:
            refused.append(RejectedAttestation(kind, error.reason, error.unverifiable))
    return AttestationResults(tuple(attested), tuple(refused))


def verified_attestation(
    kind: AttestationKind, bundle: VerifiedBundle, predicate: str | None, subjects: tuple[PackageFile, ...]
) -> VerifiedAttestation:
    """Say what a verified bundle of a workflow run proves."""
    told = bundle.claims
    return VerifiedAttestation(
        kind, predicate, told.workload, told.signer, told.owner, told.repository_id, bundle.signed_at, subjects
    )


def reject_response(kind: AttestationKind, error: ProvenanceError) -> AttestationResults:
    """Say that a whole answer is not believed."""
    return AttestationResults(rejected=(RejectedAttestation(kind, error.reason, error.unverifiable),))
