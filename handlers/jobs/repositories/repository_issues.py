"""Updates the issue about each repository, sends reminders, and closes the issue once all rules pass."""

import logging

from bot.evaluation.evaluate import Report
from bot.github.github_errors import AccessError, InstallationError, MissingError, RefusedError
from bot.github.issues import AppIssue, AppIssues
from bot.model.core_types import FullName, InstallationId, RepositoryId
from bot.rendering.issue import (
    NO_UPDATE,
    ExistingIssue,
    IssueText,
    IssueUpdate,
    next_issue_update,
    render_issue,
    render_not_evaluated,
)
from bot.rendering.markdown import PUBLISHING_ISSUE, HiddenMetadata
from handlers.config.context import Context
from handlers.jobs.policies import PolicyState
from handlers.queue.enqueue import enqueue
from handlers.queue.job_specs import CheckBranch, IssueChanged, IssueCommented, Remind, WriteIssue
from handlers.records.issue_outbox import IssueOutbox, IssueOutboxEntry, issue_repository_of
from handlers.records.report_store import ReportStore

log = logging.getLogger("wharfinger.jobs")

ISSUE_MOVED = "the policy asks for its issue elsewhere, or for none"


def update_issue(
    context: Context,
    place: tuple[InstallationId, RepositoryId],
    report: Report,
    in_force: PolicyState,
    write_permissions: tuple[str, ...],
) -> list[WriteIssue]:
    """Store what the issue about a repository is to say, and return the job that writes it where that is news."""
    issue_repository = issue_repository_of(report.snapshot.repository, in_force.policy)
    if issue_repository is None and in_force.problems:
        return []  # a policy that could not be read does not say that no issue is wanted
    readable = not in_force.problems
    issue_text = render_issue(
        report, policy_readable=readable, write_permissions=write_permissions, links=context.links
    )
    return _store_entry(context, IssueOutboxEntry(*place, issue_text, issue_repository))


def retire_issue(context: Context, repository: RepositoryId, reason: str) -> list[WriteIssue]:
    """Have the issue about a repository say that it is no longer evaluated, if one is open; return the job that writes it."""
    outbox = IssueOutbox(context.records)
    open_issue, entry = outbox.get_open(repository), outbox.get(repository)
    if open_issue is None:
        outbox.forget(repository)
        return []
    name = entry.issue_text.repository if entry else open_issue.issue_repository
    issue_text = render_not_evaluated(name, reason)
    return _store_entry(
        context, IssueOutboxEntry(open_issue.installation, repository, issue_text, open_issue.issue_repository)
    )


def write_issue(context: Context, spec: WriteIssue) -> None:
    """Make the issue about a repository say what was evaluated last; what it says already is not written."""
    outbox = IssueOutbox(context.records)
    entry = outbox.get(spec.repository)
    if entry is None or entry.installation != spec.installation:
        return
    writer = _IssueWriter(context, entry)
    is_written = writer.close_moved_issue()
    if entry.issue_repository is not None:
        is_written = writer.write(entry.issue_repository, entry.issue_text) and is_written
    if not entry.issue_text.evaluated and outbox.get_open(entry.repository) is None:
        outbox.forget(entry.repository)
    elif is_written:
        outbox.mark_written(entry)


def remind(context: Context, _: Remind) -> None:
    """Have every open issue written again: reminders are due by the day, and an event may have been missed."""
    open_issues = IssueOutbox(context.records).open_issues()
    enqueue(context.redis, [WriteIssue(each.installation, each.repository) for each in open_issues])


def issue_changed(context: Context, spec: IssueChanged) -> None:
    """Restore an issue that somebody closed, reopened or edited; only one of ours, by its author and marker, means anything."""
    repository = _issue_subject_repository(context, spec)
    if repository is not None and IssueOutbox(context.records).get(repository):
        enqueue(context.redis, [WriteIssue(spec.installation, repository)])


