"""Reads who approved a policy's waivers from pull request reviews, and stores it in Redis."""

import json
from collections.abc import Sequence
from dataclasses import asdict, replace

from redis import Redis

from bot.github.client import InstallationClient
from bot.github.commit_query import ORGANIZATION_POLICY_PATH, Revision
from bot.github.github_errors import AccessError, RefusedError
from bot.github.line_approvals import BlamedLines, read_line_approvals
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


APPROVALS_TTL = 7 * 24 * 3600  # seconds; a version that is in force for longer is read again
REFUSED_TTL = 600


def add_approvals(
    redis: Redis, client: InstallationClient, revision: Revision, oid: str, file: PolicyFile
) -> PolicyFile:
    """Add to the waivers of a policy who approved them; `oid` is git's name of the file's content at the revision."""
    name = approvals_key(Revision(revision.repository, oid))
    kept = redis.get(name)
    if not isinstance(kept, bytes):
        kept, seconds = _fetch_approvals(client, revision)
        redis.set(name, kept, ex=seconds)
    return with_approvals(file, kept)


def _fetch_approvals(client: InstallationClient, revision: Revision) -> tuple[bytes, int]:
    try:
        lines = read_line_approvals(client, revision, ORGANIZATION_POLICY_PATH)
    except (AccessError, RefusedError):
        return b"null", REFUSED_TTL
    return json.dumps([asdict(each) for each in lines]).encode(), APPROVALS_TTL
