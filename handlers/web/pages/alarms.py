"""An organisation's alarms: the open ones first, each with what was seen, what it means and where its issue is."""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.evaluation.package_alerts import Alarm
from bot.rendering.alarm import MEANS, render
from handlers.records.package_alert_store import AlarmBook, AlarmIssue
from handlers.web.pages.addresses import on_github
from handlers.web.pages.organization_pages import Organisation, organisation_of
from handlers.web.pages.page_context import Page, Part, Shelf, part


@dataclass(frozen=True, slots=True)
class Row:
    """One alarm."""

    alarm: Alarm
    title: str
    means: str
    state: str  # "open", "closed by a person" or "accounted for"
    issue: str  # its address on GitHub; empty before there is one


@dataclass(frozen=True, slots=True)
class Shown:
    """The alarms, and how many of them nobody has dealt with."""

    rows: Part[Row]
    open: int


def show(shelf: Shelf, login: str) -> Page:
    """Show the alarms of an organisation, the latest first among those that are in one state."""
    found = organisation_of(shelf, login)
    rows = sorted(_rows(shelf, found), key=lambda row: row.state != "open")
    shown = Shown(part(rows, shelf.number), sum(row.state == "open" for row in rows))
    return Page("alerts.html", f"Alarms of {found.login}", shown, found.login, "alarms")


def _rows(shelf: Shelf, found: Organisation) -> Iterator[Row]:
    webs = {each.name.lower(): each.web for each in found.listed.repositories}
    for alarm, issue in AlarmBook(shelf.redis).all(found.installation):
        title = render(alarm, shelf.catalogue.registries).title.removeprefix("Alarm: ")
        yield Row(alarm, title, MEANS[alarm.kind], _state(alarm), _issue(issue, webs))


def _state(alarm: Alarm) -> str:
    if alarm.settled is not None:
        return "accounted for"
    return "closed by a person" if alarm.closed else "open"


def _issue(issue: AlarmIssue | None, webs: dict[str, str]) -> str:
    return on_github(webs.get(issue.holder.lower(), ""), f"issues/{issue.number}") if issue else ""
