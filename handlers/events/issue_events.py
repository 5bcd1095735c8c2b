"""Finds which checkboxes a user selected in one of the App's issues, and the jobs to run."""

import re

from bot.json_access import get_int, get_object, get_str
from bot.model.core_types import RepositoryId
from bot.rendering.markdown import PUBLISHING_ISSUE, CheckboxAction, HiddenMetadata, encode_checkboxes, newly_checked
from bot.rendering.review import REVIEW_ISSUE as REVIEW
from handlers.events.event_result import LOGIN_PATTERN, EventResult, Payload, no_jobs, repository_of
from handlers.queue.job_specs import DeleteSecrets, RecordReview, ReviewAccess

SUBJECT = re.compile(r"repository-([0-9]{1,16})(?:/|$)")  # how the subject of our markers begins
JOB_BY_KIND = {REVIEW: RecordReview, PUBLISHING_ISSUE: DeleteSecrets}
CHECKBOX_ACTIONS = {REVIEW: (CheckboxAction.KEEP, CheckboxAction.DROP), PUBLISHING_ISSUE: (CheckboxAction.DELETE,)}


def issue_edited(payload: Payload) -> EventResult:
    """Return the jobs for checkboxes that a person selected in an issue of the App; its text goes no further."""
    issue, event_repository = get_object(payload, "issue"), repository_of(payload)
    body = get_str(issue, "body")
    metadata = HiddenMetadata.parse(body)
    repository = _repository_id(metadata.subject) if metadata and metadata.kind in JOB_BY_KIND else 0
    if metadata is None or not repository or get_str(issue, "user", "type") != "Bot":
        return no_jobs("it is not an issue of ours with boxes")
    if event_repository is None or not get_int(issue, "number"):
        return no_jobs("the payload names no issue of a repository")
    login = get_str(payload, "sender", "login")
    if get_str(payload, "sender", "type") != "User" or not LOGIN_PATTERN.fullmatch(login):
        return no_jobs("no person changed it")
    installation, _, issue_repository = event_repository
    boxes = newly_checked(get_str(payload, "changes", "body", "from"), body)
    selected = [box for box in boxes if box.action in CHECKBOX_ACTIONS[metadata.kind]]
    if selected:
        about = (installation, RepositoryId(repository), issue_repository, get_int(issue, "number"))
        job = JOB_BY_KIND[metadata.kind](*about, login, encode_checkboxes(selected))
        return EventResult((job,), "somebody ticked a box in an issue of ours")
    if metadata.kind == REVIEW:
        return EventResult(
            (ReviewAccess(installation, RepositoryId(repository)),), "somebody changed the issue of a review"
        )
    return no_jobs("no box of ours was ticked")


def _repository_id(subject: str) -> int:
    """Return the number of the repository that an issue is about; 0 where its marker names none."""
    found = SUBJECT.match(subject)
    return int(found[1]) if found else 0
