"""Evaluates the change alerts of a policy for a change, without network access or a clock."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

from bot.checks.alerts import ChangeAlert, RepositoryChange
from bot.checks.engine import CheckResult, run_checks, worst_outcome
from bot.model.core_types import Conclusion, FullName, Mode, Outcome, RuleName, Severity, Sha, conclusion_of
from bot.model.findings import Finding, Known, Unknown
from bot.policy import Policy


class AlertResult(CheckResult[ChangeAlert]):
    """What became of one alert, before any waiver."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class StoredAlert:
    """What is kept of an alert and told in reports; `waived` are findings that a waiver in force covers."""

    name: RuleName
    title: str
    severity: Severity
    mode: Mode
    open_issue: bool
    findings: tuple[Finding, ...] = ()  # those that stand
    unknown: tuple[Unknown, ...] = ()
    error: str | None = None
    waived: tuple[Finding, ...] = ()
    waivers_approved: bool = True  # each waiver was seen to be approved by another person

    @property
    def outcome(self) -> Outcome:
        return worst_outcome(self.findings, self.error, self.unknown, self.waived)

    @property
    def conclusion(self) -> Conclusion:
        """What a check run says of it, were it the only one: as of a rule's outcome (docs/decisions.md)."""
        said = conclusion_of(self.outcome, self.mode, waivers_approved=self.waivers_approved)
        return said or Conclusion.SUCCESS

    @property
    def needs_issue(self) -> bool:
        """Whether people have to hear of it at once."""
        return self.open_issue and self.outcome is Outcome.FAILED


@dataclass(frozen=True, slots=True)
class ChangeReport:
    """One change and what is to be heard of it; what passed is not worth a word."""

    repository: FullName
    summary: str  # "mallory pushed the branch tidy"
    commit: Sha
    observed_at: datetime
    alerts: tuple[StoredAlert, ...] = ()

    @property
    def alerts_needing_issue(self) -> tuple[StoredAlert, ...]:
        """The alerts of which people have to hear at once."""
        return tuple(each for each in self.alerts if each.needs_issue)


def evaluate_change(change: RepositoryChange, policy: Policy) -> tuple[AlertResult, ...]:
    """Judge a change by the alerts in force, without network access or a clock. Alerts that such a change cannot give are left out."""
    return tuple(each for each in run_checks(policy.alerts, change, AlertResult) if each.applies)


def change_report(change: RepositoryChange, summary: str, commit: Sha, results: Iterable[AlertResult]) -> ChangeReport:
    """Return what is stored of a change: every alert that did not pass."""
    alerts = tuple(_stored_alert(each) for each in results if each.outcome is not Outcome.PASSED)
    return ChangeReport(change.repository, summary, commit, change.observed_at, alerts)


def apply_policy(report: ChangeReport, policy: Policy, day: date) -> ChangeReport:
    """Apply the policy in force on a day: an alert that it turns off is left out, and a finding that it waives does not stand."""
    alerts = {alert.name: alert for alert in policy.alerts}
    stored = (
        _apply_policy_to_alert(each, alerts[each.name], policy, day) for each in report.alerts if each.name in alerts
    )
    return replace(report, alerts=tuple(stored))


def _stored_alert(result: AlertResult) -> StoredAlert:
    alert = result.check
    return StoredAlert(
        alert.name,
        alert.title(),
        alert.severity,
        alert.mode,
        alert.open_issue,
        result.findings,
        result.unknown,
        result.error,
    )


def _apply_policy_to_alert(stored: StoredAlert, alert: ChangeAlert, policy: Policy, day: date) -> StoredAlert:
    found, in_force = (*stored.findings, *stored.waived), policy.waivers_on(day)
    waivers = {finding: waiver for finding in found if (waiver := in_force.active(stored.name, finding))}
    return replace(
        stored,
        severity=alert.severity,
        mode=alert.mode,
        open_issue=alert.open_issue,
        findings=tuple(finding for finding in found if finding not in waivers),
        waived=tuple(waivers),
        waivers_approved=all(isinstance(waiver.approval, Known) for waiver in waivers.values()),
    )
