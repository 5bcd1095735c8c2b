"""Who approved a policy's waivers, as it is kept in Redis for each version of the file."""

import json
from collections.abc import Sequence
from dataclasses import replace

from bot.github.commit_query import Revision
from bot.github.line_approvals import BlamedLines
from bot.model.findings import Known, MaybeKnown, Unknown
from bot.policy import PolicyFile, Waiver, WaiverApproval

APPROVAL_FACT = "who approved the waiver"
NO_PULL_REQUEST = Unknown(APPROVAL_FACT, "it was pushed without a pull request, so there is no review of it")
NOT_PERMITTED = Unknown(APPROVAL_FACT, "the App was not granted pull_requests: read", "pull_requests: read")


def approvals_key(revision: Revision) -> str:
    """Return the name under which the approvals of a version of a file are kept in Redis."""
    return f"wharfinger:approvals:{revision.repository.lower()}:{revision.rev}"


def with_approvals(file: PolicyFile, stored: bytes) -> PolicyFile:
    """Add to all waivers of a file what was kept of their approvals."""
    told = json.loads(stored)
    if told is None:
        return replace(file, waivers=tuple(replace(waiver, approval=NOT_PERMITTED) for waiver in file.waivers))
    lines = [BlamedLines(**{**each, "approvers": tuple(each["approvers"])}) for each in told]
    return replace(
        file, waivers=tuple(replace(waiver, approval=find_approval(waiver, lines)) for waiver in file.waivers)
    )


def find_approval(waiver: Waiver, lines: Sequence[BlamedLines]) -> MaybeKnown[WaiverApproval]:
    """Say who approved a waiver: of the changes that its lines came in, the one that was looked at least."""
    mine = [each for each in lines if each.start_line <= waiver.end_line and waiver.line <= each.end_line]
    approvals = [WaiverApproval(each.requester, each.approvers) for each in mine if each.requester is not None]
    alone = [each for each in approvals if not each.is_independent]
    if alone:
        return Known(alone[0])
    if not approvals or len(approvals) < len(mine):
        return NO_PULL_REQUEST
    return Known(approvals[-1])
