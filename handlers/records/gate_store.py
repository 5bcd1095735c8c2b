"""Stores pending deployments, gate decisions and the files that were last approved.

If this data is lost, the periodic job reads pending deployments from GitHub again.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Row, and_, delete, func, select, update

from bot.evaluation.gate_decision import GateVerdict
from bot.model.core_types import FullName, InstallationId, RepositoryId
from handlers.config.database import Database, insert_missing, upsert
from handlers.queue.job_specs import DecideGate
from handlers.records.schema.record_documents import Documents, ensure_repository
from handlers.records.schema.tables import approved_files, freezes, gate_decisions, repositories, waiting_deployments

MIN_RETRY, MAX_RETRY = 60, 30 * 60  # seconds until one that stays pending is looked at again, doubled each time
READ_BATCH = 200  # decisions that are read with one query
ABANDONED_AFTER = 31 * 24 * 3600  # seconds: GitHub fails a job that waited 30 days


@dataclass(frozen=True, slots=True)
class WaitingDeployment:
    """One deployment that waits for us. `deployment` is 0 where it was found by a sweep, which GitHub does not tell it."""

    installation: InstallationId
    repository: RepositoryId
    name: FullName
    run: int
    environment: str
    deployment: int = 0

    @property
    def job(self) -> DecideGate:
        """The work that decides it."""
        return DecideGate(self.installation, self.repository, self.name, self.run, self.environment, self.deployment)


@dataclass(frozen=True, slots=True)
class WaitState:
    """What is remembered of one that waits."""

    since: float  # seconds since 1970
    attempts: int = 0  # that did not decide it
    last_report: str = ""  # what the last status report said
    report_count: int = 0  # so far; GitHub takes ten
    reasons: tuple[str, ...] = ()  # what it waits for, each a line of plain text
    commit: str = ""  # whose check run it waits for, if it does


@dataclass(frozen=True, slots=True)
class StoredGateDecision:
    """One decision; `confirmed`: GitHub took it, or it was begun and nobody knows."""

    at: datetime
    repository: FullName
    environment: str
    run: int
    attempt: int
    ref: str
    commit: str
    actor: str
    verdict: GateVerdict
    reasons: tuple[str, ...] = ()
    observed: tuple[str, ...] = ()  # what would have stopped it, were it enforced
    waivers: tuple[str, ...] = ()
    confirmed: bool = False


WAIT_STATES = Documents[WaitState](waiting_deployments, WaitState)
DECISIONS = Documents[StoredGateDecision](gate_decisions, StoredGateDecision)
APPROVED_FILES = Documents[Mapping[str, Mapping[str, str]]](approved_files, Mapping[str, Mapping[str, str]])


class GateStore:
    """The notes on those that wait, and the history of decisions."""

    def __init__(self, records: Database) -> None:
        self._records = records

    def add(self, gate: WaitingDeployment, now: float) -> None:
        """Note that one waits; a note that is there stays."""
        state = WAIT_STATES.text(WaitState(now))
        with self._records.transaction() as connection:
            ensure_repository(connection, gate.repository, gate.installation)
            values = {**_key(gate), "installation": gate.installation, "name": gate.name}
            insert_missing(connection, waiting_deployments, **values, due_at=now + MIN_RETRY, document=state)

    def get_state(self, gate: WaitingDeployment, now: float) -> WaitState:
        """Return what is noted of one; a note that begins now where there is none. Raises UnreadableRecordError."""
        with self._records.reading() as connection:
            row = connection.execute(select(*WAIT_STATES.columns).where(_is_gate(gate))).first()
        return WAIT_STATES.read(self._records, row) or WaitState(now)

    def put_state(self, gate: WaitingDeployment, state: WaitState) -> None:
        """Note what was said."""
        changed = update(waiting_deployments).where(_is_gate(gate)).values(document=WAIT_STATES.text(state))
        with self._records.transaction() as connection:
            connection.execute(changed)

    def postpone(self, gate: WaitingDeployment, now: float) -> None:
        """Look at one again later, and each time a little later still."""
        with self._records.transaction() as connection:
            note = self.get_state(gate, now)
            self.put_state(gate, replace(note, attempts=note.attempts + 1))
            due = now + min(MAX_RETRY, MIN_RETRY * 2 ** min(note.attempts, 10))
            connection.execute(update(waiting_deployments).where(_is_gate(gate)).values(due_at=due))

    def remove(self, gate: WaitingDeployment) -> None:
        """Forget one that waits no more."""
        with self._records.transaction() as connection:
            connection.execute(delete(waiting_deployments).where(_is_gate(gate)))

    def due(self, now: float) -> Iterator[WaitingDeployment]:
        """Yield those that it is time to look at again; what waits for longer than GitHub lets it is forgotten."""
        for gate, note in self._with_state(waiting_deployments.c.due_at <= now):
            if now - note.since > ABANDONED_AFTER:
                self.remove(gate)
            else:
                yield gate

    def waiting(self) -> Iterator[tuple[WaitingDeployment, WaitState]]:
        """Yield all that wait, and what is noted of each."""
        yield from self._with_state()

    def wait_for_check(self, gate: WaitingDeployment, commit: str, now: float) -> None:
        """Note that one waits for the check run of a commit."""
        with self._records.transaction():
            self.put_state(gate, replace(self.get_state(gate, now), commit=commit))

    def waiting_for_check(self, repository: RepositoryId, commit: str) -> Iterator[WaitingDeployment]:
        """Yield those that wait for the check run of a commit."""
        for gate, note in self._with_state(waiting_deployments.c.repository == repository):
            if note.commit == commit:
                yield gate

    def waiting_in(self, repository: RepositoryId) -> Iterator[WaitingDeployment]:
        """Yield those of a repository."""
        for gate, _ in self._with_state(waiting_deployments.c.repository == repository):
            yield gate

    def waiting_for_run(self, repository: RepositoryId, run: int) -> Iterator[WaitingDeployment]:
        """Yield those of a run."""
        mine = and_(waiting_deployments.c.repository == repository, waiting_deployments.c.run == run)
        for gate, _ in self._with_state(mine):
            yield gate

    def _with_state(self, *where: ColumnElement[bool]) -> Iterator[tuple[WaitingDeployment, WaitState]]:
        """Read what waits, and what is noted of it: of a note that cannot be read the deployment is still looked at."""
        with self._records.reading() as connection:
            rows = connection.execute(
                select(waiting_deployments).where(*where).order_by(waiting_deployments.c.due_at)
            ).all()
        for row in rows:
            note = next(WAIT_STATES.readable(self._records, [row]), WaitState(row.due_at))
            yield _gate(row), note

    def begin_decision(self, key: str, repository: RepositoryId, decision: StoredGateDecision) -> None:
        """Write down what is going to be said, before it is said."""
        values = {"key": key, "repository": repository, "decided_at": decision.at, "document": DECISIONS.text(decision)}
        owner = select(repositories.c.installation).where(repositories.c.id == repository)
        with self._records.transaction() as connection:
            ensure_repository(connection, repository)
            values["installation"] = connection.scalar(owner)
            upsert(connection, gate_decisions, ["key"], values)

    def discard_decision(self, key: str) -> None:
        """Take away a decision that was begun and that GitHub did not take."""
        with self._records.transaction() as connection:
            connection.execute(delete(gate_decisions).where(gate_decisions.c.key == key))

    def discard_unconfirmed_decision(self, key: str) -> None:
        """Take away a decision that was begun, unless GitHub took it."""
        with self._records.transaction():
            decided = self.get_decision(key)
            if decided is not None and not decided.confirmed:
                self.discard_decision(key)

    def confirm_decision(self, key: str) -> StoredGateDecision | None:
        """Note that GitHub took what was begun; None where nothing was."""
        with self._records.transaction() as connection:
            decided = self.get_decision(key)
            if decided is not None and not decided.confirmed:
                text = DECISIONS.text(replace(decided, confirmed=True))
                connection.execute(update(gate_decisions).where(gate_decisions.c.key == key).values(document=text))
        return decided

    def get_decision(self, key: str) -> StoredGateDecision | None:
        """Return a decision; None where none was begun. Raises UnreadableRecordError."""
        with self._records.reading() as connection:
            row = connection.execute(select(*DECISIONS.columns).where(gate_decisions.c.key == key)).first()
        return DECISIONS.read(self._records, row)

    def decisions(self) -> Iterator[StoredGateDecision]:
        """Yield the decisions, the newest first."""
        for _, decided in self.decisions_by_key():
            yield decided

    def decisions_by_key(self) -> Iterator[tuple[str, StoredGateDecision]]:
        """Yield the decisions, the newest first, each with the key that it is kept under."""
        newest = select(*DECISIONS.columns).order_by(gate_decisions.c.decided_at.desc(), gate_decisions.c.key)
        start = 0
        while True:
            with self._records.reading() as connection:
                rows = connection.execute(newest.limit(READ_BATCH).offset(start)).all()
            for row in rows:
                for decided in DECISIONS.readable(self._records, [row]):
                    yield row.key, decided
            if len(rows) < READ_BATCH:
                return
            start += READ_BATCH

    def latest_decisions(
        self,
        of: InstallationId | RepositoryId,
        column: Literal["installation", "repository"],
        limit: int,
        offset: int = 0,
    ) -> list[tuple[str, StoredGateDecision]]:
        """Return one part of the decisions of an installation or a repository, the newest first, each with its key."""
        newest = select(*DECISIONS.columns).where(gate_decisions.c[column] == of)
        order = gate_decisions.c.decided_at.desc(), gate_decisions.c.key
        with self._records.reading() as connection:
            rows = connection.execute(newest.order_by(*order).limit(limit).offset(offset)).all()
        return [(row.key, decided) for row in rows for decided in DECISIONS.readable(self._records, [row])]

    def count_decisions(self, installation: InstallationId) -> int:
        """Count the decisions of an installation."""
        with self._records.reading() as connection:
            return connection.scalar(select(func.count()).where(gate_decisions.c.installation == installation)) or 0

    def waiting_of(self, installation: InstallationId) -> Iterator[tuple[WaitingDeployment, WaitState]]:
        """Yield what waits in an installation, and what is noted of each."""
        yield from self._with_state(waiting_deployments.c.installation == installation)

    def count_waiting(self, installation: InstallationId) -> int:
        """Count what waits in an installation."""
        with self._records.reading() as connection:
            return (
                connection.scalar(select(func.count()).where(waiting_deployments.c.installation == installation)) or 0
            )

    def last_approved_files(self, gate: WaitingDeployment, workflow: str) -> Mapping[str, Mapping[str, str]]:
        """Return what a workflow consisted of when it was last let through here: its files, and what it called.

        Raises UnreadableRecordError.
        """
        with self._records.reading() as connection:
            row = connection.execute(
                select(*APPROVED_FILES.columns).where(
                    approved_files.c.repository == gate.repository,
                    approved_files.c.environment == gate.environment.casefold(),
                    approved_files.c.workflow == workflow,
                )
            ).first()
        return APPROVED_FILES.read(self._records, row) or {}

    def put_last_approved_files(
        self, gate: WaitingDeployment, workflow: str, files: Mapping[str, str], called_workflows: Mapping[str, str]
    ) -> None:
        """Keep what a workflow consists of that is let through."""
        key = {"repository": gate.repository, "environment": gate.environment.casefold(), "workflow": workflow}
        text = APPROVED_FILES.text({"files": dict(files), "called": dict(called_workflows)})
        with self._records.transaction() as connection:
            ensure_repository(connection, gate.repository, gate.installation)
            upsert(connection, approved_files, list(key), {**key, "document": text})


class FreezeStore:
    """The organizations and packages whose gates let nothing go until somebody on the host says so."""

    def __init__(self, records: Database) -> None:
        self._records = records

    def freeze(self, subject: str, by: str, now: datetime) -> None:
        """Freeze an organization, or a package by its registry's id, a slash and its name; the first word stays."""
        with self._records.transaction() as connection:
            insert_missing(connection, freezes, subject=subject.lower(), frozen_at=now, frozen_by=by)

    def unfreeze(self, subject: str) -> bool:
        """Let gates decide again; return whether it was frozen."""
        with self._records.transaction() as connection:
            gone = connection.execute(delete(freezes).where(freezes.c.subject == subject.lower()))
        return gone.rowcount > 0

    def reasons(self, subjects: Iterable[str]) -> tuple[str, ...]:
        """Return a sentence for each of these that is frozen."""
        known = [each.lower() for each in subjects]
        with self._records.reading() as connection:
            rows = connection.execute(
                select(freezes).where(freezes.c.subject.in_(known)).order_by(freezes.c.subject)
            ).all()
        return tuple(
            f"{row.subject} is frozen since {row.frozen_at:%Y-%m-%d %H:%M} UTC by {row.frozen_by}: nothing is released until "
            f"`wharfinger unfreeze {row.subject}` on the host."
            for row in rows
        )


def _key(gate: WaitingDeployment) -> dict[str, int | str]:
    return {
        "repository": gate.repository,
        "run": gate.run,
        "environment": gate.environment,
        "deployment": gate.deployment,
    }


def _is_gate(gate: WaitingDeployment) -> ColumnElement[bool]:
    return and_(*(waiting_deployments.c[name] == value for name, value in _key(gate).items()))


def _gate(row: Row[*tuple[Any, ...]]) -> WaitingDeployment:
    return WaitingDeployment(
        InstallationId(row.installation),
        RepositoryId(row.repository),
        FullName(row.name),
        row.run,
        row.environment,
        row.deployment,
    )
