"""Envelopes and the transparency log's entries of the kind `intoto` 0.0.2, which npm uses and the sigstore library does not compare.

What is compared follows sigstore-js (packages/verify, tlog/intoto, read 2026-11-24): the statement's hash, the signature and the key.
"""

import base64
import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from cryptography.x509 import Certificate, load_pem_x509_certificate
from rekor_types import Intoto, intoto
from sigstore.dsse import Envelope
from sigstore_models.intoto import Envelope as Fields
from sigstore_models.rekor.v1 import TransparencyLogEntry

from bot.provenance.attestations import ProvenanceError

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
