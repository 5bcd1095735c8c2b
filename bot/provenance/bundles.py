"""One bundle, verified or not: what it signs, who signed and when. Everything in it is a stranger's until then."""

import json
from dataclasses import dataclass
from datetime import datetime

from cryptography.x509 import Certificate, load_der_x509_certificate
from sigstore.errors import Error
from sigstore.hashes import Hashed
from sigstore.models import Bundle
from sigstore_models.bundle.v1 import Bundle as Fields
from sigstore_models.common.v1 import HashAlgorithm

from bot.model.errors import fault_of
from bot.provenance.attestations import ProvenanceError
from bot.provenance.certificate_claims import Claims, claims
from bot.provenance.sigstore_verifier import Verifier
from bot.provenance.stamped import StampedVerifier
from bot.provenance.trust import Trust
from bot.provenance.words import in_words


@dataclass(frozen=True, slots=True)
class Signed:
    """What a bundle proves: a statement, or (None) a file of the digest that was asked for."""

    claims: Claims
    statement: bytes | None
    signed_at: datetime | None


def signed(bundle: object, trust: Trust, sha256: str | None = None) -> Signed:
    """Verify a bundle of a statement, or of a file where its digest (hexadecimal) is given and the bundle holds no statement.

    Raise ProvenanceError, whatever the bundle holds: nothing of a stranger's crashes the reader.
    """
    try:
        text = bundle_text(bundle)
        fields = Fields.from_json(text)
        certificate = _certificate(fields)
        verifier = trust.of(certificate)
        if isinstance(verifier, StampedVerifier):
            return Signed(*verifier.stamped_statement(certificate, fields))
        return _verified(Bundle.from_json(text), fields, verifier, sha256)
    except ProvenanceError:
        raise
    except Error as error:
        raise ProvenanceError(in_words(error)) from error
    except Exception as error:
        # What libraries raise over hostile bytes is not theirs to promise; nothing of it is believed.
        raise ProvenanceError(f"it is no readable bundle ({fault_of(error)})") from error


def bundle_text(bundle: object) -> str:
    """Return a bundle's JSON as the library reads it: it wants the list of log entries where GitHub leaves out an empty one."""
    material = bundle.get("verificationMaterial") if isinstance(bundle, dict) else None
    if isinstance(bundle, dict) and isinstance(material, dict):
        bundle = {**bundle, "verificationMaterial": {"tlogEntries": [], **material}}
    return json.dumps(bundle)


def _certificate(fields: Fields) -> Certificate:
    material = fields.verification_material
    chain = material.x509_certificate_chain.certificates if material.x509_certificate_chain else []
    first = material.certificate or (chain[0] if chain else None)
    if first is None:
        raise ProvenanceError("it holds no certificate of a run")
    return load_der_x509_certificate(first.raw_bytes)


def _verified(bundle: Bundle, fields: Fields, verifier: Verifier, sha256: str | None) -> Signed:
    statement = None
    if fields.dsse_envelope is None and sha256 is not None:
        verifier.artifact(bundle, Hashed(algorithm=HashAlgorithm.SHA2_256, digest=bytes.fromhex(sha256)))
    else:
        statement = verifier.statement(bundle, fields)
    return Signed(claims(bundle.signing_certificate), statement, verifier.signed_at(bundle))
