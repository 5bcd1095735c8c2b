"""Stores the latest report and digest of repositories and organizations, with changes in outcomes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Column, ColumnElement, Row, case, delete, func, insert, select

from bot.evaluation.evaluate import Report
from bot.github.github_app import InstallationRepository
from bot.json_access import get_objects, get_str
from bot.model.core_types import (
    Conclusion,
    FullName,
    InstallationId,
    Outcome,
    RepositoryId,
    RuleName,
    Severity,
    Sha,
)
from bot.model.errors import WharfingerError
from bot.rendering.digest import DigestFacts, DigestState
from bot.rendering.digest_facts import DigestIdentity, RepositoryStatus, repository_status
from bot.rendering.markdown import plain_line
from handlers.config.database import Database, upsert
from handlers.records.inventory_store import InventoryStore
from handlers.records.schema.record_documents import Documents, ensure_installation, ensure_repository
from handlers.records.schema.tables import (
    digest_facts,
    digests,
    outcome_changes,
    reports,
    repositories,
    repository_names,
)


@dataclass(frozen=True, slots=True)
class StoredReport:
    """The latest verdict on a repository's default branch, and what a quick answer for another commit needs."""

    installation: InstallationId
    id: RepositoryId
    repository: FullName
    branch: str
    commit: Sha
    taken_at: datetime
    fingerprint: str  # fingerprint of the files and policies that were judged
    conclusion: Conclusion
    title: str
    enforced: bool  # whether any rule is
    paths: tuple[str, ...]  # files beside the workflows that mattered, or would if they were there
    report: Mapping[str, object] = field(repr=False)  # as `wharfinger scan --format json` gives it
    diagram: tuple[str, ...] = ()  # the publish path as a picture, line by line


