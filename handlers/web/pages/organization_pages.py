"""Shows organizations with their repositories, coverage, trend and alerts."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.evaluation.package_alerts import PackageAlert
from bot.json_access import get_objects, get_str
from bot.model.core_types import Conclusion, FullName, InstallationId, RepositoryId, Severity
from bot.rendering.alert import ALERT_EXPLANATIONS, render_package_alert
from bot.rendering.digest import TrendRow as Period
from bot.rendering.links import github_url
from handlers.cache.repository_listings import InstallationRepositories, InstallationRepositoryStore
from handlers.records.gate_store import GateStore
from handlers.records.package_alert_store import PackageAlertIssue, PackageAlertStore
from handlers.records.report_store import DigestFactStore, DigestStore, ReportStore, StoredReport, reason_not_evaluated
from handlers.web.pages.page_context import ListPage, Page, PageContext, PageNotFoundError, list_page

CONCLUSION_ORDER = (Conclusion.FAILURE, Conclusion.ACTION_REQUIRED, Conclusion.NEUTRAL, Conclusion.SUCCESS)
BAR_HEIGHT, BAR_WIDTH = 64, 56  # of a bar of the trend, in the drawing's own units; twelve find room


@dataclass(frozen=True, slots=True)
class InstalledOrganization:
    """An account that installed the App, and what GitHub listed there."""

    installation: InstallationId
    login: str
    repositories: InstallationRepositories

    def repository_web(self, repository: RepositoryId) -> str:
        """Return a repository's address on GitHub; an empty text where GitHub never said it."""
        return next((each.html_url for each in self.repositories.repositories if each.id == repository), "")


@dataclass(frozen=True, slots=True)
class RepositoryRow:
    """One repository, as it was judged last."""

    name: FullName
    conclusion: Conclusion
    title: str
    evaluated_at: datetime
    publications: int
    findings: int
    worst: Severity | None
    waived: int
    unknown: int


@dataclass(frozen=True, slots=True)
class TrendBar:
    """One period of the trend, drawn."""

    period: Period
    x: int
    height: int


@dataclass(frozen=True, slots=True)
class OrganizationView:
    """What an organization's page shows."""

    listed_at: datetime
    evaluated: int
    repositories: int
    publishing: int
    failing: int
    findings: int
    waived: int
    unknown: int  # repositories of which something could not be seen
    waiting_deployments: int  # at a gate
    open_alerts: int  # that nobody has dealt with
    rows: ListPage[RepositoryRow]
    not_evaluated: Mapping[str, list[FullName]]  # what was not evaluated, by the reason
    trend: tuple[TrendBar, ...]  # of digests, the earliest first


def installed_organizations(context: PageContext) -> Iterator[InstalledOrganization]:
    """Yield each organization that a sweep found a repository of."""
    book = InstallationRepositoryStore(context.redis)
    for installation in book.installations():
        listed = book.get(installation)
        if listed is not None and listed.account:
            yield InstalledOrganization(installation, listed.account, listed)


def find_organization(context: PageContext, login: str) -> InstalledOrganization:
    """Find an organization by its name, in any case; raises NothingThereError."""
    for each in installed_organizations(context):
        if each.login.lower() == login.lower():
            return each
    raise PageNotFoundError(
        f"The App knows no organization {login}. It may not be installed there, or its first sweep has not begun."
    )


def organization_page(context: PageContext, login: str) -> Page:
    """Show an organization, its repositories the worst first."""
    found = find_organization(context, login)
    standings = {each.id: each for each in ReportStore(context.records).all(found.installation)}
    missing, alarms = (
        _not_evaluated(context, found, standings),
        PackageAlertStore(context.records).all(found.installation),
    )
    rows = sorted((repository_row(each) for each in standings.values()), key=_repository_order)
    listed = {each.id for each in found.repositories.repositories} | standings.keys()
    shown = OrganizationView(
        listed_at=found.repositories.listed_at,
        evaluated=len(listed) - sum(map(len, missing.values())),
        repositories=len(listed),
        publishing=sum(bool(row.publications) for row in rows),
        failing=sum(bool(row.findings) for row in rows),
        findings=sum(row.findings for row in rows),
        waived=sum(row.waived for row in rows),
        unknown=sum(bool(row.unknown) for row in rows),
        waiting_deployments=sum(
            gate.installation == found.installation for gate, _ in GateStore(context.records).waiting()
        ),
        open_alerts=sum(alarm.resolved_at is None and not alarm.closed_by_person for alarm, _ in alarms),
        rows=list_page(rows, context.page_number),
        not_evaluated=missing,
        trend=_trend_bars(context, found.installation),
    )
    return Page("organization.html", found.login, shown, found.login, "repositories")


