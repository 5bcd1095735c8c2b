"""Judges npm's attestations of a version: provenance, signed by the run, and publish, signed by the registry."""

from urllib.parse import unquote

from bot.packages.versions import PackageFile, Workload
from bot.provenance.attestations import AttestationKind, AttestationResults, ProvenanceError, VerifiedAttestation
from bot.provenance.bundles import verify_bundle
from bot.provenance.document import parse_response, reject_response, verified_attestation, verify_each
from bot.provenance.registry_signature import verify_registry_signature
from bot.provenance.statement import InTotoStatement, find_subject, parse_statement
from bot.provenance.trust import TrustStore

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