REPORTS = Documents[StoredReport](reports, StoredReport)


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One repository in a list, as it was judged last."""

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
class ReportTotals:
    """An installation in numbers of repositories, and of findings."""

    evaluated: int
    publishing: int
    failing: int
    unknown: int
    findings: int
    waived: int


class ReportOrder(StrEnum):
    """What a list of repositories is sorted by."""

    WORST = "worst"
    NAME = "name"
    OLDEST = "oldest"


@dataclass(frozen=True, slots=True)
class ReportSelection:
    """Which part of a list of repositories is wanted."""

    limit: int
    offset: int = 0
    order_by: ReportOrder = ReportOrder.WORST
    conclusion: Conclusion | None = None
    name: str = ""  # a part of the name, in any case

    @property
    def conditions(self) -> Iterator[ColumnElement[bool]]:
        """What the rows have to be."""
        if self.conclusion is not None:
            yield reports.c.conclusion == self.conclusion
        if self.name:
            yield func.lower(reports.c.name).contains(self.name.lower(), autoescape=True)

    @property
    def order(self) -> tuple[Column[Any], ...]:
        """The columns that the rows are sorted by."""
        first = {ReportOrder.WORST: reports.c.list_order, ReportOrder.OLDEST: reports.c.taken_at}.get(self.order_by)
        return (reports.c.name,) if first is None else (first, reports.c.name)


CONCLUSION_ORDER = (Conclusion.FAILURE, Conclusion.ACTION_REQUIRED, Conclusion.NEUTRAL, Conclusion.SUCCESS)
LIST_COLUMNS = ("name", "conclusion", "title", "taken_at", "publications", "findings", "severity", "waived", "unknown")
COUNTED = ("publications", "findings", "unknown")  # of which it is counted how many repositories have any


def _list_columns(stored_report: StoredReport) -> Mapping[str, object]:
    """Return what lists of repositories show, sort and count by."""
    report = stored_report.report
    severities = [Severity(get_str(each, "severity")) for each in get_objects(report, "findings")]
    worst = max(severities, key=lambda severity: severity.rank, default=None)
    parts = CONCLUSION_ORDER.index(stored_report.conclusion), 8 - (worst.rank if worst else -1)
    return {
        "name": stored_report.repository,
        "conclusion": stored_report.conclusion,
        "title": plain_line(stored_report.title),  # as it is shown: a column cannot hold every character
        "severity": worst,
        "list_order": parts[0] * 10_000_000 + parts[1] * 1_000_000 - min(len(severities), 999_999),
        "findings": len(severities),
        **{name: len(get_objects(report, name)) for name in ("publications", "waived", "unknown")},
    }


def _report_row(row: Row[*tuple[Any, ...]]) -> ReportRow:
    severity = Severity(row.severity) if row.severity else None
    counts = {name: getattr(row, name) or 0 for name in ("publications", "findings", "waived", "unknown")}
    return ReportRow(
        FullName(row.name or ""), Conclusion(row.conclusion), row.title, row.taken_at, worst=severity, **counts
    )


class ReportStore:
    """Every repository's standing, by number; oldest first where they are listed."""

    def __init__(self, records: Database) -> None:
        self._records = records

    def get(self, repository: RepositoryId) -> StoredReport | None:
        """Return a repository's standing; None when there is none. Raises UnreadableRecordError."""
        with self._records.reading() as connection:
            row = connection.execute(select(*REPORTS.columns).where(reports.c.repository == repository)).first()
        return REPORTS.read(self._records, row)

    def latest(self, repository: RepositoryId) -> StoredReport | None:
        """Return a repository's standing as far as it can be read; a check makes one that cannot be read anew."""
        with self._records.reading() as connection:
            rows = connection.execute(select(*REPORTS.columns).where(reports.c.repository == repository)).all()
        return next(REPORTS.readable(self._records, rows), None)

    def put(self, stored_report: StoredReport) -> None:
        """Keep a standing in place of the one before."""
        repository, installation = stored_report.id, stored_report.installation
        values = {"taken_at": stored_report.taken_at, "document": REPORTS.text(stored_report)}
        values |= _list_columns(stored_report)
        name = {"name": stored_report.repository.lower(), "repository": repository}
        with self._records.transaction() as connection:
            ensure_repository(connection, repository, installation)
            upsert(
                connection,
                reports,
                ["repository"],
                {"repository": repository, "installation": installation, **values},
            )
            upsert(connection, repository_names, ["name"], name)

    def all(self, installation: InstallationId) -> Iterator[StoredReport]:
        """Yield the standings of an installation's repositories that can be read, the oldest first."""
        mine = select(*REPORTS.columns).where(reports.c.installation == installation)
        with self._records.reading() as connection:
            rows = connection.execute(mine.order_by(reports.c.taken_at, reports.c.repository)).all()
        yield from REPORTS.readable(self._records, rows)

    def rows(self, installation: InstallationId, selected: ReportSelection) -> tuple[list[ReportRow], int]:
        """Return one part of the list of an installation's repositories, and how many there are in all parts."""
        where = [reports.c.installation == installation, *selected.conditions]
        shown = select(*(reports.c[column] for column in LIST_COLUMNS)).where(*where)
        with self._records.reading() as connection:
            total = connection.scalar(select(func.count()).select_from(reports).where(*where)) or 0
            page = shown.order_by(*selected.order).limit(selected.limit).offset(selected.offset)
            rows = connection.execute(page).all()
        return [_report_row(row) for row in rows], total

    def totals(self, installation: InstallationId) -> ReportTotals:
        """Count over all repositories of an installation."""
        table = reports.c
        counted = [
            func.count(),
            *(func.sum(case((table[each] > 0, 1), else_=0)) for each in COUNTED),
            *map(func.sum, (table.findings, table.waived)),
        ]
        with self._records.reading() as connection:
            row = connection.execute(select(*counted).where(table.installation == installation)).one()
        return ReportTotals(*(int(number or 0) for number in row))

    def find(self, name: str) -> StoredReport | None:
        """Return the standing of a repository by its full name, in any case; also by one that it had before."""
        with self._records.reading() as connection:
            called = select(repository_names.c.repository).where(repository_names.c.name == name.lower())
            number: int | None = connection.scalar(called)
        return None if number is None else self.get(RepositoryId(number))

    def require_known(self, name: str) -> None:
        """Raise WharfingerError where a repository that a person names was never looked at, or has another name now.

        A command that finds nothing of it asks this, so that a slip of the pen does not read as if all were well.
        """
        known = self.find(name)
        if known is None:
            raise WharfingerError(
                f"the App has looked at no repository {name[:200]!a}; see how it is written (OWNER/NAME), and whether the App is "
                "installed there"
            )
        if known.repository.lower() != name.lower():
            raise WharfingerError(f"{name[:200]!a} is called {known.repository} now; ask for that")

    def installations(self) -> list[InstallationId]:
        """Return the installations that have standings."""
        with self._records.reading() as connection:
            numbers = connection.scalars(select(reports.c.installation).distinct().order_by(reports.c.installation))
            return [InstallationId(number) for number in numbers]

    def evaluation_times(self, installation: InstallationId) -> Mapping[RepositoryId, float]:
        """Return when each repository of an installation was last looked at, in seconds since 1970."""
        mine = select(reports.c.repository, reports.c.taken_at).where(reports.c.installation == installation)
        with self._records.reading() as connection:
            rows = connection.execute(mine.order_by(reports.c.taken_at)).all()
        return {RepositoryId(row.repository): row.taken_at.timestamp() for row in rows}

    def forget(self, repository: RepositoryId) -> None:
        """Forget a repository that is gone."""
        with self._records.transaction() as connection:
            connection.execute(delete(reports).where(reports.c.repository == repository))
            connection.execute(delete(repository_names).where(repository_names.c.repository == repository))

    def forget_all(self, installation: InstallationId) -> None:
        """Forget every repository of an installation that is gone."""
        with self._records.transaction():
            for repository in self.evaluation_times(installation):
                self.forget(repository)


