"""Derives from a report which publishing identities must be revoked, and why."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.checks.rules.no_leftover_secrets import NoLeftoverSecrets
from bot.checks.rules.no_unused_secrets import NoUnusedSecrets
from bot.checks.rules.reviewed_access import ReviewedAccess
from bot.checks.rules.unexpired_identities import UnexpiredIdentities
from bot.evaluation.evaluate import Report, RuleResult
from bot.identities import PublishingIdentity, last_review, list_identities, secret_identity
from bot.model.findings import Unknown
from bot.snapshot.repository_snapshot import Snapshot


class RevocationReason(StrEnum):
    """Why something is to be revoked, as the end of a sentence."""

    EXPIRED = "its end in the register has come"
    REJECTED_IN_REVIEW = "it was dropped in an access review"
    REPLACED_BY_TRUSTED_PUBLISHING = "trusted publishing took its place"
    UNUSED = "no workflow uses it"


@dataclass(frozen=True, slots=True)
class Revocation:
    """One identity that has to go."""

    identity: PublishingIdentity
    reasons: tuple[RevocationReason, ...]


def required_revocations(report: Report) -> tuple[Revocation, ...]:
    """Return what is to be revoked, each once, in the register's order."""
    known = _known_identities(report.snapshot)
    found: dict[str, dict[RevocationReason, None]] = {}
    for result in report.results:
        for finding in result.findings:
            identity = known.get(finding.subject.identity or "")
            cause = identity and _revocation_reason(result, identity, report.snapshot)
            if identity and cause:
                found.setdefault(identity.key, {})[cause] = None
    return tuple(Revocation(known[key], tuple(found[key])) for key in known if key in found)


def is_revoked(identity: PublishingIdentity, snapshot: Snapshot) -> bool:
    """Whether an identity was looked for and is not there any more; what could not be seen may still be."""
    if identity.store is not None:
        return not snapshot.settings.secrets_in((identity.store,)).unknown and identity.key not in _known_identities(
            snapshot
        )
    register = list_identities(snapshot, (identity.kind,))
    hidden = bool(register.unknown or snapshot.unreadable) or snapshot.error is not None
    return not hidden and identity.key not in {each.key for each in register.identities}


def was_recreated(identity: PublishingIdentity, snapshot: Snapshot, since: datetime) -> bool:
    """Whether an identity of this name was made after a moment, and is there."""
    found = _known_identities(snapshot).get(identity.key)
    return found is not None and found.created_at is not None and found.created_at > since


def _known_identities(snapshot: Snapshot) -> dict[str, PublishingIdentity]:
    """Return all that could be meant, by key: the register, and registry's secrets where no workflow looks."""
    elsewhere = (secret_identity(each, snapshot) for each in snapshot.settings.secrets_in().secrets)
    return {each.key: each for each in elsewhere} | {each.key: each for each in list_identities(snapshot).identities}


def _revocation_reason(result: RuleResult, identity: PublishingIdentity, snapshot: Snapshot) -> RevocationReason | None:
    match result.rule:
        case NoLeftoverSecrets():
            return RevocationReason.REPLACED_BY_TRUSTED_PUBLISHING
        case NoUnusedSecrets():
            return RevocationReason.UNUSED
        case ReviewedAccess():
            return RevocationReason.REJECTED_IN_REVIEW if _was_rejected(identity, snapshot) else None
        case UnexpiredIdentities():
            return RevocationReason.EXPIRED if _has_expired(identity, snapshot) else None
        case _:
            return None


def _was_rejected(identity: PublishingIdentity, snapshot: Snapshot) -> bool:
    if isinstance(snapshot.reviews, Unknown):
        return False
    last = last_review(identity, snapshot.reviews.value)
    return last is not None and not last.keep


def _has_expired(identity: PublishingIdentity, snapshot: Snapshot) -> bool:
    return identity.declared is not None and identity.declared.expires <= snapshot.taken_at.date()
