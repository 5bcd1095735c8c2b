"""Which boxes somebody ticked in an issue of ours: the signed delivery says who and which, and the job looks whether it is so."""

import re

from bot.json_access import number, record, text
from bot.rendering.boxes import Word, newly_ticked, written
from bot.rendering.marker import PUBLISHING, Marker
from bot.rendering.review import KIND as REVIEW
from handlers.events.event_result import LOGIN, Asked, Payload, Where, nothing, where
from handlers.queue.job_specs import Priority, Work

ABOUT = re.compile(r"repository-([0-9]{1,16})(?:/|$)")  # how the subject of our markers begins
JOBS = {REVIEW: "record_review", PUBLISHING: "delete_secrets"}
WORDS = {REVIEW: (Word.KEEP, Word.DROP), PUBLISHING: (Word.DELETE,)}


def issue_edited(payload: Payload) -> Asked:
    """Hear of boxes that a person ticked in an issue of ours. Text of others is only compared, and goes no further."""
    issue, place = record(payload, "issue"), where(payload)
    body = text(issue, "body")
    marker = Marker.read(body)
    repository = _repository(marker.subject) if marker and marker.kind in JOBS else 0
    if marker is None or not repository or text(issue, "user", "type") != "Bot":
        return nothing("it is not an issue of ours with boxes")
    if place is None or not number(issue, "number"):
        return nothing("the payload names no issue of a repository")
    who = text(payload, "sender", "login")
    if text(payload, "sender", "type") != "User" or not LOGIN.fullmatch(who):
        return nothing("no person changed it")
    boxes = newly_ticked(text(payload, "changes", "body", "from"), body)
    mine = [box for box in boxes if box.word in WORDS[marker.kind]]
    if mine:
        arguments = (place.installation, repository, place.name, number(issue, "number"), who, written(mine))
        work = Work(JOBS[marker.kind], Priority.CHECK, f"review-{repository}", arguments)
        return Asked((work,), "somebody ticked a box in an issue of ours")
    if marker.kind == REVIEW:
        return Asked((_look_again(place, repository),), "somebody changed the issue of a review")
    return nothing("no box of ours was ticked")


def _look_again(place: Where, repository: int) -> Work:
    return Work("review_access", Priority.SWEEP, f"review-{repository}", (place.installation, repository))


def _repository(subject: str) -> int:
    """Return the number of the repository that an issue is about; 0 where its marker names none."""
    found = ABOUT.match(subject)
    return int(found[1]) if found else 0
