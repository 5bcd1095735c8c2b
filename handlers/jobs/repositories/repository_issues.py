"""Issues about repositories: each is made to say what was judged last, reminded of, listened to, and closed with evidence."""

import logging

from bot.evaluation.evaluate import Report
from bot.github.github_errors import ForbiddenError, InstallationError, MissingError, RefusedError
from bot.github.issues import OurIssue, OurIssues
from bot.model.core_types import FullName, InstallationId, RepositoryId
from bot.rendering.issue import IssueText, no_longer, render
from bot.rendering.issue_life import NOTHING, Present, Step, next_step
from bot.rendering.marker import PUBLISHING, Marker
from handlers.config.context import Context
from handlers.jobs.policies import InForce
from handlers.jobs.repositories.secret_deletions import may_delete
from handlers.queue.enqueue import enqueue
from handlers.queue.job_specs import Priority, Work
from handlers.records.issue_outbox import Wanted, WantedIssues, holder_of
from handlers.records.report_store import Standings

log = logging.getLogger("wharfinger.jobs")

MOVED = "the policy asks for its issue elsewhere, or for none"


def issue_work(installation: int, repository: int) -> Work:
    """Return the work that makes the issue about a repository say what is so; one at a time for an installation, as GitHub asks."""
    return Work("write_issue", Priority.SWEEP, f"issues-{installation}", (installation, repository))


def want_issue(
    context: Context, installation: InstallationId, repository: RepositoryId, report: Report, in_force: InForce
) -> None:
    """Keep what the issue about a repository is to say, and ask for it to be written where that is news."""
    holder = holder_of(report.snapshot.repository, in_force.policy)
    if holder is None and in_force.problems:
        return  # a policy that could not be read does not say that no issue is wanted
    said = render(report, certain=not in_force.problems, may_write=may_delete(context, installation, report))
    _want(context, Wanted(installation, repository, said, holder))


def retire_issue(context: Context, repository: RepositoryId, why: str) -> None:
    """Have the issue about a repository say that it is no longer evaluated, if one is open."""
    found = WantedIssues(context.redis).where(repository)
    wanted = WantedIssues(context.redis).get(repository)
    if found is None:
        WantedIssues(context.redis).forget(repository)
        return
    name = wanted.said.repository if wanted else found.holder
    _want(context, Wanted(found.installation, repository, no_longer(name, why), found.holder))


def write_issue(context: Context, installation: int, repository: int) -> None:
    """Make the issue about a repository say what was judged last; what is so already is not written."""
    wanted = WantedIssues(context.redis).get(RepositoryId(repository))
    if wanted is None or wanted.installation != installation:
        return
    issues, kept = _Issues(context, wanted), WantedIssues(context.redis)
    done = issues.leave_other_holder()
    if wanted.holder is not None:
        done = issues.write(wanted.holder, wanted.said) and done
    if not wanted.said.evaluated and kept.where(wanted.repository) is None:
        kept.forget(wanted.repository)
    elif done:
        kept.written(wanted)


def remind(context: Context) -> None:
    """Look at every issue that is open: reminders are due by the day, and an event may have been missed."""
    found = list(WantedIssues(context.redis).open())
    enqueue(context.redis, [issue_work(each.installation, each.repository) for each in found])


def issue_changed(context: Context, installation: int, holder: str, number: int) -> None:
    """Hear of an issue that somebody closed, reopened or edited; only one of ours, by its author and marker, means anything."""
    repository = _subject(context, installation, holder, number)
    if repository is not None and WantedIssues(context.redis).get(repository):
        enqueue(context.redis, [issue_work(installation, repository)])


def issue_commented(context: Context, installation: int, holder: str, number: int) -> None:
    """Look again at the repository that one of our issues is about: somebody said something there, perhaps that it is done."""
    repository = _subject(context, installation, holder, number)
    standing = Standings(context.redis).get(repository) if repository is not None else None
    if standing is not None and standing.installation == installation:
        arguments = (installation, standing.id, standing.repository)
        enqueue(context.redis, [Work("check_branch", Priority.SWEEP, f"repository-{standing.id}", arguments)])


def subject_of(repository: RepositoryId) -> str:
    """Name a repository in a marker; numbers stay when names change."""
    return f"repository-{repository}"


def _want(context: Context, wanted: Wanted) -> None:
    kept = WantedIssues(context.redis)
    if wanted.holder is None and kept.where(wanted.repository) is None:
        return  # none is asked for, and none is there
    if kept.put(wanted):
        enqueue(context.redis, [issue_work(wanted.installation, wanted.repository)])


def _subject(context: Context, installation: int, holder: str, number: int) -> RepositoryId | None:
    """Return which repository an issue of ours is about."""
    line = context.telephone.installation(InstallationId(installation), context.delivery)
    try:
        issue = OurIssues(line, context.redis, FullName(holder)).read(number)
    except (ForbiddenError, InstallationError) as error:
        log.info("an issue of %s is not read: %s", holder, error)
        return None
    if issue is None or issue.marker.kind != PUBLISHING:
        return None
    kind, _, about = issue.marker.subject.partition("-")
    return RepositoryId(int(about)) if kind == "repository" and about.isascii() and about.isdigit() else None


class _Issues:
    """The issue about one repository, in the repository that holds it."""

    def __init__(self, context: Context, wanted: Wanted) -> None:
        self._context = context
        self._wanted = wanted
        self._kept = WantedIssues(context.redis)
        self._line = context.telephone.installation(wanted.installation, context.delivery)
        self._subject = subject_of(wanted.repository)

    def leave_other_holder(self) -> bool:
        """Close the issue that is open where the policy no longer asks for it."""
        before = self._kept.where(self._wanted.repository)
        if before is None or (self._wanted.holder or "").lower() == before.holder.lower():
            return True
        return self.write(before.holder, no_longer(self._wanted.said.repository, MOVED))

    def write(self, holder: FullName, said: IssueText) -> bool:
        """Take the next step in an issue's life; what is shut to us is said in the log and tried again after a sweep."""
        try:
            self._write(OurIssues(self._line, self._context.redis, holder), holder, said)
        except (ForbiddenError, InstallationError, MissingError, RefusedError) as error:
            log.warning("the issue about %s in %s is not written: %s", said.repository, holder, error)
            if isinstance(error, MissingError) or not said.evaluated:
                self._kept.closed(self._wanted.repository)
            return False
        return True

    def _write(self, issues: OurIssues, holder: FullName, said: IssueText) -> None:
        issue = issues.find(PUBLISHING, self._subject)
        present = Present(issue.open, issue.body, issue.marker) if issue else None
        step = next_step(present, said, self._subject, self._context.clock().date())
        if step is not NOTHING:
            issue = self._take(issues, issue, step, said)
        if issue is not None and issue.open:
            self._kept.opened(self._wanted, holder)
        else:
            self._kept.closed(self._wanted.repository)

    def _take(self, issues: OurIssues, issue: OurIssue | None, step: Step, said: IssueText) -> OurIssue:
        if issue is None:
            body = step.body or ""
            return issues.open(Marker.read(body) or Marker(PUBLISHING, self._subject), said.title, body)
        if step.comment is not None:
            issues.say_once(issue, *step.comment)
        return issues.change(
            issue, step.body, opened=step.opened, reason="completed" if step.planned else "not_planned"
        )
