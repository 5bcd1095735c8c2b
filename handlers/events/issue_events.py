"""Maps events about the App's own issues to jobs: they are changed, commented, or a checkbox is selected."""

import re

from bot.json_access import get_int, get_str
from bot.model.core_types import RepositoryId
from bot.rendering.departure import DEPARTURE_ISSUE
from bot.rendering.markdown import (
    PACKAGE_ALERT_ISSUE,
    PUBLISHING_ISSUE,
    CheckboxAction,
    HiddenMetadata,
    encode_checkboxes,
    newly_checked,
)
from bot.rendering.review import REVIEW_ISSUE as REVIEW
from handlers.events.event_result import LOGIN_PATTERN, EventResult, Payload, installation_of, no_jobs, repository_of
from handlers.queue.job_specs import (
    AnswerReview,
    AttestRevocation,
    DeleteSecrets,
    IssueChanged,
    IssueCommented,
    RecordReview,
    ReviewAccess,
    WritePackageAlert,
)

SUBJECT = re.compile(r"repository-([0-9]{1,16})(?:/|$)")  # how the subject of our markers begins
JOB_BY_KIND = {REVIEW: RecordReview, PUBLISHING_ISSUE: DeleteSecrets}
CHECKBOX_ACTIONS = {REVIEW: (CheckboxAction.KEEP, CheckboxAction.DROP), PUBLISHING_ISSUE: (CheckboxAction.DELETE,)}


def issue_edited(payload: Payload) -> EventResult:
    """Return the jobs for checkboxes that a person selected in an issue of the App; its text goes no further."""
    event_repository, number = repository_of(payload), get_int(payload, "issue", "number")
    metadata = HiddenMetadata.parse(get_str(payload, "issue", "body"))
    if metadata is None or metadata.kind not in JOB_BY_KIND or get_str(payload, "issue", "user", "type") != "Bot":
        return no_jobs("it is not an issue of ours with boxes")
    login, repository = get_str(payload, "sender", "login"), _repository_id(metadata.subject)
    if event_repository is None or not number or repository is None:
        return no_jobs("the payload names no issue of a repository")
    if get_str(payload, "sender", "type") != "User" or not LOGIN_PATTERN.fullmatch(login):
        return no_jobs("no person changed it")
    installation, _, issue_repository = event_repository
    if checkboxes := _selected_checkboxes(payload, metadata.kind):
        job = JOB_BY_KIND[metadata.kind](installation, repository, issue_repository, number, login, checkboxes)
        return EventResult((job,), "somebody ticked a box in an issue of ours")
    if metadata.kind == REVIEW:
        return EventResult((ReviewAccess(installation, repository),), "somebody changed the issue of a review")
    return no_jobs("no box of ours was ticked")


def _selected_checkboxes(payload: Payload, kind: str) -> str:
    """Return the checkboxes that were selected by this change, as jobs carry them; an empty text where there are none."""
    boxes = newly_checked(get_str(payload, "changes", "body", "from"), get_str(payload, "issue", "body"))
    selected = [box for box in boxes if box.action in CHECKBOX_ACTIONS[kind]]
    return encode_checkboxes(selected) if selected else ""


def _repository_id(subject: str) -> RepositoryId | None:
    """Return the repository that an issue is about; None where its metadata names none."""
    match = SUBJECT.match(subject)
    return RepositoryId(int(match[1])) if match and int(match[1]) else None


def issue_changed(payload: Payload) -> EventResult:
    """Restore an issue of the App that somebody closed or reopened."""
    installation, subject = installation_of(payload), _our_issue(payload, PACKAGE_ALERT_ISSUE)
    if installation and subject:
        return EventResult((WritePackageAlert(installation, subject),), "somebody changed an alert")
    return _publishing_issue(payload, IssueChanged, "somebody changed an issue of ours")


def issue_commented(payload: Payload) -> EventResult:
    """Check the repository that a commented issue of the App is about; in a review, a comment may hold answers."""
    if _our_issue(payload, DEPARTURE_ISSUE):
        return _departure_commented(payload)
    if subject := _our_issue(payload, REVIEW):
        return _review_commented(payload, subject)
    return _publishing_issue(payload, IssueCommented, "somebody said something in an issue of ours")


def _departure_commented(payload: Payload) -> EventResult:
    place, number, comment = (
        repository_of(payload),
        get_int(payload, "issue", "number"),
        get_int(payload, "comment", "id"),
    )
    if place is None or not number or not comment or get_str(payload, "sender", "type") != "User":
        return no_jobs("no person commented on a departure")
    installation, _, issue_repository = place
    job = AttestRevocation(installation, issue_repository, number, comment)
    return EventResult((job,), "somebody commented on a departure")


def _review_commented(payload: Payload, subject: str) -> EventResult:
    place, about, comment = repository_of(payload), _repository_id(subject), get_int(payload, "comment", "id")
    number = get_int(payload, "issue", "number")
    if place is None or about is None or not number or not comment or get_str(payload, "sender", "type") != "User":
        return no_jobs("no person commented on a review of ours")
    installation, _, issue_repository = place
    job = AnswerReview(installation, about, issue_repository, number, comment)
    return EventResult((job,), "somebody commented on a review of ours")


def _publishing_issue(payload: Payload, job: type[IssueChanged | IssueCommented], reason: str) -> EventResult:
    repository, number = repository_of(payload), get_int(payload, "issue", "number")
    if not _our_issue(payload, PUBLISHING_ISSUE):
        return no_jobs("it is not an issue of ours")
    if repository is None or not number:
        return no_jobs("the payload names no issue of a repository")
    installation, _, issue_repository = repository
    return EventResult((job(installation, issue_repository, number),), reason)


def _our_issue(payload: Payload, kind: str) -> str:
    """Return the subject of an issue of that kind, if the App seems to have opened it, else an empty text.

    Whether it really did is for the job to find out: anybody can write our metadata, but no person is a bot.
    """
    metadata = HiddenMetadata.parse(get_str(payload, "issue", "body"))
    is_ours = metadata is not None and metadata.kind == kind and get_str(payload, "issue", "user", "type") == "Bot"
    return metadata.subject if metadata is not None and is_ours else ""
