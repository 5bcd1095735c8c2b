"""Whether a version traces to a publish step of ours that succeeded. Pure: what was seen in, an account out."""

from dataclasses import replace
from datetime import datetime, timedelta

from bot.model.findings import Seen
from bot.packages.versions import Standing, Version
from bot.tracing.identity_claims import doubts_of_files, doubts_of_provenance
from bot.tracing.model import Account, Clues, Doubt, Reason
from bot.tracing.remarks import remarks
from bot.tracing.tracing import trace

GRACE = timedelta(minutes=15)  # what a run and a registry get to tell of a version


def account(
    version: Version, clues: Clues, now: datetime, grace: timedelta = GRACE, since: datetime | None = None
) -> Account:
    """Account for a version; `since` is when it was first seen, for registries that do not say when it was published.

    `accounted`: a publish step of this repository sent it, and nothing that was seen speaks against that. `unaccounted`:
    something speaks against it, or within `grace` nothing spoke for it. `pending`: neither, or something needed was not seen.
    """
    traced = trace(version, clues)
    reasons = tuple(
        dict.fromkeys((*doubts_of_provenance(version, clues), *traced.reasons, *doubts_of_files(version, clues)))
    )
    began = version.published or since
    fresh = began is None or now - began < grace
    found = Account(
        version=version,
        repository=clues.repository,
        standing=_standing(reasons, fresh=fresh),
        taken_at=now,
        reasons=reasons,
        sent=traced.sent,
        tag=clues.tag.value if isinstance(clues.tag, Seen) else None,
        release=clues.release.value if isinstance(clues.release, Seen) else None,
        provenance=clues.provenance,
        attestable=clues.attestable,
    )
    return replace(found, remarks=tuple(remarks(found, clues)))


def _standing(reasons: tuple[Reason, ...], *, fresh: bool) -> Standing:
    doubts = {reason.doubt for reason in reasons}
    if any(reason.contradicts for reason in reasons):
        return Standing.UNACCOUNTED
    if not doubts:
        return Standing.ACCOUNTED
    # A run that is said to be under way does not put it off for longer: whoever may start one could then hide behind it.
    return Standing.PENDING if fresh or Doubt.UNSEEN in doubts else Standing.UNACCOUNTED
