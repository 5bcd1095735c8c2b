"""An in-toto statement, read with care: which files it is about, and what it says of them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from bot.packages.versions import File
from bot.provenance.attestations import ProvenanceError
from bot.provenance.certificate_claims import shown

_TYPES = ("https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1")
MOST_SUBJECTS = 1024  # GitHub's own limit for one attestation (actions/attest, read 2026-11-24)


@dataclass(frozen=True, slots=True)
class Statement:
    """What is said of which files. The predicate's own fields are looked up by those who know its type."""

    predicate_type: str
    subjects: tuple[File, ...]
    predicate: Mapping[str, object]


def read_statement(payload: bytes) -> Statement:
    """Read a statement that was verified; raise ProvenanceError for what is none."""
    try:
        said = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise ProvenanceError("its statement is no JSON") from error
    match said:
        case {"_type": str(kind), "subject": list(subjects), "predicateType": str(predicate_type)} if kind in _TYPES:
            if not 0 < len(subjects) <= MOST_SUBJECTS:
                raise ProvenanceError(
                    f"its statement is about {len(subjects)} files, where 1 to {MOST_SUBJECTS} are read"
                )
            predicate = said.get("predicate")
            fields = predicate if isinstance(predicate, dict) else {}
            return Statement(predicate_type, tuple(_subject(subject) for subject in subjects), fields)
    raise ProvenanceError("its statement is no in-toto statement")


def subject_of(statement: Statement, algorithm: str, digest: str | None, name: str) -> File:
    """Return the subject that has this digest; raise ProvenanceError when none has."""
    if not digest:
        raise ProvenanceError(f"the registry tells no {algorithm} of {name} to compare with", unseen=True)
    for subject in statement.subjects:
        if subject.digests.get(algorithm, "").lower() == digest.lower():
            return subject
    others = shown(", ".join(subject.name for subject in statement.subjects[:3] if subject.name))
    raise ProvenanceError(f"it is of another file: no digest in it is that of {name} (it names {others})")


def _subject(subject: object) -> File:
    match subject:
        case {"digest": dict(digests)} if all(isinstance(value, str) for value in digests.values()):
            match subject:
                case {"name": str(name)} | {"uri": str(name)}:  # a release is named by its package-url
                    return File(name, dict(digests))
            return File("", dict(digests))
    raise ProvenanceError("its statement names a file without a digest")
