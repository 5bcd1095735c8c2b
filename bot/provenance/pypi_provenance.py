"""Judges PyPI's attestations of a file (PEP 740), as its integrity API gives them."""

import json
import re
from collections.abc import Iterator

from pydantic import ValidationError
from pypi_attestations import Attestation, AttestationError, AttestationType, Provenance
from sigstore.errors import Error

from bot.model.errors import fault_of
from bot.packages.versions import File
from bot.provenance.attestations import Attested, Judged, Kind, ProvenanceError
from bot.provenance.bundles import signed
from bot.provenance.certificate_claims import shown
from bot.provenance.document import judge_each, proved, read_document, refused_whole
from bot.provenance.statement import read_statement, subject_of
from bot.provenance.trust import Trust
from bot.provenance.words import in_words

_KINDS = frozenset(kind.value for kind in AttestationType)


def judge_pypi(document: bytes, file: File, trust: Trust) -> Judged:
    """Judge all attestations that PyPI offers of a file, whose name and `sha256` PyPI tells. The publisher that it names is not signed, and not read."""
    try:
        attestations = tuple(_attestations(read_document(document)))
    except ProvenanceError as error:
        return refused_whole(Kind.PYPI, error)
    return judge_each(Kind.PYPI, attestations, lambda attestation: _judge(attestation, file, trust))


def _attestations(document: object) -> Iterator[Attestation]:
    try:
        for bundle in Provenance.model_validate(document).attestation_bundles:
            yield from bundle.attestations
    except ValidationError as error:
        raise ProvenanceError("the answer is not what PEP 740 describes") from error


def _judge(attestation: Attestation, file: File, trust: Trust) -> Attested:
    try:
        bundle = json.loads(attestation.to_bundle().to_json())
    except Error as error:
        raise ProvenanceError(in_words(error)) from error
    except AttestationError as error:
        raise ProvenanceError(f"it cannot be read: {shown(str(error))}") from error
    except Exception as error:  # as in signed.py: what a library raises over hostile bytes is not believed
        raise ProvenanceError(f"it cannot be read ({fault_of(error)})") from error
    seen = signed(bundle, trust)
    statement = read_statement(seen.statement or b"")
    if statement.predicate_type not in _KINDS:
        raise ProvenanceError("it is of a kind that PyPI does not take")
    if len(statement.subjects) != 1:
        raise ProvenanceError(f"it is about {len(statement.subjects)} files, where PyPI takes one")
    subject = subject_of(statement, "sha256", file.digests.get("sha256"), file.name)
    if _normal(subject.name) != _normal(file.name):
        raise ProvenanceError(f"it is of a file of another name than {file.name}")
    return proved(Kind.PYPI, seen, statement.predicate_type, statement.subjects)


def _normal(name: str) -> str:
    """Names differ in dashes and case between tools (pypi/warehouse#18128); the digest is what binds."""
    return re.sub(r"[-_.]+", "-", name).lower()
