"""Whether a version traces to a publish step of ours that succeeded. Pure: what was seen in, an account out."""

from datetime import datetime, timedelta

from bot.evidence.model import Account, Clues, Doubt, Reason
from bot.versions import Standing, Version

GRACE = timedelta(minutes=15)  # what a run and a registry get to tell of a version


def account(version: Version, known: Clues, now: datetime, grace: timedelta = GRACE) -> Account:
    """Account for a version.

    `accounted`: a publish step of this repository sent it, and nothing that was seen speaks against that. `unaccounted`:
    something speaks against it, or within `grace` of its publication nothing spoke for it. `pending`: neither, or something
    needed was not seen.
    """
    del grace
    return Account(version, known.repository, Standing.PENDING, now, (Reason(Doubt.UNSEEN, "nothing was seen yet"),))
