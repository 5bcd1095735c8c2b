"""Evaluates the change alerts of a policy for a change, without network access or a clock."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

from bot.checks.alerts import ChangeAlert, RepositoryChange
from bot.checks.check import CheckResult, outcome_of, run_check
from bot.model.core_types import Conclusion, FullName, Mode, Outcome, RuleName, Severity, Sha, conclusion_of
from bot.model.findings import Finding, Known, Unknown
from bot.policy import Policy
from bot.policy.apply_waivers import active_waiver


@dataclass(frozen=True, slots=True)
class AlertResult:
    """What became of one alert that the change could give, before any waiver."""

    alert: ChangeAlert
    findings: tuple[Finding, ...] = ()
    unknown: tuple[Unknown, ...] = ()
    error: str | None = None  # our own: the kind of error and where in our code

    @property
    def outcome(self) -> Outcome:
        return outcome_of(CheckResult(self.findings, self.unknown, self.error))


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
        return outcome_of(CheckResult(self.findings, self.unknown, self.error), self.waived)

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
    """Judge a change by the alerts in force; those that such a change cannot give are left out.

    An alert that raises is `broken` and does not take the others with it.
    """
    return tuple(found for signal in policy.alerts if (found := _evaluate_alert(signal, change)) is not None)


def change_report(change: RepositoryChange, summary: str, commit: Sha, results: Iterable[AlertResult]) -> ChangeReport:
    """Keep of a change what did not pass."""
    heard = tuple(
        StoredAlert(one.alert.name, one.alert.title(), one.alert.severity, one.alert.mode, one.alert.open_issue, one.findings, one.unknown, one.error)
        for one in results
        if one.outcome is not Outcome.PASSED
    )  # fmt: skip
    return ChangeReport(change.repository, summary, commit, change.observed_at, heard)


def apply_policy(report: ChangeReport, policy: Policy, day: date) -> ChangeReport:
    """Weigh news by the policy that is in force on a day: what is off is not heard, what is waived does not stand."""
    signals = {signal.name: signal for signal in policy.alerts}
    heard = (
        _apply_policy_to_alert(one, signals[one.name], policy, day) for one in report.alerts if one.name in signals
    )
    return replace(report, alerts=tuple(heard))


def _evaluate_alert(alert: ChangeAlert, change: RepositoryChange) -> AlertResult | None:
    said = run_check(alert, change)
    return AlertResult(alert, said.findings, said.unknown, said.error) if said.applies else None


def _apply_policy_to_alert(stored: StoredAlert, alert: ChangeAlert, policy: Policy, day: date) -> StoredAlert:
    found = (*stored.findings, *stored.waived)
    waivers = {finding: waiver for finding in found if (waiver := active_waiver(stored.name, finding, policy, day))}
    return replace(
        stored,
        severity=alert.severity,
        mode=alert.mode,
        open_issue=alert.open_issue,
        findings=tuple(finding for finding in found if finding not in waivers),
        waived=tuple(waivers),
        waivers_approved=all(isinstance(waiver.approval, Known) for waiver in waivers.values()),
    )
