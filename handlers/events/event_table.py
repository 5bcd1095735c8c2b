"""What a push asks for beside its check: a look at what it did. Pure, as `events.py` is."""

import re

from bot.json_access import get_str
from handlers.events.event_result import Payload, repository_of
from handlers.queue.job_specs import JobSpec, check_push_spec

_COMMIT_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_MAX_REF_LENGTH = 255  # git allows no longer name on the file systems it lives on
_MAX_LOGIN_LENGTH = 100


def check_push_specs(payload: Payload) -> tuple[JobSpec, ...]:
    """Return the work that looks at a push of a branch or tag; none where the payload does not name it as git could."""
    place, ref = repository_of(payload), get_str(payload, "ref")
    before, after = get_str(payload, "before"), get_str(payload, "after")
    if place is None or len(ref) > _MAX_REF_LENGTH or not ref.isprintable() or ":" in ref:
        return ()
    if not _COMMIT_ID.fullmatch(after) or not _COMMIT_ID.fullmatch(before):
        return ()
    pusher = get_str(payload, "sender", "login") or get_str(payload, "pusher", "name")
    named = pusher if pusher.isprintable() and len(pusher) <= _MAX_LOGIN_LENGTH else ""
    was = before if before.strip("0") else ""
    return (check_push_spec((place.installation_id, place.repository_id, place.full_name), ref, was, after, named),)