@dataclass(frozen=True, slots=True)
class OutcomeChange:
    """What became of each rule at a moment in which that was news."""

    changed_at: datetime
    commit: Sha | None
    outcomes: Mapping[RuleName, Outcome]


CHANGES = Documents[OutcomeChange](outcome_changes, OutcomeChange)
FACTS = Documents[RepositoryStatus](digest_facts, RepositoryStatus)
MAX_CHANGES = 200  # of a repository's outcomes that are shown: the latest


class DigestFactStore:
    """What is told of each repository of an installation, by number."""

    def __init__(self, records: Database, installation: InstallationId) -> None:
        self._records = records
        self._installation = installation
        self._is_mine: ColumnElement[bool] = digest_facts.c.installation == installation

    def put(self, repository: RepositoryId, report: Report) -> None:
        """Take up a report; the days on which its findings were first made are carried on."""
        key = {"installation": self._installation, "repository": repository}
        change = OutcomeChange(report.snapshot.taken_at, report.snapshot.commit, report.outcomes)
        with self._records.transaction() as connection:
            ensure_repository(connection, repository, self._installation)
            earlier = next(self._read(repository), None)
            told = repository_status(report, earlier)
            if earlier is None or earlier.identities != told.identities:
                InventoryStore(self._records, self._installation).put(repository, told.identities)
            upsert(connection, digest_facts, list(key), {**key, "document": FACTS.text(told), "not_evaluated": None})
            before = self.changes(repository, 1)
            if not before or before[0].outcomes != change.outcomes:
                values = {"repository": repository, "changed_at": change.changed_at, "document": CHANGES.text(change)}
                connection.execute(insert(outcome_changes).values(values))

    def set_not_evaluated(self, repository: RepositoryId, reason: str) -> None:
        """Note why a repository could not be judged; what was judged before stays."""
        key = {"installation": self._installation, "repository": repository}
        with self._records.transaction() as connection:
            ensure_repository(connection, repository, self._installation)
            upsert(connection, digest_facts, list(key), {**key, "not_evaluated": reason})

    def not_evaluated_reasons(self) -> Mapping[RepositoryId, str]:
        """Return which repositories could not be judged the last time, and why."""
        table = digest_facts.c
        mine = select(table.repository, table.not_evaluated).where(self._is_mine, table.not_evaluated.is_not(None))
        with self._records.reading() as connection:
            return {RepositoryId(row.repository): row.not_evaluated for row in connection.execute(mine)}

    def get(self, repository: RepositoryId) -> RepositoryStatus | None:
        """Return what is told of a repository; raises UnreadableRecordError."""
        with self._records.reading() as connection:
            mine = select(*FACTS.columns).where(self._is_mine, digest_facts.c.repository == repository)
            row = connection.execute(mine).first()
        return FACTS.read(self._records, row)

    def all(self) -> Mapping[RepositoryId, RepositoryStatus]:
        """Return what is told of every repository, as far as it can be read."""
        with self._records.reading() as connection:
            rows = connection.execute(select(*FACTS.columns).where(self._is_mine)).all()
        return {RepositoryId(row.repository): told for row in rows for told in FACTS.readable(self._records, [row])}

    def identities(self) -> Iterator[tuple[FullName, tuple[DigestIdentity, ...]]]:
        """Yield the publishing identities of every repository."""
        for told in self.all().values():
            yield told.repository, told.identities

    def changes(self, repository: RepositoryId, limit: int = MAX_CHANGES) -> tuple[OutcomeChange, ...]:
        """Return how a repository's outcomes changed, the latest first, as far as it can be read."""
        mine = select(*CHANGES.columns).where(outcome_changes.c.repository == repository)
        latest = mine.order_by(outcome_changes.c.id.desc()).limit(limit)
        with self._records.reading() as connection:
            rows = connection.execute(latest).all()
        return tuple(CHANGES.readable(self._records, rows))

    def forget(self, repository: RepositoryId) -> None:
        """Forget a repository that is no longer evaluated; how its outcomes changed stays, as history does."""
        with self._records.transaction() as connection:
            connection.execute(delete(digest_facts).where(self._is_mine, digest_facts.c.repository == repository))
            InventoryStore(self._records, self._installation).put(repository, ())

    def forget_all(self) -> None:
        """Forget an installation that is gone."""
        mine = select(repositories.c.id).where(repositories.c.installation == self._installation)
        with self._records.transaction() as connection:
            connection.execute(delete(digest_facts).where(self._is_mine))
            InventoryStore(self._records, self._installation).forget()
            connection.execute(delete(outcome_changes).where(outcome_changes.c.repository.in_(mine)))

    def _read(self, repository: RepositoryId) -> Iterator[RepositoryStatus]:
        with self._records.reading() as connection:
            mine = select(*FACTS.columns).where(self._is_mine, digest_facts.c.repository == repository)
            rows = connection.execute(mine).all()
        yield from FACTS.readable(self._records, rows)


