"""Parses attestation responses, verifies each Sigstore bundle in them, and parses the in-toto statements that they sign.

Transparency log entries of the kind `intoto` 0.0.2, which npm uses, are compared as sigstore-js does (packages/verify,
tlog/intoto, read 2026-11-24): hash, signature and key.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from cryptography.x509 import Certificate, load_der_x509_certificate, load_pem_x509_certificate
from rekor_types import Intoto, intoto
from sigstore.dsse import Envelope
from sigstore.errors import Error
from sigstore.hashes import Hashed
from sigstore.models import Bundle
from sigstore_models.bundle.v1 import Bundle as Fields
from sigstore_models.common.v1 import HashAlgorithm
from sigstore_models.intoto import Envelope as EnvelopeFields
from sigstore_models.rekor.v1 import TransparencyLogEntry

from bot.model.errors import describe_fault
from bot.packages.versions import PackageFile
from bot.provenance.attestations import (
    AttestationKind,
    AttestationResults,
    ProvenanceError,
    RejectedAttestation,
    VerifiedAttestation,
)
from bot.provenance.certificate_claims import CertificateClaims, read_claims, sanitize
from bot.provenance.sigstore_verifier import SigstoreVerifier, TimestampVerifier, explain_error
from bot.provenance.trust_store import TrustStore

STATEMENT_MEDIA_TYPE = "application/vnd.in-toto+json"


def is_intoto_entry(entry: TransparencyLogEntry) -> bool:
    """Whether the log calls this entry `intoto`, in the one version that the log still has."""
    return (entry.kind_version.kind, entry.kind_version.version) == ("intoto", "0.0.2")


def verify_envelope(fields: EnvelopeFields, key: object) -> bytes:
    """Return the statement of an envelope that this key signed; raise ProvenanceError when it did not."""
    if fields.payload_type != STATEMENT_MEDIA_TYPE:
        raise ProvenanceError("what it signs is no in-toto statement")
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise ProvenanceError("it is signed with a kind of key that is not in use")
    envelope = Envelope(fields)
    try:
        key.verify(envelope.signature, envelope.pae(), ec.ECDSA(SHA256()))
    except InvalidSignature as error:
        raise ProvenanceError("its signature does not fit what it says: it was altered or forged") from error
    return fields.payload


def check_log_entry(
    entry: TransparencyLogEntry, fields: EnvelopeFields, signer: Certificate | ec.EllipticCurvePublicKey
) -> None:
    """Raise ProvenanceError unless the log's entry is of this envelope, and of this certificate or key."""
    logged = Intoto.model_validate_json(entry.canonicalized_body).spec.root
    if not isinstance(logged, intoto.IntotoV002Schema) or len(logged.content.envelope.signatures) != 1:
        raise ProvenanceError("the log's entry is not of one statement with one signature")
    digest, signature = logged.content.payload_hash, logged.content.envelope.signatures[0]
    if digest is None or digest.value != hashlib.sha256(fields.payload).hexdigest():
        raise ProvenanceError("the log recorded another statement")
    if base64.b64decode(base64.b64decode(signature.sig)) != Envelope(fields).signature:  # this log encodes it twice
        raise ProvenanceError("the log recorded another signature")
    if _is_key_of(base64.b64decode(signature.public_key), signer):
        return
    raise ProvenanceError("the log recorded another key or certificate")


def _is_key_of(pem: bytes, signer: Certificate | ec.EllipticCurvePublicKey) -> bool:
    if isinstance(signer, Certificate):
        return load_pem_x509_certificate(pem) == signer
    form = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    return load_pem_public_key(pem).public_bytes(*form) == signer.public_bytes(*form)


_STATEMENT_TYPES = ("https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1")
MAX_SUBJECTS = 1024  # GitHub's own limit for one attestation (actions/attest, read 2026-11-24)


@dataclass(frozen=True, slots=True)
class InTotoStatement:
    """What is said of which files. The predicate's own fields are looked up by those who know its type."""

    predicate_type: str
    subjects: tuple[PackageFile, ...]
    predicate: Mapping[str, object]


def parse_statement(payload: bytes) -> InTotoStatement:
    """Read a statement that was verified; raise ProvenanceError for what is none."""
    try:
        said = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise ProvenanceError("its statement is no JSON") from error
    match said:
        case {"_type": str(kind), "subject": list(subjects), "predicateType": str(predicate_type)} if (
            kind in _STATEMENT_TYPES
        ):
            if not 0 < len(subjects) <= MAX_SUBJECTS:
                raise ProvenanceError(
                    f"its statement is about {len(subjects)} files, where 1 to {MAX_SUBJECTS} are read"
                )
            predicate = said.get("predicate")
            fields = predicate if isinstance(predicate, dict) else {}
            return InTotoStatement(predicate_type, tuple(_parse_subject(subject) for subject in subjects), fields)
    raise ProvenanceError("its statement is no in-toto statement")


def find_subject(statement: InTotoStatement, algorithm: str, digest: str | None, name: str) -> PackageFile:
    """Return the subject that has this digest; raise ProvenanceError when none has."""
    if not digest:
        raise ProvenanceError(f"the registry tells no {algorithm} of {name} to compare with", unverifiable=True)
    for subject in statement.subjects:
        if subject.digests.get(algorithm, "").lower() == digest.lower():
            return subject
    others = sanitize(", ".join(subject.name for subject in statement.subjects[:3] if subject.name))
    raise ProvenanceError(f"it is of another file: no digest in it is that of {name} (it names {others})")


def _parse_subject(subject: object) -> PackageFile:
    match subject:
        case {"digest": dict(digests)} if all(isinstance(value, str) for value in digests.values()):
            match subject:
                case {"name": str(name)} | {"uri": str(name)}:  # a release is named by its package URL
                    return PackageFile(name, dict(digests))
            return PackageFile("", dict(digests))
    raise ProvenanceError("its statement names a file without a digest")


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
    told = bundle.claims
    return VerifiedAttestation(
        kind, predicate, told.workload, told.signer, told.owner, told.repository_id, bundle.signed_at, subjects
    )


def reject_response(kind: AttestationKind, error: ProvenanceError) -> AttestationResults:
    """Say that a whole answer is not believed."""
    return AttestationResults(rejected=(RejectedAttestation(kind, error.reason, error.unverifiable),))
