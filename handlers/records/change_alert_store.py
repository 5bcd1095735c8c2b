"""Stores change alerts by commit until they are reported in a check run or an issue."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Table, and_, delete, func, insert, select, update

from bot.evaluation.change_report import ChangeReport
from bot.model.core_types import FullName, InstallationId, RepositoryId, Sha
from bot.rendering.markdown import text_fingerprint
from handlers.config.database import Database, insert_missing, upsert
from handlers.queue.job_specs import ReportChangeAlerts
from handlers.records.schema.record_documents import Documents, ensure_repository
from handlers.records.schema.tables import branches, change_alerts, change_states, tags, unreported_changes

MOST_CHANGES = 50  # of one commit that are kept: each branch and tag that names it is one


@dataclass(frozen=True, slots=True)
class UnreportedAlert:
    """News that an issue has to tell of, and where."""

    report: ChangeReport
    issue_repository: FullName


@dataclass(frozen=True, slots=True)
class BranchState:
    """A branch of which something was heard: it is compared with the same commit until nothing is, so no later push hides it."""

    base: Sha  # what it is compared with; empty for where it left the default branch
    reported: tuple[str, ...] = ()  # findings of which people have been told, by `mark`


REPORTS = Documents[ChangeReport](change_alerts, ChangeReport)
UNREPORTED = Documents[UnreportedAlert](unreported_changes, UnreportedAlert)
BRANCHES = Documents[BranchState](branches, BranchState)


class ChangeAlertStore:
    """What was heard of one repository's changes."""

    def __init__(self, records: Database, installation: InstallationId, repository: RepositoryId) -> None:
        self._records = records
        self.installation = installation
        self._repository = repository
        self._place = {"installation": installation, "repository": repository}

    @property
    def report_job(self) -> ReportChangeAlerts:
        """The work that tells of what is untold; one issue at a time for an installation, as GitHub asks."""
        return ReportChangeAlerts(self.installation, self._repository)

    def put(
        self, ref: str, report: ChangeReport, urgent: UnreportedAlert | None, branch_state: BranchState | None = None
    ) -> bool:
        """Keep what was heard of a change, and return whether it is new; what is urgent is to be told once.

        `branch_state` is how a branch stands from now on.
        """
        key = {**self._place, "commit_id": report.commit, "ref": text_fingerprint(ref)}
        with self._records.transaction() as connection:
            ensure_repository(connection, self._repository, self.installation)
            heard = {row.ref: row for row in self._rows_of_commit(report.commit)}
            before = heard.get(key["ref"])
            if before is not None and _is_same_report(next(REPORTS.readable(self._records, [before]), None), report):
                return False
            if before is None and len(heard) >= MOST_CHANGES:
                return False
            values = {"observed_at": report.observed_at, "document": REPORTS.text(report)}
            upsert(connection, change_alerts, list(key), key | values)
            if urgent is not None:
                news = {**self._place, "batched": False, "document": UNREPORTED.text(urgent)}
                connection.execute(insert(unreported_changes).values(news))
            if branch_state is not None:
                branch = {"repository": self._repository, "ref": ref}
                state = {"heard_at": report.observed_at, "document": BRANCHES.text(branch_state)}
                upsert(connection, branches, list(branch), branch | state)
        return True

    def get_branch(self, ref: str) -> BranchState | None:
        """Return how a branch stands of which something was heard; raises UnreadableRecordError."""
        mine = select(*BRANCHES.columns).where(branches.c.repository == self._repository, branches.c.ref == ref)
        with self._records.reading() as connection:
            row = connection.execute(mine).first()
        return BRANCHES.read(self._records, row)

    def clear_branch(self, ref: str) -> None:
        """Note that nothing is heard of a branch any more."""
        with self._records.transaction() as connection:
            connection.execute(delete(branches).where(branches.c.repository == self._repository, branches.c.ref == ref))

    def of_commit(self, commit: Sha) -> tuple[ChangeReport, ...]:
        """Return what was heard of a commit, the earliest first; raises UnreadableRecordError."""
        found = (REPORTS.read(self._records, row) for row in self._rows_of_commit(commit))
        return tuple(
            sorted((each for each in found if each is not None), key=lambda each: (each.observed_at, each.summary))
        )

    def _rows_of_commit(self, commit: Sha) -> Sequence[Row[*tuple[Any, ...]]]:
        mine = _of_place(change_alerts, self._place), change_alerts.c.commit_id == commit
        with self._records.reading() as connection:
            return connection.execute(select(*REPORTS.columns).where(*mine)).all()

    def take_batch(self) -> tuple[UnreportedAlert, ...]:
        """Take what is untold, as one; until it is `told` the same is given again."""
        mine = _of_place(unreported_changes, self._place)
        with self._records.transaction() as connection:
            if not self._batch():
                connection.execute(update(unreported_changes).where(mine).values(batched=True))
            batch = self._batch().values()
        return tuple(sorted(batch, key=lambda each: (each.report.observed_at, each.report.summary)))

    def mark_reported(self, subject: str) -> bool:
        """Note the issue in which the batch stands; return whether more is untold by now."""
        mine = _of_place(unreported_changes, self._place)
        with self._records.transaction() as connection:
            self._put_state(connection, issue_subject=subject)
            connection.execute(delete(unreported_changes).where(unreported_changes.c.id.in_(self._batch())))
            more = select(func.count()).select_from(unreported_changes).where(mine, ~unreported_changes.c.batched)
            return bool(connection.scalar(more))

    def _batch(self) -> Mapping[int, UnreportedAlert]:
        """Return the batch by row; what cannot be read is no part of it, and stays."""
        mine = _of_place(unreported_changes, self._place), unreported_changes.c.batched
        with self._records.reading() as connection:
            rows = connection.execute(select(*UNREPORTED.columns).where(*mine)).all()
        return {row.id: alert for row in rows for alert in UNREPORTED.readable(self._records, [row])}

    @property
    def issue_subject(self) -> str | None:
        """The subject of the issue that was written to last."""
        with self._records.reading() as connection:
            mine = _of_place(change_states, self._place)
            found: str | None = connection.scalar(select(change_states.c.issue_subject).where(mine))
        return found

    def get_tag(self, name: str) -> Sha | None:
        """Return what a tag named when it was last seen, also if it was deleted since."""
        return self.get_tags(name).get(name)

    def get_tags(self, *names: str) -> Mapping[str, Sha]:
        """Return what tags named when they were last seen: these, or all."""
        wanted = [tags.c.name.in_(names)] if names else []
        mine = select(tags.c.name, tags.c.commit_id).where(tags.c.repository == self._repository, *wanted)
        with self._records.reading() as connection:
            return {row.name: Sha(row.commit_id) for row in connection.execute(mine)}

    @property
    def has_read_all_tags(self) -> bool:
        """Whether all tags were looked at before: else what is not kept is not new."""
        with self._records.reading() as connection:
            mine = _of_place(change_states, self._place)
            return bool(connection.scalar(select(change_states.c.all_tags_read).where(mine)))

    def keep_tags(self, tags_now: Mapping[str, Sha], *, read_all: bool = False) -> None:
        """Keep what tags name now; `looked` says that they are all there are."""
        with self._records.transaction() as connection:
            ensure_repository(connection, self._repository, self.installation)
            for name, commit in tags_now.items():
                key = {"repository": self._repository, "name": name}
                upsert(connection, tags, list(key), {**key, "commit_id": commit})
            if read_all:
                self._put_state(connection, all_tags_read=True)

    def forget(self) -> None:
        """Forget a repository that is gone; what is kept of its commits ends by itself."""
        with self._records.transaction() as connection:
            for table in (unreported_changes, change_states):
                connection.execute(delete(table).where(_of_place(table, self._place)))
            for table in (tags, branches):
                connection.execute(delete(table).where(table.c.repository == self._repository))

    def _put_state(self, connection: Connection, **values: str | bool) -> None:
        ensure_repository(connection, self._repository, self.installation)
        insert_missing(connection, change_states, **self._place, all_tags_read=False)
        connection.execute(update(change_states).where(_of_place(change_states, self._place)).values(**values))


def _of_place(table: Table, place: Mapping[str, int]) -> ColumnElement[bool]:
    return and_(*(table.c[name] == value for name, value in place.items()))


def reports_fingerprint(reports: tuple[ChangeReport, ...]) -> str:
    """Name what was heard of a commit, for the state that its check run judged; nothing where nothing was."""
    facts = [(each.summary, each.alerts) for each in reports if each.alerts]
    return f"-{text_fingerprint(repr(facts))}" if facts else ""


def _is_same_report(before: ChangeReport | None, report: ChangeReport) -> bool:
    """Whether the same was heard before, whenever that was."""
    return before is not None and (before.summary, before.alerts) == (report.summary, report.alerts)
