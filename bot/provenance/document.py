"""A registry's answer of attestations, read with care: its size, its number, its shape."""

import json
from collections.abc import Callable, Iterable
from typing import TypeVar

from bot.packages.versions import File
from bot.provenance.attestations import Attested, Judged, Kind, ProvenanceError, Refused
from bot.provenance.bundles import Signed

T = TypeVar("T")
MOST_BYTES = 4 << 20  # a bundle has 5 to 20 kB; the largest with 1024 subjects some 300 kB
MOST_ATTESTATIONS = 64


def read_document(document: bytes) -> object:
    """Parse an answer; raise ProvenanceError for one that is too large or no JSON."""
    if len(document) > MOST_BYTES:
        raise ProvenanceError(f"the answer has {len(document)} bytes, and {MOST_BYTES} are the most that is read")
    try:
        return json.loads(document)
    except (ValueError, RecursionError) as error:
        raise ProvenanceError("the answer is no JSON") from error


def judge_each(kind: Kind, items: Iterable[T], judge: Callable[[T], Attested]) -> Judged:
    """Judge every attestation by itself; one that is not believed does not hide another that is."""
    attested: list[Attested] = []
    refused: list[Refused] = []
    for number, item in enumerate(items):
        if number == MOST_ATTESTATIONS:
            refused.append(
                Refused(kind, f"there are more than {MOST_ATTESTATIONS}; the rest was not read", unseen=True)
            )
            break
        try:
            attested.append(judge(item))
        except ProvenanceError as error:
            refused.append(Refused(kind, error.reason, error.unseen))
    return Judged(tuple(attested), tuple(refused))


def proved(kind: Kind, seen: Signed, predicate: str | None, subjects: tuple[File, ...]) -> Attested:
    """Say what a verified bundle of a workflow run proves."""
    told = seen.claims
    return Attested(
        kind, predicate, told.workload, told.signer, told.owner, told.repository_id, seen.signed_at, subjects
    )


def refused_whole(kind: Kind, error: ProvenanceError) -> Judged:
    """Say that a whole answer is not believed."""
    return Judged(refused=(Refused(kind, error.reason, error.unseen),))
