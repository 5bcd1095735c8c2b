"""Who approved a policy's waivers, as the reviews of the repository that holds it show; read once for each version of the file."""

import json
from dataclasses import asdict

from redis import Redis

from bot.github.client import Line
from bot.github.commit_query import ORGANISATION_POLICY, Revision
from bot.github.github_errors import ForbiddenError, MissingError, RefusedError
from bot.github.line_approvals import read_approvals
from bot.model.core_types import FullName
from bot.policy import PolicyFile
from handlers.cache.waiver_approvals import approvals_key, with_approvals

KEPT_FOR = 7 * 24 * 3600  # seconds; a version that is in force for longer is read again
REFUSED_FOR = 600


def approved(redis: Redis, line: Line, place: Revision, file: PolicyFile, repository: FullName) -> PolicyFile:
    """Add to the waivers of one repository who approved them; `place.at` is git's name of the file's content.

    Nothing is asked where the file waives nothing there.
    """
    if not any(waiver.repository.lower() == repository.lower() for waiver in file.waivers):
        return file
    name = approvals_key(place)
    kept = redis.get(name)
    if not isinstance(kept, bytes):
        kept, seconds = _read(line, place)
        redis.set(name, kept, ex=seconds)
    return with_approvals(file, kept)


def _read(line: Line, place: Revision) -> tuple[bytes, int]:
    try:
        lines = read_approvals(line, place, ORGANISATION_POLICY)
    except (ForbiddenError, MissingError, RefusedError):
        return b"null", REFUSED_FOR
    return json.dumps([asdict(each) for each in lines]).encode(), KEPT_FOR
