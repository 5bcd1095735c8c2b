"""Parses attestation responses from registries and verifies each Sigstore bundle in them."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from cryptography.x509 import Certificate, load_der_x509_certificate
from sigstore.errors import Error
from sigstore.hashes import Hashed
from sigstore.models import Bundle
from sigstore_models.bundle.v1 import Bundle as Fields
from sigstore_models.common.v1 import HashAlgorithm

from bot.model.errors import describe_fault
from bot.packages.versions import PackageFile
from bot.provenance.attestations import (
    AttestationKind,
    AttestationResults,
    ProvenanceError,
    RejectedAttestation,
    VerifiedAttestation,
)
from bot.provenance.certificate_claims import CertificateClaims, read_claims
from bot.provenance.sigstore_verifier import SigstoreVerifier, TimestampVerifier, explain_error
from bot.provenance.trust_store import TrustStore


@dataclass(frozen=True, slots=True)
class VerifiedBundle:
    """What a bundle proves: a statement, or (None) a file of the digest that was asked for."""

    claims: CertificateClaims
    statement: bytes | None
    signed_at: datetime | None


def verify_bundle(bundle: object, trust: TrustStore, sha256: str | None = None) -> VerifiedBundle:
    """Verify a bundle of a statement, or of a file where its digest (hexadecimal) is given and the bundle holds no statement.

    Raise ProvenanceError, whatever the bundle holds: nothing of a stranger's crashes the reader.
    """
    try:
        text = bundle_json(bundle)
        fields = Fields.from_json(text)
        certificate = _signing_certificate(fields)
        verifier = trust.verifier_for(certificate)
        if isinstance(verifier, TimestampVerifier):
            return VerifiedBundle(*verifier.verify_timestamped_statement(certificate, fields))
        return _verify_with_log(Bundle.from_json(text), fields, verifier, sha256)
    except ProvenanceError:
        raise
    except Error as error:
        raise ProvenanceError(explain_error(error)) from error
    except Exception as error:
        # What libraries raise over hostile bytes is not theirs to promise; nothing of it is believed.
        raise ProvenanceError(f"it is no readable bundle ({describe_fault(error)})") from error


def bundle_json(bundle: object) -> str:
    """Return a bundle's JSON as the library reads it: it wants the list of log entries where GitHub leaves out an empty one."""
    material = bundle.get("verificationMaterial") if isinstance(bundle, dict) else None
    if isinstance(bundle, dict) and isinstance(material, dict):
        bundle = {**bundle, "verificationMaterial": {"tlogEntries": [], **material}}
    return json.dumps(bundle)


def _signing_certificate(fields: Fields) -> Certificate:
    material = fields.verification_material
    chain = material.x509_certificate_chain.certificates if material.x509_certificate_chain else []
    first = material.certificate or (chain[0] if chain else None)
    if first is None:
        raise ProvenanceError("it holds no certificate of a run")
    return load_der_x509_certificate(first.raw_bytes)


def _verify_with_log(bundle: Bundle, fields: Fields, verifier: SigstoreVerifier, sha256: str | None) -> VerifiedBundle:
    statement = None
    if fields.dsse_envelope is None and sha256 is not None:
        verifier.verify_file(bundle, Hashed(algorithm=HashAlgorithm.SHA2_256, digest=bytes.fromhex(sha256)))
    else:
        statement = verifier.verify_statement(bundle, fields)
    return VerifiedBundle(read_claims(bundle.signing_certificate), statement, verifier.signed_at(bundle))


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
    claims = bundle.claims
    return VerifiedAttestation(
        kind, predicate, claims.workload, claims.signer, claims.owner, claims.repository_id, bundle.signed_at, subjects
    )


def reject_response(kind: AttestationKind, error: ProvenanceError) -> AttestationResults:
    """Say that a whole answer is not believed."""
    return AttestationResults(rejected=(RejectedAttestation(kind, error.reason, error.unverifiable),))
