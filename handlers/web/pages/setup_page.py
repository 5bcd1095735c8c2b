"""Shows whether the App is set up, what is missing, and the organizations that it covers."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from handlers.cache.diagnoses import Diagnosis, DiagnosisState, DiagnosisStore, diagnosed_unknown
from handlers.cache.redis_health import look_at_redis
from handlers.records.installation_store import InstallationRepositoryStore
from handlers.records.report_store import ReportStore
from handlers.web.pages.page_context import Page, PageContext

STATE_ORDER = (DiagnosisState.MISSING, DiagnosisState.UNKNOWN, DiagnosisState.OK)


@dataclass(frozen=True, slots=True)
class SetupRow:
    """One organization in numbers of repositories."""

    login: str
    repositories: int
    evaluated: int
    publishing: int
    failing: int


@dataclass(frozen=True, slots=True)
class SetupView:
    """The setup checks, problems first, and the organizations."""

    diagnoses: tuple[Diagnosis, ...]
    problems: int
    github_checked_at: datetime | None  # at GitHub; Redis is looked at now
    rows: tuple[SetupRow, ...]


def setup_page(context: PageContext) -> Page:
    """Show how the App is set up. Redis is checked now, GitHub was checked by the clock."""
    kept = DiagnosisStore(context.redis).get()
    found = [*look_at_redis(context.redis), *(kept.diagnoses if kept else (GITHUB_NOT_CHECKED,))]
    found.sort(key=lambda each: STATE_ORDER.index(each.state))
    shown = SetupView(
        diagnoses=tuple(found),
        problems=sum(each.state is not DiagnosisState.OK for each in found),
        github_checked_at=kept.taken_at if kept else None,
        rows=tuple(sorted(_organization_rows(context), key=lambda row: row.login.lower())),
    )
    return Page("set_up.html", "Setup", shown, section="set-up")


GITHUB_NOT_CHECKED = diagnosed_unknown(
    "GitHub", "no worker has checked it yet", "a worker checks it within a minute; wharfinger doctor checks it now"
)


def _organization_rows(context: PageContext) -> Iterator[SetupRow]:
    store, listed = ReportStore(context.records), InstallationRepositoryStore(context.records)
    for each in listed.organizations():
        totals = store.totals(each.installation)
        yield SetupRow(
            login=each.login,
            repositories=listed.count(each.installation),
            evaluated=totals.evaluated,
            publishing=totals.publishing,
            failing=totals.failing,
        )
