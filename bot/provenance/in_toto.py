"""Parses in-toto statements and checks `intoto` 0.0.2 transparency log entries, which npm uses.

The comparison follows sigstore-js (packages/verify, tlog/intoto, read 2026-11-24): hash, signature and key.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from cryptography.x509 import Certificate, load_pem_x509_certificate
from rekor_types import Intoto, intoto
from sigstore.dsse import Envelope
from sigstore_models.intoto import Envelope as Fields
from sigstore_models.rekor.v1 import TransparencyLogEntry

from bot.packages.versions import PackageFile
from bot.provenance.attestations import ProvenanceError
from bot.provenance.certificate_claims import sanitize

STATEMENT_MEDIA_TYPE = "application/vnd.in-toto+json"


def is_intoto_entry(entry: TransparencyLogEntry) -> bool:
    """Whether the log calls this entry `intoto`, in the one version that the log still has."""
    return (entry.kind_version.kind, entry.kind_version.version) == ("intoto", "0.0.2")


def verify_envelope(fields: Fields, key: object) -> bytes:
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
    entry: TransparencyLogEntry, fields: Fields, signer: Certificate | ec.EllipticCurvePublicKey
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
        document = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise ProvenanceError("its statement is no JSON") from error
    match document:
        case {"_type": str(kind), "subject": list(subjects), "predicateType": str(predicate_type)} if (
            kind in _STATEMENT_TYPES
        ):
            if not 0 < len(subjects) <= MAX_SUBJECTS:
                raise ProvenanceError(
                    f"its statement is about {len(subjects)} files, where 1 to {MAX_SUBJECTS} are read"
                )
            predicate = document.get("predicate")
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
