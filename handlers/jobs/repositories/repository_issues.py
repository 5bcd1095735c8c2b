"""Updates the issue about each repository, sends reminders, and closes the issue once all rules pass."""

import logging

from bot.evaluation.evaluate import Report
from bot.github.github_errors import ForbiddenError, InstallationError, MissingError, RefusedError
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
from handlers.jobs.repositories.secret_deletions import deletion_permissions
from handlers.queue.enqueue import enqueue
from handlers.queue.job_specs import CheckBranch, IssueChanged, IssueCommented, Remind, WriteIssue
from handlers.records.issue_outbox import IssueOutbox, IssueOutboxEntry, issue_repository_of
from handlers.records.report_store import ReportStore

log = logging.getLogger("wharfinger.jobs")

ISSUE_MOVED = "the policy asks for its issue elsewhere, or for none"


def queue_issue(
    context: Context, installation: InstallationId, repository: RepositoryId, report: Report, in_force: PolicyState
) -> None:
    """Keep what the issue about a repository is to say, and ask for it to be written where that is news."""
    holder = issue_repository_of(report.snapshot.repository, in_force.policy)
    if holder is None and in_force.problems:
        return  # a policy that could not be read does not say that no issue is wanted
    said = render_issue(
        report,
        policy_readable=not in_force.problems,
        write_permissions=deletion_permissions(context, installation, report),
    )
    _queue_entry(context, IssueOutboxEntry(installation, repository, said, holder))


def retire_issue(context: Context, repository: RepositoryId, reason: str) -> None:
    """Have the issue about a repository say that it is no longer evaluated, if one is open."""
    found = IssueOutbox(context.redis).get_open(repository)
    wanted = IssueOutbox(context.redis).get(repository)
    if found is None:
        IssueOutbox(context.redis).forget(repository)
        return
    name = wanted.issue_text.repository if wanted else found.issue_repository
    _queue_entry(
        context,
        IssueOutboxEntry(found.installation, repository, render_not_evaluated(name, reason), found.issue_repository),
    )


def write_issue(context: Context, spec: WriteIssue) -> None:
    """Make the issue about a repository say what was judged last; what is so already is not written."""
    wanted = IssueOutbox(context.redis).get(spec.repository)
    if wanted is None or wanted.installation != spec.installation:
        return
    issues, kept = _IssueWriter(context, wanted), IssueOutbox(context.redis)
    done = issues.close_moved_issue()
    if wanted.issue_repository is not None:
        done = issues.write(wanted.issue_repository, wanted.issue_text) and done
    if not wanted.issue_text.evaluated and kept.get_open(wanted.repository) is None:
        kept.forget(wanted.repository)
    elif done:
        kept.mark_written(wanted)


def remind(context: Context, _: Remind) -> None:
    """Have every open issue written again: reminders are due by the day, and an event may have been missed."""
    open_issues = IssueOutbox(context.redis).open_issues()
    enqueue(context.redis, [WriteIssue(each.installation, each.repository) for each in open_issues])


def issue_changed(context: Context, spec: IssueChanged) -> None:
    """Restore an issue that somebody closed, reopened or edited; only one of ours, by its author and marker, means anything."""
    repository = _issue_subject_repository(context, spec)
    if repository is not None and IssueOutbox(context.redis).get(repository):
        enqueue(context.redis, [WriteIssue(spec.installation, repository)])


def issue_commented(context: Context, spec: IssueCommented) -> None:
    """Check the repository that one of our issues is about: a comment may say that the remedy is done."""
    repository = _issue_subject_repository(context, spec)
    report = ReportStore(context.redis).get(repository) if repository is not None else None
    if report is not None and report.installation == spec.installation:
        enqueue(context.redis, [CheckBranch(spec.installation, report.id, report.repository)])


def subject_of(repository: RepositoryId) -> str:
    """Name a repository in a marker; numbers stay when names change."""
    return f"repository-{repository}"


def _queue_entry(context: Context, entry: IssueOutboxEntry) -> None:
    kept = IssueOutbox(context.redis)
    if entry.issue_repository is None and kept.get_open(entry.repository) is None:
        return  # none is asked for, and none is there
    if kept.put(entry):
        enqueue(context.redis, [WriteIssue(entry.installation, entry.repository)])


def _issue_subject_repository(context: Context, spec: IssueChanged | IssueCommented) -> RepositoryId | None:
    """Return which repository an issue of ours is about."""
    client = context.github.installation(spec.installation, context.delivery_id)
    try:
        issue = AppIssues(client, context.redis, spec.issue_repository).read(spec.issue_number)
    except (ForbiddenError, InstallationError) as error:
        log.info("an issue of %s is not read: %s", spec.issue_repository, error)
        return None
    if issue is None or issue.metadata.kind != PUBLISHING_ISSUE:
        return None
    kind, _, about = issue.metadata.subject.partition("-")
    return RepositoryId(int(about)) if kind == "repository" and about.isascii() and about.isdigit() else None


class _IssueWriter:
    """The issue about one repository, in the repository that holds it."""

    def __init__(self, context: Context, entry: IssueOutboxEntry) -> None:
        self._context = context
        self._entry = entry
        self._outbox = IssueOutbox(context.redis)
        self._client = context.github.installation(entry.installation, context.delivery_id)
        self._subject = subject_of(entry.repository)

    def close_moved_issue(self) -> bool:
        """Close the issue that is open where the policy no longer asks for it."""
        before = self._outbox.get_open(self._entry.repository)
        if before is None or (self._entry.issue_repository or "").lower() == before.issue_repository.lower():
            return True
        return self.write(before.issue_repository, render_not_evaluated(self._entry.issue_text.repository, ISSUE_MOVED))

    def write(self, issue_repository: FullName, issue_text: IssueText) -> bool:
        """Take the next step in an issue's life; what is shut to us is said in the log and tried again after a sweep."""
        try:
            self._write(AppIssues(self._client, self._context.redis, issue_repository), issue_repository, issue_text)
        except (ForbiddenError, InstallationError, MissingError, RefusedError) as error:
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
