"""Judges RubyGems' attestations of a gem: Sigstore bundles that sign the file itself, or a statement of it."""

from bot.packages.versions import File
from bot.provenance.attestations import Attested, Judged, Kind, ProvenanceError
from bot.provenance.bundles import signed
from bot.provenance.document import judge_each, proved, read_document, refused_whole
from bot.provenance.statement import read_statement, subject_of
from bot.provenance.trust import Trust


def judge_rubygems(document: bytes, file: File, trust: Trust) -> Judged:
    """Judge all attestations that RubyGems offers of a gem, whose `sha256` it tells."""
    try:
        bundles = _bundles(read_document(document))
    except ProvenanceError as error:
        return refused_whole(Kind.RUBYGEMS, error)
    return judge_each(Kind.RUBYGEMS, bundles, lambda bundle: _judge(bundle, file, trust))


def _bundles(document: object) -> list[object]:
    if isinstance(document, list):
        return document
    raise ProvenanceError("the answer is no list of bundles")


def _judge(bundle: object, file: File, trust: Trust) -> Attested:
    sha256 = file.digests.get("sha256")
    if not sha256:
        raise ProvenanceError(f"the registry tells no sha256 of {file.name} to compare with", unseen=True)
    seen = signed(bundle, trust, sha256)
    if seen.statement is None:
        return proved(Kind.RUBYGEMS, seen, None, (File(file.name, {"sha256": sha256}),))
    statement = read_statement(seen.statement)
    subject_of(statement, "sha256", sha256, file.name)
    return proved(Kind.RUBYGEMS, seen, statement.predicate_type, statement.subjects)
