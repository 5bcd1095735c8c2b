"""Verifies npm provenance attestations and the publish attestations that the registry signs."""

import json
from datetime import UTC, datetime
from urllib.parse import unquote

from sigstore.errors import Error
from sigstore_models.bundle.v1 import Bundle as Fields

from bot.model.errors import describe_fault
from bot.packages.versions import PackageFile, Workload
from bot.provenance.attestations import AttestationKind, AttestationResults, ProvenanceError, VerifiedAttestation
from bot.provenance.bundles import parse_response, reject_response, verified_attestation, verify_bundle, verify_each
from bot.provenance.in_toto import (
    InTotoStatement,
    check_log_entry,
    find_subject,
    is_intoto_entry,
    parse_statement,
    verify_envelope,
)
from bot.provenance.sigstore_verifier import explain_error
from bot.provenance.trust_store import TrustStore

PUBLISH_PREDICATE = "https://github.com/npm/attestation/tree/main/specs/publish/v0.1"
PROVENANCE_PREDICATES = ("https://slsa.dev/provenance/v1", "https://slsa.dev/provenance/v0.2")


def verify_npm(response: bytes, name: str, version: str, file: PackageFile, trust: TrustStore) -> AttestationResults:
    """Judge all attestations that npm offers of a version, whose tarball's `sha512` (hexadecimal) it tells."""
    try:
        bundles = _bundles_in(parse_response(response))
    except ProvenanceError as error:
        return reject_response(AttestationKind.NPM_PROVENANCE, error)
    by_registry = [bundle for bundle in bundles if _is_signed_by_registry(bundle)]
    by_run = [bundle for bundle in bundles if not _is_signed_by_registry(bundle)]
    runs = verify_each(
        AttestationKind.NPM_PROVENANCE, by_run, lambda one: _verify_provenance(one, name, version, file, trust)
    )
    registry = verify_each(
        AttestationKind.NPM_PUBLISH, by_registry, lambda one: _verify_publish(one, name, version, file, trust)
    )
    return AttestationResults(runs.verified + registry.verified, runs.rejected + registry.rejected)


def _bundles_in(response: object) -> list[object]:
    match response:
        case {"attestations": list(attestations)}:
            return [one.get("bundle") if isinstance(one, dict) else None for one in attestations]
    raise ProvenanceError("the answer is no list of attestations")


def _is_signed_by_registry(bundle: object) -> bool:
    match bundle:
        case {"verificationMaterial": {"publicKey": dict()}}:
            return True
    return False


def _verify_provenance(
    bundle: object, name: str, version: str, file: PackageFile, trust: TrustStore
) -> VerifiedAttestation:
    seen = verify_bundle(bundle, trust)
    statement = parse_statement(seen.statement or b"")
    if statement.predicate_type not in PROVENANCE_PREDICATES:
        raise ProvenanceError("a run signed it, but it is no provenance of a build")
    _check_subject(statement, name, version, file)
    return verified_attestation(AttestationKind.NPM_PROVENANCE, seen, statement.predicate_type, statement.subjects)


def _verify_publish(
    bundle: object, name: str, version: str, file: PackageFile, trust: TrustStore
) -> VerifiedAttestation:
    payload, at = verify_registry_signature(bundle, trust)
    statement = parse_statement(payload)
    if statement.predicate_type != PUBLISH_PREDICATE:
        raise ProvenanceError("the registry signed it, but it does not say that a version was published")
    _check_subject(statement, name, version, file)
    told = statement.predicate.get("name"), statement.predicate.get("version")
    if told != (name, version):
        raise ProvenanceError(f"it says that another version was published than {name} {version}")
    return VerifiedAttestation(
        AttestationKind.NPM_PUBLISH, PUBLISH_PREDICATE, Workload(), None, None, None, at, statement.subjects
    )


def _check_subject(statement: InTotoStatement, name: str, version: str, file: PackageFile) -> None:
    subject = find_subject(statement, "sha512", file.digests.get("sha512"), file.name)
    if unquote(subject.name) != f"pkg:npm/{name}@{version}":
        raise ProvenanceError(f"it is of another package or version than {name} {version}")


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
