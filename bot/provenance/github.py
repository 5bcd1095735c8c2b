"""Judges GitHub's artifact attestations, as `GET /repos/{owner}/{repo}/attestations/sha256:{digest}` gives them."""

from bot.provenance.document import judge_each, proved, read_document, refused_whole
from bot.provenance.model import Attested, Judged, Kind, ProvenanceError
from bot.provenance.signed import signed
from bot.provenance.statement import read_statement, subject_of
from bot.provenance.trust import Trust
from bot.versions.model import File


def judge_github(document: bytes, file: File, trust: Trust) -> Judged:
    """Judge all attestations that GitHub holds of a file of this `sha256`: of its build, its parts, its release."""
    try:
        attestations = _attestations(read_document(document))
    except ProvenanceError as error:
        return refused_whole(Kind.GITHUB, error)
    return judge_each(Kind.GITHUB, attestations, lambda one: _judge(one, file, trust))


def _attestations(document: object) -> list[object]:
    match document:
        case {"attestations": list(attestations)}:
            return attestations
    raise ProvenanceError("the answer is no list of attestations")


def _judge(attestation: object, file: File, trust: Trust) -> Attested:
    match attestation:
        case {"bundle": dict(bundle)}:
            seen = signed(bundle, trust)
        case {"bundle_url": str()}:  # API version 2026-03-10; the App asks for an older one
            raise ProvenanceError("GitHub gives only an address of it, which is not followed", unseen=True)
        case _:
            raise ProvenanceError("it holds no bundle")
    statement = read_statement(seen.statement or b"")
    subject_of(statement, "sha256", file.digests.get("sha256"), file.name)
    return proved(Kind.GITHUB, seen, statement.predicate_type, statement.subjects)
