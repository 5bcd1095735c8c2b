"""Who approved a policy's waivers, as it is kept in Redis for each version of the file."""

import json
from collections.abc import Sequence
from dataclasses import replace

from bot.github.commit_query import Revision
from bot.github.line_approvals import LinesFrom
from bot.model.findings import Fact, Seen, Unseen
from bot.policy import Approval, PolicyFile, Waiver

WHAT = "who approved the waiver"
PUSHED = Unseen(WHAT, "it was pushed without a pull request, so there is no review of it")
HIDDEN = Unseen(WHAT, "the App was not granted pull_requests: read", "pull_requests: read")


def approvals_key(place: Revision) -> str:
    """Return the name under which the approvals of a version of a file are kept in Redis."""
    return f"wharfinger:approvals:{place.repository.lower()}:{place.at}"


def with_approvals(file: PolicyFile, kept: bytes) -> PolicyFile:
    """Add to all waivers of a file what was kept of their approvals."""
    told = json.loads(kept)
    if told is None:
        return replace(file, waivers=tuple(replace(waiver, approval=HIDDEN) for waiver in file.waivers))
    lines = [LinesFrom(**{**each, "approvers": tuple(each["approvers"])}) for each in told]
    return replace(file, waivers=tuple(replace(waiver, approval=approval(waiver, lines)) for waiver in file.waivers))


def approval(waiver: Waiver, lines: Sequence[LinesFrom]) -> Fact[Approval]:
    """Say who approved a waiver: of the changes that its lines came in, the one that was looked at least."""
    mine = [each for each in lines if each.line <= waiver.end_line and waiver.line <= each.end_line]
    approvals = [Approval(each.requester, each.approvers) for each in mine if each.requester is not None]
    alone = [each for each in approvals if not each.by_another]
    if alone:
        return Seen(alone[0])
    if not approvals or len(approvals) < len(mine):
        return PUSHED
    return Seen(approvals[-1])
