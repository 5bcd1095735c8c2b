"""Judges npm's attestations of a version: provenance, signed by the run, and publish, signed by the registry."""

from urllib.parse import unquote

from bot.packages.versions import File, Workload
from bot.provenance.attestations import Attested, Judged, Kind, ProvenanceError
from bot.provenance.bundles import signed
from bot.provenance.document import judge_each, proved, read_document, refused_whole
from bot.provenance.registry_signature import signed_by_registry
from bot.provenance.statement import Statement, read_statement, subject_of
from bot.provenance.trust import Trust

PUBLISH = "https://github.com/npm/attestation/tree/main/specs/publish/v0.1"
PROVENANCE = ("https://slsa.dev/provenance/v1", "https://slsa.dev/provenance/v0.2")


def judge_npm(document: bytes, name: str, version: str, file: File, trust: Trust) -> Judged:
    """Judge all attestations that npm offers of a version, whose tarball's `sha512` (hexadecimal) it tells."""
    try:
        bundles = _bundles(read_document(document))
    except ProvenanceError as error:
        return refused_whole(Kind.NPM_PROVENANCE, error)
    by_registry = [bundle for bundle in bundles if _has_key(bundle)]
    by_run = [bundle for bundle in bundles if not _has_key(bundle)]
    runs = judge_each(Kind.NPM_PROVENANCE, by_run, lambda one: _provenance(one, name, version, file, trust))
    registry = judge_each(Kind.NPM_PUBLISH, by_registry, lambda one: _publish(one, name, version, file, trust))
    return Judged(runs.attested + registry.attested, runs.refused + registry.refused)


def _bundles(document: object) -> list[object]:
    match document:
        case {"attestations": list(attestations)}:
            return [one.get("bundle") if isinstance(one, dict) else None for one in attestations]
    raise ProvenanceError("the answer is no list of attestations")


def _has_key(bundle: object) -> bool:
    match bundle:
        case {"verificationMaterial": {"publicKey": dict()}}:
            return True
    return False


def _provenance(bundle: object, name: str, version: str, file: File, trust: Trust) -> Attested:
    seen = signed(bundle, trust)
    statement = read_statement(seen.statement or b"")
    if statement.predicate_type not in PROVENANCE:
        raise ProvenanceError("a run signed it, but it is no provenance of a build")
    _check_subject(statement, name, version, file)
    return proved(Kind.NPM_PROVENANCE, seen, statement.predicate_type, statement.subjects)


def _publish(bundle: object, name: str, version: str, file: File, trust: Trust) -> Attested:
    payload, at = signed_by_registry(bundle, trust)
    statement = read_statement(payload)
    if statement.predicate_type != PUBLISH:
        raise ProvenanceError("the registry signed it, but it does not say that a version was published")
    _check_subject(statement, name, version, file)
    told = statement.predicate.get("name"), statement.predicate.get("version")
    if told != (name, version):
        raise ProvenanceError(f"it says that another version was published than {name} {version}")
    return Attested(Kind.NPM_PUBLISH, PUBLISH, Workload(), None, None, None, at, statement.subjects)


def _check_subject(statement: Statement, name: str, version: str, file: File) -> None:
    subject = subject_of(statement, "sha512", file.digests.get("sha512"), file.name)
    if unquote(subject.name) != f"pkg:npm/{name}@{version}":
        raise ProvenanceError(f"it is of another package or version than {name} {version}")
