"""What is to be revoked, and why: drawn from a report, so that a waiver or an `allow` counts here as it does everywhere."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.checks.rules.no_leftover_secrets import NoLeftoverSecrets
from bot.checks.rules.no_unused_secrets import NoIdleSecrets
from bot.checks.rules.reviewed_access import ReviewedAccess
from bot.checks.rules.unexpired_identities import UnexpiredIdentities
from bot.evaluation.evaluate import Report, Result
from bot.identities import Identity, last_review, observe, secret_identity
from bot.model.findings import Unseen
from bot.snapshot.repository_snapshot import Snapshot


class Cause(StrEnum):
    """Why something is to be revoked, as the end of a sentence."""

    EXPIRED = "its end in the register has come"
    DROPPED = "it was dropped in an access review"
    LEFT_OVER = "trusted publishing took its place"
    IDLE = "no workflow uses it"


@dataclass(frozen=True, slots=True)
class Revocation:
    """One identity that has to go."""

    identity: Identity
    causes: tuple[Cause, ...]


def revocations(report: Report) -> tuple[Revocation, ...]:
    """Return what is to be revoked, each once, in the register's order."""
    known = _identities(report.snapshot)
    found: dict[str, dict[Cause, None]] = {}
    for result in report.results:
        for finding in result.findings:
            identity = known.get(finding.about.identity or "")
            cause = identity and _cause(result, identity, report.snapshot)
            if identity and cause:
                found.setdefault(identity.key, {})[cause] = None
    return tuple(Revocation(known[key], tuple(found[key])) for key in known if key in found)


def is_gone(identity: Identity, snapshot: Snapshot) -> bool:
    """Whether an identity was looked for and is not there any more; what could not be seen may still be."""
    if identity.store is not None:
        return not snapshot.holdings.stored((identity.store,)).unseen and identity.key not in _identities(snapshot)
    register = observe(snapshot, (identity.kind,))
    hidden = bool(register.unseen or snapshot.unreadable) or snapshot.fault is not None
    return not hidden and identity.key not in {each.key for each in register.identities}


def is_there(identity: Identity, snapshot: Snapshot, since: datetime) -> bool:
    """Whether an identity of this name was made after a moment, and is there."""
    found = _identities(snapshot).get(identity.key)
    return found is not None and found.created_at is not None and found.created_at > since


def _identities(snapshot: Snapshot) -> dict[str, Identity]:
    """Return all that could be meant, by key: the register, and registry's secrets where no workflow looks."""
    elsewhere = (secret_identity(each, snapshot) for each in snapshot.holdings.stored().secrets)
    return {each.key: each for each in elsewhere} | {each.key: each for each in observe(snapshot).identities}


def _cause(result: Result, identity: Identity, snapshot: Snapshot) -> Cause | None:
    match result.rule:
        case NoLeftoverSecrets():
            return Cause.LEFT_OVER
        case NoIdleSecrets():
            return Cause.IDLE
        case ReviewedAccess():
            return Cause.DROPPED if _was_dropped(identity, snapshot) else None
        case UnexpiredIdentities():
            return Cause.EXPIRED if _has_ended(identity, snapshot) else None
        case _:
            return None


def _was_dropped(identity: Identity, snapshot: Snapshot) -> bool:
    if isinstance(snapshot.reviews, Unseen):
        return False
    last = last_review(identity, snapshot.reviews.value)
    return last is not None and not last.kept


def _has_ended(identity: Identity, snapshot: Snapshot) -> bool:
    return identity.declared is not None and identity.declared.expires <= snapshot.taken_at.date()