def repository_row(stored_report: StoredReport) -> RepositoryRow:
    """Count what a repository's latest report says."""
    report = stored_report.report
    severities = [Severity(get_str(each, "severity")) for each in get_objects(report, "findings")]
    return RepositoryRow(
        name=stored_report.repository,
        conclusion=stored_report.conclusion,
        title=stored_report.title,
        evaluated_at=stored_report.taken_at,
        publications=len(get_objects(report, "publications")),
        findings=len(severities),
        worst=max(severities, key=lambda severity: severity.rank, default=None),
        waived=len(get_objects(report, "waived")),
        unknown=len(get_objects(report, "unknown")),
    )


def _repository_order(row: RepositoryRow) -> tuple[int, int, int, str]:
    rank = row.worst.rank if row.worst else -1
    return CONCLUSION_ORDER.index(row.conclusion), -rank, -row.findings, row.name.lower()


def _not_evaluated(
    context: PageContext, found: InstalledOrganization, standings: Mapping[RepositoryId, StoredReport]
) -> Mapping[str, list[FullName]]:
    """Say which repositories were not evaluated, by the reason, the commonest first."""
    refused = DigestFactStore(context.records, found.installation).not_evaluated_reasons()
    reasons: dict[str, list[FullName]] = {}
    for each in found.repositories.repositories:
        standing = standings.get(each.id)
        why = reason_not_evaluated(each, standing.taken_at if standing else None, refused.get(each.id), context.now)
        if why is not None:
            reasons.setdefault(why, []).append(each.name)
    order = Counter({why: len(names) for why, names in reasons.items()})
    return {why: sorted(reasons[why], key=str.lower) for why, _ in order.most_common()}


def _trend_bars(context: PageContext, installation: InstallationId) -> tuple[TrendBar, ...]:
    before = DigestStore(context.records, installation).get()
    trend = before.trend if before else ()
    most = max((each.findings for each in trend), default=0) or 1
    return tuple(
        TrendBar(each, number * BAR_WIDTH, max(round(each.findings / most * BAR_HEIGHT), 1))
        for number, each in enumerate(trend)
    )


@dataclass(frozen=True, slots=True)
class AlertRow:
    """One alert."""

    alert: PackageAlert
    title: str
    meaning: str
    state: str  # "open", "closed by a person" or "traced"
    issue: str  # its address on GitHub; empty before there is one


@dataclass(frozen=True, slots=True)
class AlertsView:
    """The alerts, and how many of them nobody has dealt with."""

    rows: ListPage[AlertRow]
    open: int


def alerts_page(context: PageContext, login: str) -> Page:
    """Show the alerts of an organization, the latest first among those that are in one state."""
    found = find_organization(context, login)
    rows = sorted(_alert_rows(context, found), key=lambda row: row.state != "open")
    shown = AlertsView(list_page(rows, context.page_number), sum(row.state == "open" for row in rows))
    return Page("alerts.html", f"Alerts of {found.login}", shown, found.login, "alerts")


def _alert_rows(context: PageContext, found: InstalledOrganization) -> Iterator[AlertRow]:
    webs = {each.name.lower(): each.html_url for each in found.repositories.repositories}
    for alarm, issue in PackageAlertStore(context.records).all(found.installation):
        title = render_package_alert(alarm, context.catalog.registries).title
        yield AlertRow(alarm, title, ALERT_EXPLANATIONS[alarm.kind], _alert_state(alarm), _issue_url(issue, webs))


def _alert_state(alert: PackageAlert) -> str:
    if alert.resolved_at is not None:
        return "traced"
    return "closed by a person" if alert.closed_by_person else "open"


def _issue_url(issue: PackageAlertIssue | None, web_urls: dict[str, str]) -> str:
    return github_url(web_urls.get(issue.repository.lower(), ""), f"issues/{issue.number}") if issue else ""
