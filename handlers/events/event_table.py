"""What a push asks for beside its check: a look at what it did. Pure, as `events.py` is."""

import re

from bot.json_access import text
from handlers.events.event_result import Payload, where
from handlers.queue.job_specs import Work, push_work

_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_LONGEST_REF = 255  # git allows no longer name on the file systems it lives on
_LONGEST_LOGIN = 100


def looks(payload: Payload) -> tuple[Work, ...]:
    """Return the work that looks at a push of a branch or tag; none where the payload does not name it as git could."""
    place, ref = where(payload), text(payload, "ref")
    before, after = text(payload, "before"), text(payload, "after")
    if place is None or len(ref) > _LONGEST_REF or not ref.isprintable() or ":" in ref:
        return ()
    if not _SHA.fullmatch(after) or not _SHA.fullmatch(before):
        return ()
    pusher = text(payload, "sender", "login") or text(payload, "pusher", "name")
    named = pusher if pusher.isprintable() and len(pusher) <= _LONGEST_LOGIN else ""
    was = before if before.strip("0") else ""
    return (push_work((place.installation, place.repository, place.name), ref, was, after, named),)
