"""Which organisations there are, and each one's page: its repositories with their verdicts, coverage and the trend."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.json_access import records, text
from bot.model.core_types import Conclusion, FullName, InstallationId, RepositoryId, Severity
from bot.rendering.digest import Row as Period
from handlers.cache.repository_listings import Listed, ListedBook
from handlers.records.coverage import not_evaluated
from handlers.records.digest_book import DigestBook
from handlers.records.gate_store import GateBook
from handlers.records.package_alert_store import AlarmBook
from handlers.records.report_store import Standing, Standings
from handlers.records.told import ToldBook
from handlers.web.pages.page_context import NothingThereError, Page, Part, Shelf, part

WORST = (Conclusion.FAILURE, Conclusion.ACTION_REQUIRED, Conclusion.NEUTRAL, Conclusion.SUCCESS)
TALLEST, WIDTH = 64, 56  # of a bar of the trend, in the drawing's own units; twelve find room


@dataclass(frozen=True, slots=True)
class Organisation:
    """An account that installed the App, and what GitHub listed there."""

    installation: InstallationId
    login: str
    listed: Listed

    def web(self, repository: RepositoryId) -> str:
        """Return a repository's address on GitHub; an empty text where GitHub never said it."""
        return next((each.web for each in self.listed.repositories if each.id == repository), "")


@dataclass(frozen=True, slots=True)
class Row:
    """One repository, as it was judged last."""

    name: FullName
    conclusion: Conclusion
    title: str
    at: datetime
    publications: int
    findings: int
    worst: Severity | None
    waived: int
    unseen: int


@dataclass(frozen=True, slots=True)
class Bar:
    """One period of the trend, drawn."""

    period: Period
    x: int
    height: int


@dataclass(frozen=True, slots=True)
class Shown:
    """What an organisation's page shows."""

    listed_at: datetime
    evaluated: int
    repositories: int
    publishing: int
    failing: int
    findings: int
    waived: int
    unseen: int  # repositories of which something could not be seen
    waiting: int  # at a gate
    alarms: int  # that nobody has dealt with
    rows: Part[Row]
    missing: Mapping[str, list[FullName]]  # what was not evaluated, by the reason
    trend: tuple[Bar, ...]  # of digests, the earliest first


def organisations(shelf: Shelf) -> Iterator[Organisation]:
    """Yield each organisation that a sweep found a repository of."""
    book = ListedBook(shelf.redis)
    for installation in book.installations():
        listed = book.get(installation)
        if listed is not None and listed.account:
            yield Organisation(installation, listed.account, listed)


def organisation_of(shelf: Shelf, login: str) -> Organisation:
    """Find an organisation by its name, in any case; raises NothingThereError."""
    for each in organisations(shelf):
        if each.login.lower() == login.lower():
            return each
    raise NothingThereError(
        f"The App knows no organisation {login}. It may not be installed there, or its first sweep has not begun."
    )


def show(shelf: Shelf, login: str) -> Page:
    """Show an organisation, its repositories the worst first."""
    found = organisation_of(shelf, login)
    standings = {each.id: each for each in Standings(shelf.redis).all(found.installation)}
    missing, alarms = _missing(shelf, found, standings), AlarmBook(shelf.redis).all(found.installation)
    rows = sorted((row_of(each) for each in standings.values()), key=_order)
    listed = {each.id for each in found.listed.repositories} | standings.keys()
    shown = Shown(
        listed_at=found.listed.at,
        evaluated=len(listed) - sum(map(len, missing.values())),
        repositories=len(listed),
        publishing=sum(bool(row.publications) for row in rows),
        failing=sum(bool(row.findings) for row in rows),
        findings=sum(row.findings for row in rows),
        waived=sum(row.waived for row in rows),
        unseen=sum(bool(row.unseen) for row in rows),
        waiting=sum(gate.installation == found.installation for gate, _ in GateBook(shelf.redis).waiting()),
        alarms=sum(alarm.settled is None and not alarm.closed for alarm, _ in alarms),
        rows=part(rows, shelf.number),
        missing=missing,
        trend=_bars(shelf, found.installation),
    )
    return Page("organization.html", found.login, shown, found.login, "repositories")


def row_of(standing: Standing) -> Row:
    """Count what a repository's latest report says."""
    report = standing.report
    severities = [Severity(text(each, "severity")) for each in records(report, "findings")]
    return Row(
        name=standing.repository,
        conclusion=standing.conclusion,
        title=standing.title,
        at=standing.taken_at,
        publications=len(records(report, "publications")),
        findings=len(severities),
        worst=max(severities, key=lambda severity: severity.rank, default=None),
        waived=len(records(report, "waived")),
        unseen=len(records(report, "unseen")),
    )


def _order(row: Row) -> tuple[int, int, int, str]:
    rank = row.worst.rank if row.worst else -1
    return WORST.index(row.conclusion), -rank, -row.findings, row.name.lower()


def _missing(
    shelf: Shelf, found: Organisation, standings: Mapping[RepositoryId, Standing]
) -> Mapping[str, list[FullName]]:
    """Say which repositories were not evaluated, by the reason, the commonest first."""
    refused = ToldBook(shelf.redis, found.installation).why_not()
    reasons: dict[str, list[FullName]] = {}
    for each in found.listed.repositories:
        standing = standings.get(each.id)
        why = not_evaluated(each, standing.taken_at if standing else None, refused.get(each.id), shelf.now)
        if why is not None:
            reasons.setdefault(why, []).append(each.name)
    order = Counter({why: len(names) for why, names in reasons.items()})
    return {why: sorted(reasons[why], key=str.lower) for why, _ in order.most_common()}


def _bars(shelf: Shelf, installation: InstallationId) -> tuple[Bar, ...]:
    before = DigestBook(shelf.redis, installation).get()
    trend = before.trend if before else ()
    most = max((each.findings for each in trend), default=0) or 1
    return tuple(
        Bar(each, number * WIDTH, max(round(each.findings / most * TALLEST), 1)) for number, each in enumerate(trend)
    )
