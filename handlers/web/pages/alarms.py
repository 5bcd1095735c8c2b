"""An organization's alerts: the open ones first, each with what was seen, what it means and where its issue is."""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.evaluation.package_alerts import PackageAlert
from bot.rendering.alarm import ALERT_EXPLANATIONS, render_package_alert
from handlers.records.package_alert_store import PackageAlertIssue, PackageAlertStore
from handlers.web.pages.addresses import github_url
from handlers.web.pages.organization_pages import InstalledOrganization, find_organization
from handlers.web.pages.page_context import ListPage, Page, PageContext, list_page


@dataclass(frozen=True, slots=True)
class AlertRow:
    """One alert."""

    alert: PackageAlert
    title: str
    meaning: str
    state: str  # "open", "closed by a person" or "accounted for"
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
    for alarm, issue in PackageAlertStore(context.redis).all(found.installation):
        title = render_package_alert(alarm, context.catalog.registries).title.removeprefix("Alert: ")
        yield AlertRow(alarm, title, ALERT_EXPLANATIONS[alarm.kind], _alert_state(alarm), _issue_url(issue, webs))


def _alert_state(alert: PackageAlert) -> str:
    if alert.resolved_at is not None:
        return "accounted for"
    return "closed by a person" if alert.closed_by_person else "open"


def _issue_url(issue: PackageAlertIssue | None, web_urls: dict[str, str]) -> str:
    return github_url(web_urls.get(issue.repository.lower(), ""), f"issues/{issue.number}") if issue else ""
