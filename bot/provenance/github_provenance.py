"""Judges GitHub's artifact attestations, as `GET /repos/{owner}/{repo}/attestations/sha256:{digest}` gives them."""

from dataclasses import replace

from bot.model.core_types import FullName, RepositoryId, Sha
from bot.packages.versions import File, Workload
from bot.provenance.attestations import Attested, Judged, Kind, ProvenanceError
from bot.provenance.bundles import Signed, signed
from bot.provenance.certificate_claims import Claims
from bot.provenance.document import judge_each, proved, read_document, refused_whole
from bot.provenance.stamped import RELEASES
from bot.provenance.statement import Statement, read_statement, subject_of
from bot.provenance.trust import Trust

RELEASE = "https://in-toto.io/attestation/release/"  # v0.1, v0.2


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
    if seen.claims.signer == RELEASES or statement.predicate_type.startswith(RELEASE):
        return _release(seen, statement)
    return proved(Kind.GITHUB, seen, statement.predicate_type, statement.subjects)


def _release(seen: Signed, statement: Statement) -> Attested:
    """Read what GitHub signs when it makes a release immutable: the files, the tag and its commit (in-toto attestation/release, read 2026-11-24)."""
    if seen.claims.signer != RELEASES or not statement.predicate_type.startswith(RELEASE):
        raise ProvenanceError("it says to be of a release, but GitHub itself did not sign it as one")
    match statement.predicate:
        case {"repository": str(repository), "repositoryId": str(number), "tag": str(tag)} if number.isdecimal():
            commits = (subject.digests.get("sha1") for subject in statement.subjects)
            commit = next((Sha(commit) for commit in commits if commit), None)
            run = Workload(repository=FullName(repository), ref=f"refs/tags/{tag}", commit=commit)
            told = Claims(run, RELEASES, repository.partition("/")[0], RepositoryId(int(number)))
            said = replace(seen, claims=told)
            return proved(Kind.GITHUB_RELEASE, said, statement.predicate_type, statement.subjects)
    raise ProvenanceError("it is of a release, but does not tell the repository and the tag")
