"""Verifies PyPI attestations of a file (PEP 740), as returned by the Integrity API."""

import json
import re
from collections.abc import Iterator

from pydantic import ValidationError
from pypi_attestations import Attestation, AttestationError, AttestationType, Provenance
from sigstore.errors import Error

from bot.model.errors import describe_fault
from bot.packages.versions import PackageFile
from bot.provenance.attestations import AttestationKind, AttestationResults, ProvenanceError, VerifiedAttestation
from bot.provenance.bundles import parse_response, reject_response, verified_attestation, verify_bundle, verify_each
from bot.provenance.certificate_claims import sanitize
from bot.provenance.in_toto import find_subject, parse_statement
from bot.provenance.sigstore_verifier import explain_error
from bot.provenance.trust_store import TrustStore

_PREDICATE_TYPES = frozenset(kind.value for kind in AttestationType)


def verify_pypi(response: bytes, file: PackageFile, trust: TrustStore) -> AttestationResults:
    """Judge all attestations that PyPI offers of a file, whose name and `sha256` PyPI tells. The publisher that it names is not signed, and not read."""
    try:
        attestations = tuple(_attestations_in(parse_response(response)))
    except ProvenanceError as error:
        return reject_response(AttestationKind.PYPI, error)
    return verify_each(
        AttestationKind.PYPI, attestations, lambda attestation: _verify_attestation(attestation, file, trust)
    )


def _attestations_in(response: object) -> Iterator[Attestation]:
    try:
        for bundle in Provenance.model_validate(response).attestation_bundles:
            yield from bundle.attestations
    except ValidationError as error:
        raise ProvenanceError("the answer is not what PEP 740 describes") from error


def _verify_attestation(attestation: Attestation, file: PackageFile, trust: TrustStore) -> VerifiedAttestation:
    try:
        bundle = json.loads(attestation.to_bundle().to_json())
    except Error as error:
        raise ProvenanceError(explain_error(error)) from error
    except AttestationError as error:
        raise ProvenanceError(f"it cannot be read: {sanitize(str(error))}") from error
    except Exception as error:  # as in signed.py: what a library raises over hostile bytes is not believed
        raise ProvenanceError(f"it cannot be read ({describe_fault(error)})") from error
    seen = verify_bundle(bundle, trust)
    statement = parse_statement(seen.statement or b"")
    if statement.predicate_type not in _PREDICATE_TYPES:
        raise ProvenanceError("it is of a kind that PyPI does not take")
    if len(statement.subjects) != 1:
        raise ProvenanceError(f"it is about {len(statement.subjects)} files, where PyPI takes one")
    subject = find_subject(statement, "sha256", file.digests.get("sha256"), file.name)
    if _normalize_name(subject.name) != _normalize_name(file.name):
        raise ProvenanceError(f"it is of a file of another name than {file.name}")
    return verified_attestation(AttestationKind.PYPI, seen, statement.predicate_type, statement.subjects)


def _normalize_name(name: str) -> str:
    """Names differ in dashes and case between tools (pypi/warehouse#18128); the digest is what binds."""
    return re.sub(r"[-_.]+", "-", name).lower()
