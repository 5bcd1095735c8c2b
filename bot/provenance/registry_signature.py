"""A statement that a registry signed with a key of its own, recorded in a transparency log."""

import json
from datetime import UTC, datetime

from sigstore.errors import Error
from sigstore_models.bundle.v1 import Bundle as Fields

from bot.model.errors import fault_of
from bot.provenance.attestations import ProvenanceError
from bot.provenance.in_toto import check_logged, is_intoto, signed_statement
from bot.provenance.trust import Trust
from bot.provenance.words import in_words


def signed_by_registry(bundle: object, trust: Trust) -> tuple[bytes, datetime]:
    """Return the statement and when the log saw it; raise ProvenanceError, whatever the bundle holds."""
    try:
        return _verified(Fields.from_json(json.dumps(bundle)), trust)
    except ProvenanceError:
        raise
    except Error as error:
        raise ProvenanceError(in_words(error)) from error
    except Exception as error:  # as in signed.py: what libraries raise over hostile bytes is not believed
        raise ProvenanceError(f"it is no readable bundle ({fault_of(error)})") from error


def _verified(fields: Fields, trust: Trust) -> tuple[bytes, datetime]:
    material, envelope = fields.verification_material, fields.dsse_envelope
    hint = material.public_key.hint if material.public_key else None
    signer = trust.registry_keys.get(hint or "")
    if signer is None:
        raise ProvenanceError("it is signed with a key that is none of those known of the registry", unseen=True)
    if envelope is None or len(material.tlog_entries) != 1:
        raise ProvenanceError("it does not hold one statement with one entry of a log")
    entry = material.tlog_entries[0]
    payload = signed_statement(envelope, signer.key)
    if (
        not is_intoto(entry) or not entry.integrated_time or entry.inclusion_promise is None
    ):  # a time of 0 is not promised
        raise ProvenanceError("the log does not promise when it was signed")
    trust.logged(entry)
    check_logged(entry, envelope, signer.key)
    at = datetime.fromtimestamp(entry.integrated_time, tz=UTC)
    if signer.expires is not None and at >= signer.expires:
        raise ProvenanceError(f"the registry's key ended on {signer.expires:%Y-%m-%d}, before it was signed")
    return payload, at