def issue_commented(context: Context, spec: IssueCommented) -> None:
    """Check the repository that one of our issues is about: a comment may say that the remedy is done."""
    repository = _issue_subject_repository(context, spec)
    report = ReportStore(context.records).get(repository) if repository is not None else None
    if report is not None and report.installation == spec.installation:
        enqueue(context.redis, [CheckBranch(spec.installation, report.id, report.repository)])


def subject_of(repository: RepositoryId) -> str:
    """Name a repository in hidden metadata; its number stays when its name changes."""
    return f"repository-{repository}"


def _store_entry(context: Context, entry: IssueOutboxEntry) -> list[WriteIssue]:
    outbox = IssueOutbox(context.records)
    if entry.issue_repository is None and outbox.get_open(entry.repository) is None:
        return []  # none is wanted, and none is there
    return [WriteIssue(entry.installation, entry.repository)] if outbox.put(entry) else []


def _issue_subject_repository(context: Context, spec: IssueChanged | IssueCommented) -> RepositoryId | None:
    """Return which repository an issue of ours is about."""
    client = context.github.installation(spec.installation, context.delivery_id)
    try:
        issue = AppIssues(client, context.redis, spec.issue_repository).read(spec.issue_number)
    except (AccessError, InstallationError) as error:
        log.info("an issue of %s is not read: %s", spec.issue_repository, error)
        return None
    if issue is None or issue.metadata.kind != PUBLISHING_ISSUE:
        return None
    kind, _, about = issue.metadata.subject.partition("-")
    return RepositoryId(int(about)) if kind == "repository" and about.isascii() and about.isdigit() else None


class _IssueWriter:
    """Writes the issue about one repository."""

    def __init__(self, context: Context, entry: IssueOutboxEntry) -> None:
        self._context = context
        self._entry = entry
        self._outbox = IssueOutbox(context.records)
        self._client = context.github.installation(entry.installation, context.delivery_id)
        self._subject = subject_of(entry.repository)

    def close_moved_issue(self) -> bool:
        """Close the issue that is open where the policy no longer asks for it."""
        before = self._outbox.get_open(self._entry.repository)
        if before is None or (self._entry.issue_repository or "").lower() == before.issue_repository.lower():
            return True
        return self.write(before.issue_repository, render_not_evaluated(self._entry.issue_text.repository, ISSUE_MOVED))

    def write(self, issue_repository: FullName, issue_text: IssueText) -> bool:
        """Take the next step in an issue's lifecycle; if the App may not write it, that is logged, and tried again after a sweep."""
        try:
            self._write(AppIssues(self._client, self._context.redis, issue_repository), issue_repository, issue_text)
        except (AccessError, InstallationError, RefusedError) as error:
            log.warning("the issue about %s in %s is not written: %s", issue_text.repository, issue_repository, error)
            if isinstance(error, MissingError) or not issue_text.evaluated:
                self._outbox.mark_closed(self._entry.repository)
            return False
        return True

    def _write(self, issues: AppIssues, issue_repository: FullName, issue_text: IssueText) -> None:
        issue = issues.find(PUBLISHING_ISSUE, self._subject)
        present = ExistingIssue(issue.is_open, issue.body, issue.metadata) if issue else None
        step = next_issue_update(present, issue_text, self._subject, self._context.clock().date())
        if step is not NO_UPDATE:
            issue = self._apply_step(issues, issue, step, issue_text)
        if issue is not None and issue.is_open:
            self._outbox.mark_open(self._entry, issue_repository)
        else:
            self._outbox.mark_closed(self._entry.repository)

    def _apply_step(
        self, issues: AppIssues, issue: AppIssue | None, step: IssueUpdate, issue_text: IssueText
    ) -> AppIssue:
        if issue is None:
            body = step.body or ""
            return issues.open(
                HiddenMetadata.parse(body) or HiddenMetadata(PUBLISHING_ISSUE, self._subject), issue_text.title, body
            )
        if step.comment is not None:
            issues.comment_once(issue, *step.comment)
        return issues.update(
            issue, step.body, is_open=step.opened, reason="completed" if step.completed else "not_planned"
        )
