"""Tell of alerts that cannot wait: one issue for a repository, to which what comes later is added while it is open."""

import logging

from bot.evaluation.change_report import ChangeReport
from bot.github.github_errors import ForbiddenError, InstallationError, MissingError, RefusedError
from bot.github.issues import AppIssues
from bot.model.core_types import FullName, InstallationId, RepositoryId
from bot.model.errors import RetryLaterError
from bot.rendering.alert import render_change_alert, render_change_alert_update
from bot.rendering.marker import CHANGE_ALERT_ISSUE, HiddenMetadata, text_fingerprint
from handlers.config.context import Context
from handlers.queue.enqueue import enqueue
from handlers.records.change_alert_store import ChangeAlertStore

log = logging.getLogger("wharfinger.jobs")

RETRY_SECONDS = 900.0  # seconds, where no issue can be written


def report_change_alerts(context: Context, installation: int, repository: int) -> None:
    """Write what is untold of a repository's changes into an issue; killed in between, it says the same once."""
    book = ChangeAlertStore(context.redis, InstallationId(installation), RepositoryId(repository))
    batch = book.take_batch()
    if not batch:
        return
    news = [each.report for each in batch]
    line = context.github.installation(InstallationId(installation), context.delivery_id)
    for holder in dict.fromkeys((batch[-1].issue_repository, news[-1].repository)):
        try:
            subject = _write_reports(AppIssues(line, context.redis, holder), book, holder, news)
        except InstallationError as error:
            log.warning("alerts of %s are not told: %s", news[-1].repository, error)
            return
        except (ForbiddenError, MissingError, RefusedError) as error:
            log.warning("alerts of %s are not written to %s: %s", news[-1].repository, holder, error)
            continue
        if book.mark_reported(subject):
            enqueue(context.redis, [book.report_job])
        return
    raise RetryLaterError(f"no issue about alerts of {news[-1].repository} can be written", RETRY_SECONDS)


def _write_reports(
    issues: AppIssues, store: ChangeAlertStore, issue_repository: FullName, reports: list[ChangeReport]
) -> str:
    """Tell of news where the last one stands, if somebody has it open; else in an issue of their own. Return its subject."""
    names = text_fingerprint(
        repr([(each.repository, each.commit, each.summary) for each in reports])
    )  # a worm pushes one commit to many
    known = store.issue_subject
    issue = (
        issues.find(CHANGE_ALERT_ISSUE, known)
        if known is not None and known.endswith(f"-{text_fingerprint(issue_repository)}")
        else None
    )
    if known is not None and issue is not None and issue.is_open:
        issues.comment_once(issue, f"alerts-{names}", render_change_alert_update(reports))
        return known
    subject = f"change-{names}-{text_fingerprint(issue_repository)}"
    said = render_change_alert(reports)
    issues.open(HiddenMetadata(CHANGE_ALERT_ISSUE, subject), said.title, said.body)
    return subject