STALE_AFTER = timedelta(days=2)  # a repository that no sweep reached for so long does not count as evaluated
NOT_SWEPT_YET = "no sweep has reached it yet"
ARCHIVED = "it is archived"


def reason_not_evaluated(
    repository: InstallationRepository, evaluated_at: datetime | None, last_error: str | None, now: datetime
) -> str | None:
    """Say why a repository does not count as evaluated; None where it does. `refused`: why the last look failed, if it did."""
    if repository.archived:
        return ARCHIVED
    if last_error is not None:
        return last_error
    if evaluated_at is None:
        return NOT_SWEPT_YET
    return None if now - evaluated_at < STALE_AFTER else f"it was not looked at since {evaluated_at.date()}"


FIRST_DIGEST_DELAY = timedelta(days=1)  # that the first digest waits for the first sweep, at most


DIGESTS = Documents[DigestState](digests, DigestState)


class DigestStore:
    """What an installation's last digest said."""

    def __init__(self, records: Database, installation: InstallationId) -> None:
        self._records = records
        self._installation = installation

    def get(self) -> DigestState | None:
        """Return what the last digest said; None before the first. Raises UnreadableRecordError."""
        with self._records.reading() as connection:
            mine = select(*DIGESTS.columns).where(digests.c.installation == self._installation)
            row = connection.execute(mine).first()
        return DIGESTS.read(self._records, row)

    def put(self, previous: DigestState) -> None:
        """Keep what a digest said."""
        self._put(document=DIGESTS.text(previous))

    def first_digest_may_wait(self, facts: DigestFacts, now: datetime) -> bool:
        """Whether the first digest still waits for the first sweep to come round."""
        mine = digests.c.installation == self._installation
        with self._records.transaction() as connection:
            asked: datetime | None = connection.scalar(select(digests.c.first_asked_at).where(mine))
            if asked is None:
                asked = now
                self._put(first_asked_at=now)
        return now - asked < FIRST_DIGEST_DELAY and any(why == NOT_SWEPT_YET for _, why in facts.not_evaluated)

    def forget(self) -> None:
        """Forget an installation that is gone."""
        with self._records.transaction() as connection:
            connection.execute(delete(digests).where(digests.c.installation == self._installation))

    def _put(self, **values: str | datetime) -> None:
        with self._records.transaction() as connection:
            ensure_installation(connection, self._installation)
            upsert(connection, digests, ["installation"], {"installation": self._installation, **values})
