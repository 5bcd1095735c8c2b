"""Verifies the provenance that a registry serves of a file, each in its own form.

PyPI: PEP 740, from the Integrity API. RubyGems: Sigstore bundles that sign a gem or a statement about it. GitHub:
`GET /repos/{owner}/{repo}/attestations/sha256:{digest}`. npm: provenance, and attestations that the registry signs.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import unquote

from pydantic import ValidationError
from pypi_attestations import Attestation, AttestationError, AttestationType, Provenance
from sigstore.errors import Error
from sigstore_models.bundle.v1 import Bundle as Fields

from bot.model.core_types import FullName, RepositoryId, Sha
from bot.model.errors import describe_fault
from bot.packages.versions import PackageFile, Workload
from bot.provenance.attestations import AttestationKind, AttestationResults, ProvenanceError, VerifiedAttestation
from bot.provenance.bundles import (
    VerifiedBundle,
    parse_response,
    reject_response,
    verified_attestation,
    verify_bundle,
    verify_each,
)
from bot.provenance.certificate_claims import CertificateClaims, sanitize
from bot.provenance.in_toto import (
    InTotoStatement,
    check_log_entry,
    find_subject,
    is_intoto_entry,
    parse_statement,
    verify_envelope,
)
from bot.provenance.sigstore_verifier import RELEASE_SIGNER, explain_error
from bot.provenance.trust_store import TrustStore

_PREDICATE_TYPES = frozenset(kind.value for kind in AttestationType)


def verify_pypi(response: bytes, file: PackageFile, trust: TrustStore) -> AttestationResults:
    """Judge all attestations that PyPI offers of a file, whose name and `sha256` PyPI tells. The publisher that it names is not signed, and not read."""
    try:
        attestations = tuple(_pypi_attestations(parse_response(response)))
    except ProvenanceError as error:
        return reject_response(AttestationKind.PYPI, error)
    return verify_each(
        AttestationKind.PYPI, attestations, lambda attestation: _verify_pypi_attestation(attestation, file, trust)
    )


def _pypi_attestations(response: object) -> Iterator[Attestation]:
    try:
        for bundle in Provenance.model_validate(response).attestation_bundles:
            yield from bundle.attestations
    except ValidationError as error:
        raise ProvenanceError("the answer is not what PEP 740 describes") from error


def _verify_pypi_attestation(attestation: Attestation, file: PackageFile, trust: TrustStore) -> VerifiedAttestation:
    try:
        bundle = json.loads(attestation.to_bundle().to_json())
    except Error as error:
        raise ProvenanceError(explain_error(error)) from error
    except AttestationError as error:
        raise ProvenanceError(f"it cannot be read: {sanitize(str(error))}") from error
    except Exception as error:  # as in bundles.py: what a library raises over hostile bytes is not believed
        raise ProvenanceError(f"it cannot be read ({describe_fault(error)})") from error
    verified = verify_bundle(bundle, trust)
    statement = parse_statement(verified.statement or b"")
    if statement.predicate_type not in _PREDICATE_TYPES:
        raise ProvenanceError("it is of a kind that PyPI does not take")
    if len(statement.subjects) != 1:
        raise ProvenanceError(f"it is about {len(statement.subjects)} files, where PyPI takes one")
    subject = find_subject(statement, "sha256", file.digests.get("sha256"), file.name)
    if _normalize_name(subject.name) != _normalize_name(file.name):
        raise ProvenanceError(f"it is of a file of another name than {file.name}")
    return verified_attestation(AttestationKind.PYPI, verified, statement.predicate_type, statement.subjects)


def _normalize_name(name: str) -> str:
    """Names differ in dashes and case between tools (pypi/warehouse#18128); the digest is what binds."""
    return re.sub(r"[-_.]+", "-", name).lower()


def verify_rubygems(response: bytes, file: PackageFile, trust: TrustStore) -> AttestationResults:
    """Judge all attestations that RubyGems offers of a gem, whose `sha256` it tells."""
    try:
        bundles = _gem_bundles(parse_response(response))
    except ProvenanceError as error:
        return reject_response(AttestationKind.RUBYGEMS, error)
    return verify_each(AttestationKind.RUBYGEMS, bundles, lambda bundle: _verify_gem(bundle, file, trust))


def _gem_bundles(response: object) -> list[object]:
    if isinstance(response, list):
        return response
    raise ProvenanceError("the answer is no list of bundles")


def _verify_gem(bundle: object, file: PackageFile, trust: TrustStore) -> VerifiedAttestation:
    sha256 = file.digests.get("sha256")
    if not sha256:
        raise ProvenanceError(f"the registry tells no sha256 of {file.name} to compare with", unverifiable=True)
    verified = verify_bundle(bundle, trust, sha256)
    if verified.statement is None:
        return verified_attestation(
            AttestationKind.RUBYGEMS, verified, None, (PackageFile(file.name, {"sha256": sha256}),)
        )
    statement = parse_statement(verified.statement)
    find_subject(statement, "sha256", sha256, file.name)
    return verified_attestation(AttestationKind.RUBYGEMS, verified, statement.predicate_type, statement.subjects)


RELEASE_PREDICATE = "https://in-toto.io/attestation/release/"  # v0.1, v0.2


def verify_github(response: bytes, file: PackageFile, trust: TrustStore) -> AttestationResults:
    """Judge all attestations that GitHub holds of a file of this `sha256`: of its build, its parts, its release."""
    try:
        attestations = _attestations_in(parse_response(response))
    except ProvenanceError as error:
        return reject_response(AttestationKind.GITHUB, error)
    return verify_each(AttestationKind.GITHUB, attestations, lambda one: _verify_github_attestation(one, file, trust))


def _attestations_in(response: object) -> list[object]:
    match response:
        case {"attestations": list(attestations)}:
            return attestations
    raise ProvenanceError("the answer is no list of attestations")


def _verify_github_attestation(attestation: object, file: PackageFile, trust: TrustStore) -> VerifiedAttestation:
    match attestation:
        case {"bundle": dict(bundle)}:
            verified = verify_bundle(bundle, trust)
        case {"bundle_url": str()}:  # API version 2026-03-10; the App asks for an older one
            raise ProvenanceError("GitHub gives only an address of it, which is not followed", unverifiable=True)
        case _:
            raise ProvenanceError("it holds no bundle")
    statement = parse_statement(verified.statement or b"")
    find_subject(statement, "sha256", file.digests.get("sha256"), file.name)
    if verified.claims.signer == RELEASE_SIGNER or statement.predicate_type.startswith(RELEASE_PREDICATE):
        return _release_attestation(verified, statement)
    return verified_attestation(AttestationKind.GITHUB, verified, statement.predicate_type, statement.subjects)


def _release_attestation(bundle: VerifiedBundle, statement: InTotoStatement) -> VerifiedAttestation:
    """Read what GitHub signs when it makes a release immutable: the files, the tag and its commit (in-toto attestation/release, read 2026-11-24)."""
    if bundle.claims.signer != RELEASE_SIGNER or not statement.predicate_type.startswith(RELEASE_PREDICATE):
        raise ProvenanceError("it says to be of a release, but GitHub itself did not sign it as one")
    match statement.predicate:
        case {"repository": str(repository), "repositoryId": str(number), "tag": str(tag)} if number.isdecimal():
            commits = (subject.digests.get("sha1") for subject in statement.subjects)
            commit = next((Sha(commit) for commit in commits if commit), None)
            run = Workload(repository=FullName(repository), ref=f"refs/tags/{tag}", commit=commit)
            claims = CertificateClaims(run, RELEASE_SIGNER, repository.partition("/")[0], RepositoryId(int(number)))
            claimed = replace(bundle, claims=claims)
            return verified_attestation(
                AttestationKind.GITHUB_RELEASE, claimed, statement.predicate_type, statement.subjects
            )
    raise ProvenanceError("it is of a release, but does not tell the repository and the tag")


PUBLISH_PREDICATE = "https://github.com/npm/attestation/tree/main/specs/publish/v0.1"
PROVENANCE_PREDICATES = ("https://slsa.dev/provenance/v1", "https://slsa.dev/provenance/v0.2")


def verify_npm(response: bytes, name: str, version: str, file: PackageFile, trust: TrustStore) -> AttestationResults:
    """Judge all attestations that npm offers of a version, whose tarball's `sha512` (hexadecimal) it tells."""
    try:
        attestations = _attestations_in(parse_response(response))
    except ProvenanceError as error:
        return reject_response(AttestationKind.NPM_PROVENANCE, error)
    bundles = [one.get("bundle") if isinstance(one, dict) else None for one in attestations]
    by_registry = [bundle for bundle in bundles if _is_signed_by_registry(bundle)]
    by_run = [bundle for bundle in bundles if not _is_signed_by_registry(bundle)]
    runs = verify_each(
        AttestationKind.NPM_PROVENANCE, by_run, lambda one: _verify_provenance(one, name, version, file, trust)
    )
    registry = verify_each(
        AttestationKind.NPM_PUBLISH, by_registry, lambda one: _verify_publish(one, name, version, file, trust)
    )
    return AttestationResults(runs.verified + registry.verified, runs.rejected + registry.rejected)


def _is_signed_by_registry(bundle: object) -> bool:
    match bundle:
        case {"verificationMaterial": {"publicKey": dict()}}:
            return True
    return False


def _verify_provenance(
    bundle: object, name: str, version: str, file: PackageFile, trust: TrustStore
) -> VerifiedAttestation:
    verified = verify_bundle(bundle, trust)
    statement = parse_statement(verified.statement or b"")
    if statement.predicate_type not in PROVENANCE_PREDICATES:
        raise ProvenanceError("a run signed it, but it is no provenance of a build")
    _check_subject(statement, name, version, file)
    return verified_attestation(AttestationKind.NPM_PROVENANCE, verified, statement.predicate_type, statement.subjects)


def _verify_publish(
    bundle: object, name: str, version: str, file: PackageFile, trust: TrustStore
) -> VerifiedAttestation:
    payload, at = verify_registry_signature(bundle, trust)
    statement = parse_statement(payload)
    if statement.predicate_type != PUBLISH_PREDICATE:
        raise ProvenanceError("the registry signed it, but it does not say that a version was published")
    _check_subject(statement, name, version, file)
    published = statement.predicate.get("name"), statement.predicate.get("version")
    if published != (name, version):
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
    except Exception as error:  # as in bundles.py: what libraries raise over hostile bytes is not believed
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
