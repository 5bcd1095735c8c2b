"""Shows organizations with their repositories, coverage, trend and alerts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.evaluation.package_alerts import PackageAlert
from bot.model.core_types import Conclusion, FullName, InstallationId
from bot.rendering.alert import ALERT_EXPLANATIONS, render_package_alert
from bot.rendering.digest import TrendRow as Period
from bot.rendering.links import github_url
from handlers.records.gate_store import GateStore
from handlers.records.installation_store import InstallationRepositoryStore, InstalledOrganization
from handlers.records.package_alert_store import PackageAlertIssue, PackageAlertStore
from handlers.records.report_store import (
    CONCLUSION_ORDER,
    DigestStore,
    ReportOrder,
    ReportRow,
    ReportSelection,
    ReportStore,
)
from handlers.web.pages.page_context import MAX_ROWS, ListPage, Page, PageContext, PageNotFoundError

MAX_NAME = 100  # characters of a part of a name that is looked for
BAR_HEIGHT, BAR_WIDTH = 64, 56  # of a bar of the trend, in the drawing's own units; twelve find room


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
    rows: ListPage[ReportRow]
    selected: ReportSelection
    orders: tuple[ReportOrder, ...]
    conclusions: tuple[Conclusion, ...]
    not_evaluated: Mapping[str, list[FullName]]  # what was not evaluated, by the reason
    trend: tuple[TrendBar, ...]  # of digests, the earliest first


def find_organization(context: PageContext, login: str) -> InstalledOrganization:
    """Find an organization by its name, in any case; raises PageNotFoundError."""
    for each in InstallationRepositoryStore(context.records).organizations():
        if each.login.lower() == login.lower():
            return each
    raise PageNotFoundError(
        f"The App knows no organization {login}. It may not be installed there, or its first sweep has not begun."
    )


def organization_page(context: PageContext, login: str) -> Page:
    """Show an organization, its repositories the worst first unless something else is asked for."""
    found, records = find_organization(context, login), context.records
    installation, reports = found.installation, ReportStore(records)
    missing = _not_evaluated(context, installation)
    repositories = InstallationRepositoryStore(records).count(installation)
    totals, selected = reports.totals(installation), _selection(context)
    rows, total = reports.rows(installation, selected)
    shown = OrganizationView(
        listed_at=found.listed_at,
        evaluated=repositories - sum(map(len, missing.values())),
        repositories=repositories,
        publishing=totals.publishing,
        failing=totals.failing,
        findings=totals.findings,
        waived=totals.waived,
        unknown=totals.unknown,
        waiting_deployments=GateStore(records).count_waiting(installation),
        open_alerts=PackageAlertStore(records).count(installation, open_only=True),
        rows=ListPage(tuple(rows), total, context.page_number),
        selected=selected,
        orders=tuple(ReportOrder),
        conclusions=CONCLUSION_ORDER,
        not_evaluated=missing,
        trend=_trend_bars(context, installation),
    )
    return Page("organization.html", found.login, shown, found.login, "repositories")


def _selection(context: PageContext) -> ReportSelection:
    """Return what the address asks for; a word that means nothing asks for nothing."""
    order, conclusion = context.query.get("sort", ""), context.query.get("result", "")
    return ReportSelection(
        MAX_ROWS,
        context.offset,
        next((each for each in ReportOrder if each == order), ReportOrder.WORST),
        next((each for each in Conclusion if each == conclusion), None),
        context.query.get("name", "")[:MAX_NAME],
    )


def _not_evaluated(context: PageContext, installation: InstallationId) -> Mapping[str, list[FullName]]:
    """Say which repositories were not evaluated, by the reason, the commonest first."""
    reasons: dict[str, list[FullName]] = {}
    for name, reason in InstallationRepositoryStore(context.records).not_evaluated(installation, context.now):
        reasons.setdefault(reason, []).append(name)
    return dict(sorted(reasons.items(), key=lambda each: -len(each[1])))


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
    found, store = find_organization(context, login), PackageAlertStore(context.records)
    listed = store.listed(found.installation, MAX_ROWS, context.offset)
    held = [issue.repository for _, issue in listed if issue is not None]
    web_urls = InstallationRepositoryStore(context.records).html_urls(held)
    rows = [_alert_row(context, *each, web_urls) for each in listed]
    shown = AlertsView(
        ListPage(tuple(rows), store.count(found.installation), context.page_number),
        store.count(found.installation, open_only=True),
    )
    return Page("alerts.html", f"Alerts of {found.login}", shown, found.login, "alerts")


def _alert_row(
    context: PageContext, alert: PackageAlert, issue: PackageAlertIssue | None, web_urls: Mapping[str, str]
) -> AlertRow:
    title = render_package_alert(alert, context.catalog.registries).title
    url = github_url(web_urls.get(issue.repository.lower(), ""), f"issues/{issue.number}") if issue else ""
    return AlertRow(alert, title, ALERT_EXPLANATIONS[alert.kind], _alert_state(alert), url)


def _alert_state(alert: PackageAlert) -> str:
    if alert.resolved_at is not None:
        return "traced"
    return "closed by a person" if alert.closed_by_person else "open"
