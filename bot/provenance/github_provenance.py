"""Verifies GitHub artifact attestations from `GET /repos/{owner}/{repo}/attestations/sha256:{digest}`."""

from dataclasses import replace

from bot.model.core_types import FullName, RepositoryId, Sha
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
from bot.provenance.certificate_claims import CertificateClaims
from bot.provenance.in_toto import InTotoStatement, find_subject, parse_statement
from bot.provenance.sigstore_verifier import RELEASE_SIGNER
from bot.provenance.trust_store import TrustStore

RELEASE_PREDICATE = "https://in-toto.io/attestation/release/"  # v0.1, v0.2


def verify_github(response: bytes, file: PackageFile, trust: TrustStore) -> AttestationResults:
    """Judge all attestations that GitHub holds of a file of this `sha256`: of its build, its parts, its release."""
    try:
        attestations = _attestations_in(parse_response(response))
    except ProvenanceError as error:
        return reject_response(AttestationKind.GITHUB, error)
    return verify_each(AttestationKind.GITHUB, attestations, lambda one: _verify_attestation(one, file, trust))


def _attestations_in(response: object) -> list[object]:
    match response:
        case {"attestations": list(attestations)}:
            return attestations
    raise ProvenanceError("the answer is no list of attestations")


def _verify_attestation(attestation: object, file: PackageFile, trust: TrustStore) -> VerifiedAttestation:
    match attestation:
        case {"bundle": dict(bundle)}:
            seen = verify_bundle(bundle, trust)
        case {"bundle_url": str()}:  # API version 2026-03-10; the App asks for an older one
            raise ProvenanceError("GitHub gives only an address of it, which is not followed", unverifiable=True)
        case _:
            raise ProvenanceError("it holds no bundle")
    statement = parse_statement(seen.statement or b"")
    find_subject(statement, "sha256", file.digests.get("sha256"), file.name)
    if seen.claims.signer == RELEASE_SIGNER or statement.predicate_type.startswith(RELEASE_PREDICATE):
        return _release_attestation(seen, statement)
    return verified_attestation(AttestationKind.GITHUB, seen, statement.predicate_type, statement.subjects)


def _release_attestation(bundle: VerifiedBundle, statement: InTotoStatement) -> VerifiedAttestation:
    """Read what GitHub signs when it makes a release immutable: the files, the tag and its commit (in-toto attestation/release, read 2026-11-24)."""
    if bundle.claims.signer != RELEASE_SIGNER or not statement.predicate_type.startswith(RELEASE_PREDICATE):
        raise ProvenanceError("it says to be of a release, but GitHub itself did not sign it as one")
    match statement.predicate:
        case {"repository": str(repository), "repositoryId": str(number), "tag": str(tag)} if number.isdecimal():
            commits = (subject.digests.get("sha1") for subject in statement.subjects)
            commit = next((Sha(commit) for commit in commits if commit), None)
            run = Workload(repository=FullName(repository), ref=f"refs/tags/{tag}", commit=commit)
            told = CertificateClaims(run, RELEASE_SIGNER, repository.partition("/")[0], RepositoryId(int(number)))
            said = replace(bundle, claims=told)
            return verified_attestation(
                AttestationKind.GITHUB_RELEASE, said, statement.predicate_type, statement.subjects
            )
    raise ProvenanceError("it is of a release, but does not tell the repository and the tag")
