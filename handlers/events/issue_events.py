"""Finds which checkboxes a user selected in one of the App's issues, and the jobs to run."""

import re

from bot.json_access import get_int, get_object, get_str
from bot.rendering.markdown import PUBLISHING_ISSUE, CheckboxAction, HiddenMetadata, encode_checkboxes, newly_checked
from bot.rendering.review import REVIEW_ISSUE as REVIEW
from handlers.events.event_result import LOGIN_PATTERN, EventRepository, EventResult, Payload, no_jobs, repository_of
from handlers.queue.job_specs import JobSpec, Priority

SUBJECT = re.compile(r"repository-([0-9]{1,16})(?:/|$)")  # how the subject of our markers begins
JOB_BY_KIND = {REVIEW: "record_review", PUBLISHING_ISSUE: "delete_secrets"}
CHECKBOX_ACTIONS = {REVIEW: (CheckboxAction.KEEP, CheckboxAction.DROP), PUBLISHING_ISSUE: (CheckboxAction.DELETE,)}


def issue_edited(payload: Payload) -> EventResult:
    """Hear of boxes that a person ticked in an issue of ours. Text of others is only compared, and goes no further."""
    issue, place = get_object(payload, "issue"), repository_of(payload)
    body = get_str(issue, "body")
    marker = HiddenMetadata.parse(body)
    repository = _repository_id(marker.subject) if marker and marker.kind in JOB_BY_KIND else 0
    if marker is None or not repository or get_str(issue, "user", "type") != "Bot":
        return no_jobs("it is not an issue of ours with boxes")
    if place is None or not get_int(issue, "number"):
        return no_jobs("the payload names no issue of a repository")
    who = get_str(payload, "sender", "login")
    if get_str(payload, "sender", "type") != "User" or not LOGIN_PATTERN.fullmatch(who):
        return no_jobs("no person changed it")
    boxes = newly_checked(get_str(payload, "changes", "body", "from"), body)
    mine = [box for box in boxes if box.action in CHECKBOX_ACTIONS[marker.kind]]
    if mine:
        arguments = (
            place.installation_id,
            repository,
            place.full_name,
            get_int(issue, "number"),
            who,
            encode_checkboxes(mine),
        )
        work = JobSpec(JOB_BY_KIND[marker.kind], Priority.CHECK, f"review-{repository}", arguments)
        return EventResult((work,), "somebody ticked a box in an issue of ours")
    if marker.kind == REVIEW:
        return EventResult((_review_again_spec(place, repository),), "somebody changed the issue of a review")
    return no_jobs("no box of ours was ticked")


def _review_again_spec(event_repository: EventRepository, repository: int) -> JobSpec:
    return JobSpec(
        "review_access", Priority.SWEEP, f"review-{repository}", (event_repository.installation_id, repository)
    )


def _repository_id(subject: str) -> int:
    """Return the number of the repository that an issue is about; 0 where its marker names none."""
    found = SUBJECT.match(subject)
    return int(found[1]) if found else 0
