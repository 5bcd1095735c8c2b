"""The first page: is the App set up, what is missing, and which organisations it looks after."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from bot.json_access import records
from handlers.cache.diagnosed import DiagnosedBook
from handlers.cache.diagnoses import Diagnosis, State, unseen
from handlers.cache.redis_health import look_at_redis
from handlers.records.report_store import Standings
from handlers.web.pages.organization_pages import organisations
from handlers.web.pages.page_context import Page, Shelf

ORDER = (State.MISSING, State.UNSEEN, State.WELL)


@dataclass(frozen=True, slots=True)
class Row:
    """An organisation, in figures."""

    login: str
    repositories: int
    judged: int
    publishing: int
    failing: int


@dataclass(frozen=True, slots=True)
class Shown:
    """What was looked at, what is not well first, and the organisations."""

    found: tuple[Diagnosis, ...]
    ill: int
    looked_at: datetime | None  # at GitHub; Redis is looked at now
    rows: tuple[Row, ...]


def show(shelf: Shelf) -> Page:
    """Show how the App is set up. Redis is looked at now, GitHub was by the timetable."""
    kept = DiagnosedBook(shelf.redis).get()
    found = [*look_at_redis(shelf.redis), *(kept.found if kept else (NOT_YET,))]
    found.sort(key=lambda each: ORDER.index(each.state))
    shown = Shown(
        found=tuple(found),
        ill=sum(each.state is not State.WELL for each in found),
        looked_at=kept.at if kept else None,
        rows=tuple(sorted(_rows(shelf), key=lambda row: row.login.lower())),
    )
    return Page("set_up.html", "Set-up", shown, here="set-up")


NOT_YET = unseen(
    "GitHub", "no worker has looked at it yet", "a worker does within a minute; wharfinger doctor looks now"
)


def _rows(shelf: Shelf) -> Iterator[Row]:
    standings = Standings(shelf.redis)
    for each in organisations(shelf):
        reports = [standing.report for standing in standings.all(each.installation)]
        yield Row(
            login=each.login,
            repositories=len(each.listed.repositories),
            judged=len(reports),
            publishing=sum(bool(records(report, "publications")) for report in reports),
            failing=sum(bool(records(report, "findings")) for report in reports),
        )
