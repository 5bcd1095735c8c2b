"""An in-toto statement, read with care: which files it is about, and what it says of them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from bot.packages.versions import PackageFile
from bot.provenance.attestations import ProvenanceError
from bot.provenance.certificate_claims import sanitize

_STATEMENT_TYPES = ("https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1")
MAX_SUBJECTS = 1024  # GitHub's own limit for one attestation (actions/attest, read 2026-11-24)


@dataclass(frozen=True, slots=True)
class InTotoStatement:
    """What is said of which files. The predicate's own fields are looked up by those who know its type."""

    predicate_type: str
    subjects: tuple[PackageFile, ...]
    predicate: Mapping[str, object]


def parse_statement(payload: bytes) -> InTotoStatement:
    """Read a statement that was verified; raise ProvenanceError for what is none."""
    try:
        said = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise ProvenanceError("its statement is no JSON") from error
    match said:
        case {"_type": str(kind), "subject": list(subjects), "predicateType": str(predicate_type)} if (
            kind in _STATEMENT_TYPES
        ):
            if not 0 < len(subjects) <= MAX_SUBJECTS:
                raise ProvenanceError(
                    f"its statement is about {len(subjects)} files, where 1 to {MAX_SUBJECTS} are read"
                )
            predicate = said.get("predicate")
            fields = predicate if isinstance(predicate, dict) else {}
            return InTotoStatement(predicate_type, tuple(_parse_subject(subject) for subject in subjects), fields)
    raise ProvenanceError("its statement is no in-toto statement")


def find_subject(statement: InTotoStatement, algorithm: str, digest: str | None, name: str) -> PackageFile:
    """Return the subject that has this digest; raise ProvenanceError when none has."""
    if not digest:
        raise ProvenanceError(f"the registry tells no {algorithm} of {name} to compare with", unverifiable=True)
    for subject in statement.subjects:
        if subject.digests.get(algorithm, "").lower() == digest.lower():
            return subject
    others = sanitize(", ".join(subject.name for subject in statement.subjects[:3] if subject.name))
    raise ProvenanceError(f"it is of another file: no digest in it is that of {name} (it names {others})")


def _parse_subject(subject: object) -> PackageFile:
    match subject:
        case {"digest": dict(digests)} if all(isinstance(value, str) for value in digests.values()):
            match subject:
                case {"name": str(name)} | {"uri": str(name)}:  # a release is named by its package-url
                    return PackageFile(name, dict(digests))
            return PackageFile("", dict(digests))
    raise ProvenanceError("its statement names a file without a digest")
