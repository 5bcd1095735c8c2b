"""A statement that a registry signed with a key of its own, recorded in a transparency log."""

import json
from datetime import UTC, datetime

from sigstore.errors import Error
from sigstore_models.bundle.v1 import Bundle as Fields

from bot.model.errors import describe_fault
from bot.provenance.attestations import ProvenanceError
from bot.provenance.in_toto import check_log_entry, is_intoto_entry, verify_envelope
from bot.provenance.trust import TrustStore
from bot.provenance.words import explain_error


def verify_registry_signature(bundle: object, trust: TrustStore) -> tuple[bytes, datetime]:
    """Return the statement and when the log saw it; raise ProvenanceError, whatever the bundle holds."""
    try:
        return _verify_signature(Fields.from_json(json.dumps(bundle)), trust)
    except ProvenanceError:
        raise
    except Error as error:
        raise ProvenanceError(explain_error(error)) from error
    except Exception as error:  # as in signed.py: what libraries raise over hostile bytes is not believed
        raise ProvenanceError(f"it is no readable bundle ({describe_fault(error)})") from error


def _verify_signature(fields: Fields, trust: TrustStore) -> tuple[bytes, datetime]:
    material, envelope = fields.verification_material, fields.dsse_envelope
    hint = material.public_key.hint if material.public_key else None
    signer = trust.registry_keys.get(hint or "")
    if signer is None:
        raise ProvenanceError("it is signed with a key that is none of those known of the registry", unverifiable=True)
    if envelope is None or len(material.tlog_entries) != 1:
        raise ProvenanceError("it does not hold one statement with one entry of a log")
    entry = material.tlog_entries[0]
    payload = verify_envelope(envelope, signer.key)
    if (
        not is_intoto_entry(entry) or not entry.integrated_time or entry.inclusion_promise is None
    ):  # a time of 0 is not promised
        raise ProvenanceError("the log does not promise when it was signed")
    trust.verify_log_entry(entry)
    check_log_entry(entry, envelope, signer.key)
    at = datetime.fromtimestamp(entry.integrated_time, tz=UTC)
    if signer.expires is not None and at >= signer.expires:
        raise ProvenanceError(f"the registry's key ended on {signer.expires:%Y-%m-%d}, before it was signed")
    return payload, at
