"""Who approved a policy's waivers, as the reviews of the repository that holds it show; read once for each version of the file."""

import json
from dataclasses import asdict

from redis import Redis

from bot.github.client import InstallationClient
from bot.github.commit_query import ORGANIZATION_POLICY_PATH, Revision
from bot.github.github_errors import ForbiddenError, MissingError, RefusedError
from bot.github.line_approvals import read_line_approvals
from bot.model.core_types import FullName
from bot.policy import PolicyFile
from handlers.cache.waiver_approvals import approvals_key, with_approvals

APPROVALS_TTL = 7 * 24 * 3600  # seconds; a version that is in force for longer is read again
REFUSED_TTL = 600


def add_approvals(
    redis: Redis, client: InstallationClient, revision: Revision, file: PolicyFile, repository: FullName
) -> PolicyFile:
    """Add to the waivers of one repository who approved them; `place.at` is git's name of the file's content.

    Nothing is asked where the file waives nothing there.
    """
    if not any(waiver.repository.lower() == repository.lower() for waiver in file.waivers):
        return file
    name = approvals_key(revision)
    kept = redis.get(name)
    if not isinstance(kept, bytes):
        kept, seconds = _fetch_approvals(client, revision)
        redis.set(name, kept, ex=seconds)
    return with_approvals(file, kept)


def _fetch_approvals(client: InstallationClient, revision: Revision) -> tuple[bytes, int]:
    try:
        lines = read_line_approvals(client, revision, ORGANIZATION_POLICY_PATH)
    except (ForbiddenError, MissingError, RefusedError):
        return b"null", REFUSED_TTL
    return json.dumps([asdict(each) for each in lines]).encode(), APPROVALS_TTL
