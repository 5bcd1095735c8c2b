"""Alerts as issues: each is opened at once, told more of, and closed when it is settled; one that a person closed stays closed."""

import logging
from dataclasses import replace
from datetime import datetime, timedelta

from bot.evaluation.package_alerts import AlertReason
from bot.github.github_errors import ForbiddenError, InstallationError, MissingError, RefusedError
from bot.github.issues import AppIssue, AppIssues
from bot.model.core_types import FullName, InstallationId
from bot.rendering.alarm import PackageAlertText, render_package_alert, render_package_alert_update
from bot.rendering.marker import PACKAGE_ALERT_ISSUE, HiddenMetadata, text_fingerprint
from handlers.config.context import Context
from handlers.records.package_alert_store import PackageAlertIssue, PackageAlertStore, StoredPackageAlert

log = logging.getLogger("wharfinger.jobs")

RETRY_AFTER = timedelta(minutes=15)  # where no issue can be written


def write_package_alert(context: Context, installation: int, alert_key: str) -> None:
    """Make GitHub tell of an alert as it is kept; what it tells already is not written."""
    number = InstallationId(installation)
    kept = PackageAlertStore(context.redis).get(number, alert_key)
    if kept is not None:
        _AlertIssueWriter(context, number, kept).run()


class _AlertIssueWriter:
    """One alert's way to its issue, in the repository that the policy names; else in the one that it is about."""

    def __init__(self, context: Context, installation: InstallationId, stored: StoredPackageAlert) -> None:
        self._context = context
        self._installation = installation
        self._stored = stored
        self._store = PackageAlertStore(context.redis)
        self._client = context.github.installation(installation, context.delivery_id)
        self._before = self._store.get_issue(installation, stored.alert.key)

    def run(self) -> None:
        now, kept = self._context.clock(), self._stored
        places = (
            [self._before.repository] if self._before else list(dict.fromkeys((kept.issue_repository, kept.repository)))
        )
        for holder in places:
            try:
                self._store.mark_reported(self._installation, kept, self._write(holder, now))
            except (ForbiddenError, InstallationError, MissingError, RefusedError) as error:
                log.warning("an alert about %s is not written to %s: %s", kept.alert.repository, holder, error)
            else:
                return
        self._store.postpone(self._installation, kept.alert.key, (now + RETRY_AFTER).timestamp())

    def _write(self, issue_repository: FullName, now: datetime) -> PackageAlertIssue | None:
        alarm, key = self._stored.alert, self._stored.alert.key
        issues = AppIssues(self._client, self._context.redis, issue_repository)
        said = render_package_alert(alarm, self._context.catalog.registries)
        about = tuple(each.subject for each in alarm.reasons)
        issue = issues.find(PACKAGE_ALERT_ISSUE, key)
        if issue is None and self._before is not None:  # a person deleted it
            return self._split_off(replace(self._before, closed_by_person=True), now)
        if issue is None:
            if alarm.resolved_at is not None:
                return None  # it was accounted for before anybody was told
            issue = issues.open(HiddenMetadata(PACKAGE_ALERT_ISSUE, key), said.title, said.body)
        found = PackageAlertIssue(issue_repository, issue.number, self._before.reported if self._before else about)
        if not issue.is_open:
            settled = alarm.resolved_at is not None
            return (
                replace(found, resolved=True)
                if settled
                else self._split_off(replace(found, closed_by_person=True), now)
            )
        if alarm.resolved_at is not None:
            return self._resolve(issues, issue, said, replace(found, reported=about, resolved=True))
        self._add_observations(
            issues, issue, said, tuple(each for each in alarm.reasons if each.subject not in found.reported)
        )
        return replace(found, reported=about)

    def _add_observations(
        self, issues: AppIssues, issue: AppIssue, alert_text: PackageAlertText, new: tuple[AlertReason, ...]
    ) -> None:
        if new:
            issues.comment_once(
                issue,
                f"also-{text_fingerprint(repr([each.subject for each in new]))}",
                render_package_alert_update(self._stored.alert, new),
            )
        issues.update(issue, HiddenMetadata(PACKAGE_ALERT_ISSUE, self._stored.alert.key).attach_to(alert_text.body))

    def _resolve(
        self, issues: AppIssues, issue: AppIssue, alert_text: PackageAlertText, issue_record: PackageAlertIssue
    ) -> PackageAlertIssue:
        issues.comment_once(issue, "settled", alert_text.closing_comment)
        issues.update(issue, is_open=False)
        return issue_record

    def _split_off(self, issue_record: PackageAlertIssue, now: datetime) -> PackageAlertIssue:
        """Leave an issue closed that a person closed; what came since and stands in none gets an alert of its own."""
        alarm = self._stored.alert
        rest = tuple(each for each in alarm.reasons if each.subject not in issue_record.reported)
        if rest:
            apart = replace(self._stored, alert=replace(alarm, raised_at=now, reasons=rest))
            told = tuple(each for each in alarm.reasons if each.subject in issue_record.reported)
            with self._context.redis.pipeline() as pipe:
                self._store.put(pipe, self._installation, apart, now.timestamp())
                self._store.put(
                    pipe,
                    self._installation,
                    replace(self._stored, alert=replace(alarm, reasons=told)),
                    now.timestamp(),
                )
                pipe.execute()
        return issue_record
