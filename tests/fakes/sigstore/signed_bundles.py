"""What a run makes when it signs: a certificate, a signature, an entry of the log; and the shapes in which registries have them."""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import Certificate

from tests.fakes.sigstore.transparency_log import base64_text

STATEMENT = "application/vnd.in-toto+json"
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
NPM_BUNDLE = "application/vnd.dev.sigstore.bundle+json;version=0.2"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureParts:
    """A signature and all that vouches for it. `payload` is the statement, or the digest of the file that is signed itself."""

    signer: Certificate | str  # a certificate, or the id of a registry's key
    payload: bytes
    signature: bytes
    entry: Mapping[str, object]

    def statement_bundle(self, media_type: str = BUNDLE) -> dict[str, object]:
        """The bundle of a statement, as npm and GitHub have it."""
        signature = {"sig": base64_text(self.signature)} | (
            {"keyid": self.signer} if isinstance(self.signer, str) else {}
        )
        envelope = {"payload": base64_text(self.payload), "payloadType": STATEMENT, "signatures": [signature]}
        return {"mediaType": media_type, "verificationMaterial": self._material(media_type), "dsseEnvelope": envelope}

    def file_bundle(self) -> dict[str, object]:
        """The bundle of a file, as RubyGems has it."""
        digest = {"algorithm": "SHA2_256", "digest": base64_text(self.payload)}
        signature = {"messageDigest": digest, "signature": base64_text(self.signature)}
        return {"mediaType": BUNDLE, "verificationMaterial": self._material(BUNDLE), "messageSignature": signature}

    def attestation(self) -> dict[str, object]:
        """The attestation of PEP 740."""
        material = {"certificate": _raw(self.signer), "transparency_entries": [self.entry]}
        envelope = {"statement": base64_text(self.payload), "signature": base64_text(self.signature)}
        return {"version": 1, "verification_material": material, "envelope": envelope}

    def _material(self, media_type: str) -> dict[str, object]:
        rest: dict[str, object] = {"tlogEntries": [self.entry], "timestampVerificationData": {"rfc3161Timestamps": []}}
        if isinstance(self.signer, str):
            return {"publicKey": {"hint": self.signer}, **rest}
        certificate = {"rawBytes": _raw(self.signer)}
        if media_type == NPM_BUNDLE:
            return {"x509CertificateChain": {"certificates": [certificate]}, **rest}
        return {"certificate": certificate, **rest}


def sign_statement(key: ec.EllipticCurvePrivateKey, payload: bytes) -> bytes:
    """Sign what an envelope holds (DSSE v1.0.0)."""
    head = f"DSSEv1 {len(STATEMENT)} {STATEMENT} {len(payload)} ".encode()
    return key.sign(head + payload, ec.ECDSA(SHA256()))


def sign_digest(key: ec.EllipticCurvePrivateKey, digest: bytes) -> bytes:
    """Sign a file of which only the sha256 is known."""
    return key.sign(digest, ec.ECDSA(Prehashed(SHA256())))


def dsse_entry(payload: bytes, signature: bytes, certificate: Certificate) -> dict[str, object]:
    """What the log records of a statement, `dsse` 0.0.1."""
    signer = {"signature": base64_text(signature), "verifier": base64_text(pem(certificate))}
    return {"envelopeHash": _hash(payload + signature), "payloadHash": _hash(payload), "signatures": [signer]}


def intoto_entry(payload: bytes, signature: bytes, signer_pem: bytes) -> dict[str, object]:
    """What the log records of npm's statements, `intoto` 0.0.2: the signature is encoded twice."""
    signer = {"publicKey": base64_text(signer_pem), "sig": base64_text(base64.b64encode(signature))}
    envelope = {"payloadType": STATEMENT, "signatures": [signer]}
    return {"content": {"envelope": envelope, "hash": _hash(payload + signature), "payloadHash": _hash(payload)}}


def file_entry(digest: bytes, signature: bytes, certificate: Certificate) -> dict[str, object]:
    """What the log records of a signed file, `hashedrekord` 0.0.1."""
    signed = {"content": base64_text(signature), "publicKey": {"content": base64_text(pem(certificate))}}
    return {"data": {"hash": {"algorithm": "sha256", "value": digest.hex()}}, "signature": signed}


def statement(predicate_type: str, subjects: Mapping[str, Mapping[str, str]], predicate: Mapping[str, object]) -> bytes:
    """An in-toto statement of files and their digests."""
    named = [{"name": name, "digest": dict(digests)} for name, digests in subjects.items()]
    said = {"_type": "https://in-toto.io/Statement/v1", "subject": named, "predicateType": predicate_type}
    return json.dumps(said | {"predicate": predicate}).encode()


def pem(signer: Certificate | ec.EllipticCurvePublicKey) -> bytes:
    """A certificate or key as the log records it."""
    if isinstance(signer, Certificate):
        return signer.public_bytes(Encoding.PEM)
    return signer.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _raw(signer: Certificate | str) -> str:
    return base64_text(signer.public_bytes(Encoding.DER)) if isinstance(signer, Certificate) else ""


def _hash(value: bytes) -> dict[str, str]:
    return {"algorithm": "sha256", "value": hashlib.sha256(value).hexdigest()}
