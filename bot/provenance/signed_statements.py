"""Signs in-toto statements as DSSE envelopes with an Ed25519 key, and verifies them.

github.com/secure-systems-lab/dsse, protocol.md and envelope.md; github.com/in-toto/attestation, spec/v1/statement.md.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bot.provenance.attestations import ProvenanceError
from bot.provenance.in_toto import STATEMENT_MEDIA_TYPE

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"


def make_statement(
    subjects: Mapping[str, Mapping[str, str]], predicate_type: str, predicate: Mapping[str, Any]
) -> dict[str, Any]:
    """Make an in-toto statement about subjects, each a name with its digests by algorithm."""
    return {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": name, "digest": dict(digests)} for name, digests in subjects.items()],
        "predicateType": predicate_type,
        "predicate": predicate,
    }


def key_id(key: Ed25519PublicKey) -> str:
    """Name a key by the SHA-256 digest of its DER form, in hexadecimal."""
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def sign_statement(statement: Mapping[str, Any], key: Ed25519PrivateKey) -> dict[str, Any]:
    """Return the DSSE envelope of a statement, as JSON."""
    payload = json.dumps(statement, sort_keys=True, separators=(",", ":")).encode()
    signature = key.sign(_pre_authentication_encoding(payload))
    return {
        "payloadType": STATEMENT_MEDIA_TYPE,
        "payload": base64.b64encode(payload).decode(),
        "signatures": [{"keyid": key_id(key.public_key()), "sig": base64.b64encode(signature).decode()}],
    }


def verify_statement(envelope: object, key: Ed25519PublicKey) -> dict[str, Any]:
    """Return the statement of an envelope that this key signed; raise ProvenanceError when it did not."""
    try:
        fields = dict(envelope)  # type: ignore[call-overload]  # whatever it is: what is no mapping is refused below
        payload = base64.b64decode(fields["payload"], validate=True)
        signatures = [base64.b64decode(each["sig"], validate=True) for each in fields["signatures"]]
        media_type = fields["payloadType"]
    except (KeyError, TypeError, ValueError, binascii.Error):
        raise ProvenanceError("it is no DSSE envelope") from None
    if media_type != STATEMENT_MEDIA_TYPE:
        raise ProvenanceError("what it signs is no in-toto statement")
    if not any(_is_signed(signature, payload, key) for signature in signatures):
        raise ProvenanceError("this key did not sign it, or it was altered since")
    statement: dict[str, Any] = json.loads(payload)
    return statement


def _is_signed(signature: bytes, payload: bytes, key: Ed25519PublicKey) -> bool:
    try:
        key.verify(signature, _pre_authentication_encoding(payload))
    except InvalidSignature:
        return False
    return True


def _pre_authentication_encoding(payload: bytes) -> bytes:
    kind = STATEMENT_MEDIA_TYPE.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)
