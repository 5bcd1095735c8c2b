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

from bot.model.errors import describe_fault
from bot.provenance.attestations import ProvenanceError
from bot.provenance.certificate_claims import CertificateClaims, read_claims
from bot.provenance.sigstore_verifier import SigstoreVerifier
from bot.provenance.stamped import TimestampVerifier
from bot.provenance.trust import TrustStore
from bot.provenance.words import explain_error


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
