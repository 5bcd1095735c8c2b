"""Verifies RubyGems attestations: Sigstore bundles that sign a gem or a statement about it."""

from bot.packages.versions import PackageFile
from bot.provenance.attestations import AttestationKind, AttestationResults, ProvenanceError, VerifiedAttestation
from bot.provenance.bundles import parse_response, reject_response, verified_attestation, verify_bundle, verify_each
from bot.provenance.in_toto import find_subject, parse_statement
from bot.provenance.trust_store import TrustStore


def verify_rubygems(response: bytes, file: PackageFile, trust: TrustStore) -> AttestationResults:
    """Judge all attestations that RubyGems offers of a gem, whose `sha256` it tells."""
    try:
        bundles = _bundles_in(parse_response(response))
    except ProvenanceError as error:
        return reject_response(AttestationKind.RUBYGEMS, error)
    return verify_each(AttestationKind.RUBYGEMS, bundles, lambda bundle: _verify_attestation(bundle, file, trust))


def _bundles_in(response: object) -> list[object]:
    if isinstance(response, list):
        return response
    raise ProvenanceError("the answer is no list of bundles")


def _verify_attestation(bundle: object, file: PackageFile, trust: TrustStore) -> VerifiedAttestation:
    sha256 = file.digests.get("sha256")
    if not sha256:
        raise ProvenanceError(f"the registry tells no sha256 of {file.name} to compare with", unverifiable=True)
    seen = verify_bundle(bundle, trust, sha256)
    if seen.statement is None:
        return verified_attestation(AttestationKind.RUBYGEMS, seen, None, (PackageFile(file.name, {"sha256": sha256}),))
    statement = parse_statement(seen.statement)
    find_subject(statement, "sha256", sha256, file.name)
    return verified_attestation(AttestationKind.RUBYGEMS, seen, statement.predicate_type, statement.subjects)
