"""Stores pending deployments, gate decisions and the files that were last approved.

If this data is lost, the periodic job reads pending deployments from GitHub again.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from redis import Redis

from bot.evaluation.gate_decision import GateVerdict
from bot.model.core_types import FullName, InstallationId, RepositoryId
from handlers.config.redis_values import from_json_value, to_json_value
from handlers.queue.job_specs import DecideGate

WAITING_KEY, WAIT_STATES_KEY = "wharfinger:gates:waiting", "wharfinger:gates:notes"
DECISIONS_KEY, DECISION_ORDER_KEY = "wharfinger:gates:history", "wharfinger:gates:order"
MAX_DECISIONS = 10_000  # decisions that are kept
MIN_RETRY, MAX_RETRY = 60, 30 * 60  # seconds until one that stays pending is looked at again, doubled each time
READ_BATCH = 200  # gates or decisions that are read with one command
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


class GateStore:
    """The notes on those that wait, and the history of decisions."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def add(self, gate: WaitingDeployment, now: float) -> None:
        """Note that one waits; a note that is there stays."""
        with self._redis.pipeline() as pipe:
            pipe.zadd(WAITING_KEY, {_deployment_json(gate): now + MIN_RETRY}, nx=True)
            pipe.hsetnx(WAIT_STATES_KEY, _deployment_json(gate), json.dumps(to_json_value(WaitState(now))))
            pipe.execute()

    def get_state(self, gate: WaitingDeployment, now: float) -> WaitState:
        """Return what is noted of one."""
        return _parse_state(self._redis.hget(WAIT_STATES_KEY, _deployment_json(gate)), now)

    def put_state(self, gate: WaitingDeployment, state: WaitState) -> None:
        """Note what was said."""
        self._redis.hset(WAIT_STATES_KEY, _deployment_json(gate), json.dumps(to_json_value(state)))

    def postpone(self, gate: WaitingDeployment, now: float) -> None:
        """Look at one again later, and each time a little later still."""
        note = self.get_state(gate, now)
        self.put_state(gate, replace(note, attempts=note.attempts + 1))
        self._redis.zadd(
            WAITING_KEY, {_deployment_json(gate): now + min(MAX_RETRY, MIN_RETRY * 2 ** min(note.attempts, 10))}
        )

    def remove(self, gate: WaitingDeployment) -> None:
        """Forget one that waits no more."""
        with self._redis.pipeline() as pipe:
            pipe.zrem(WAITING_KEY, _deployment_json(gate))
            pipe.hdel(WAIT_STATES_KEY, _deployment_json(gate))
            pipe.execute()

    def due(self, now: float) -> Iterator[WaitingDeployment]:
        """Yield those that it is time to look at again; what waits for longer than GitHub lets it is forgotten."""
        texts: list[Any] = self._redis.zrangebyscore(WAITING_KEY, "-inf", now)
        for gate, note in self._with_state(texts, now):
            if now - note.since > ABANDONED_AFTER:
                self.remove(gate)
            else:
                yield gate

    def waiting(self) -> Iterator[tuple[WaitingDeployment, WaitState]]:
        """Yield all that wait, and what is noted of each."""
        texts: list[Any] = self._redis.zrange(WAITING_KEY, 0, -1)
        yield from self._with_state(texts, 0)

    def wait_for_check(self, gate: WaitingDeployment, commit: str, now: float) -> None:
        """Note that one waits for the check run of a commit."""
        self.put_state(gate, replace(self.get_state(gate, now), commit=commit))

    def waiting_for_check(self, repository: RepositoryId, commit: str) -> Iterator[WaitingDeployment]:
        """Yield those that wait for the check run of a commit."""
        for gate, note in self.waiting():
            if (gate.repository, note.commit) == (repository, commit):
                yield gate

    def waiting_for_run(self, repository: RepositoryId, run: int) -> Iterator[WaitingDeployment]:
        """Yield those of a run."""
        for gate, _ in self.waiting():
            if (gate.repository, gate.run) == (repository, run):
                yield gate

    def _with_state(self, texts: list[bytes], now: float) -> Iterator[tuple[WaitingDeployment, WaitState]]:
        """Read what waits, and what is noted of it; what another version wrote is dropped, for GitHub knows what waits."""
        for text, kept in self._values(WAIT_STATES_KEY, texts):
            try:
                gate: WaitingDeployment = from_json_value(WaitingDeployment, json.loads(text))
            except (ValueError, KeyError, TypeError, AttributeError):
                self._redis.zrem(WAITING_KEY, text)
                self._redis.hdel(WAIT_STATES_KEY, text)
            else:
                yield gate, _parse_state(kept, now)

    def _values(self, name: str, keys: list[bytes]) -> Iterator[tuple[bytes, bytes | None]]:
        """Yield what a hash holds under each key, read by the hundred."""
        for start in range(0, len(keys), READ_BATCH):
            some = keys[start : start + READ_BATCH]
            values: list[Any] = self._redis.hmget(name, some)
            yield from zip(some, values, strict=True)

    def begin_decision(self, key: str, decision: StoredGateDecision) -> None:
        """Write down what is going to be said, before it is said."""
        with self._redis.pipeline() as pipe:
            pipe.hset(DECISIONS_KEY, key, json.dumps(to_json_value(decision)))
            pipe.zadd(DECISION_ORDER_KEY, {key: decision.at.timestamp()})
            pipe.execute()
        old: list[Any] = self._redis.zrange(DECISION_ORDER_KEY, 0, -MAX_DECISIONS - 1)
        if old:
            self._redis.hdel(DECISIONS_KEY, *old)
            self._redis.zrem(DECISION_ORDER_KEY, *old)

    def discard_decision(self, key: str) -> None:
        """Take away a decision that was begun and that GitHub did not take."""
        with self._redis.pipeline() as pipe:
            pipe.hdel(DECISIONS_KEY, key)
            pipe.zrem(DECISION_ORDER_KEY, key)
            pipe.execute()

    def discard_unconfirmed_decision(self, key: str) -> None:
        """Take away a decision that was begun, unless GitHub took it."""
        decided = self.get_decision(key)
        if decided is not None and not decided.confirmed:
            self.discard_decision(key)

    def confirm_decision(self, key: str) -> StoredGateDecision | None:
        """Note that GitHub took what was begun; None where nothing was."""
        decided = self.get_decision(key)
        if decided is not None and not decided.confirmed:
            self._redis.hset(DECISIONS_KEY, key, json.dumps(to_json_value(replace(decided, confirmed=True))))
        return decided

    def get_decision(self, key: str) -> StoredGateDecision | None:
        """Return a decision; None where none was begun, or another version wrote it."""
        return _parse_decision(self._redis.hget(DECISIONS_KEY, key))

    def decisions(self) -> Iterator[StoredGateDecision]:
        """Yield the decisions, the newest first."""
        for _, decided in self.decisions_by_key():
            yield decided

    def decisions_by_key(self) -> Iterator[tuple[str, StoredGateDecision]]:
        """Yield the decisions, the newest first, each with the key that it is kept under."""
        keys: list[Any] = self._redis.zrevrange(DECISION_ORDER_KEY, 0, -1)
        for key, text in self._values(DECISIONS_KEY, keys):
            if found := _parse_decision(text):
                yield key.decode(), found

    def last_approved_files(self, gate: WaitingDeployment, workflow: str) -> Mapping[str, Mapping[str, str]]:
        """Return what a workflow consisted of when it was last let through here: its files, and what it called."""
        kept = self._redis.get(_approved_files_key(gate, workflow))
        return json.loads(kept) if isinstance(kept, bytes) else {}

    def put_last_approved_files(
        self, gate: WaitingDeployment, workflow: str, files: Mapping[str, str], called_workflows: Mapping[str, str]
    ) -> None:
        """Keep what a workflow consists of that is let through."""
        self._redis.set(
            _approved_files_key(gate, workflow), json.dumps({"files": dict(files), "called": dict(called_workflows)})
        )


def _deployment_json(gate: WaitingDeployment) -> str:
    return json.dumps(to_json_value(gate), sort_keys=True)


def _approved_files_key(gate: WaitingDeployment, workflow: str) -> str:
    digest = hashlib.sha256(f"{gate.environment.casefold()}\0{workflow}".encode()).hexdigest()[:32]
    return f"wharfinger:gates:through:{gate.repository}:{digest}"


def _parse_state(stored: object, now: float) -> WaitState:
    """Read a note; one that begins now where there is none, or another version wrote it."""
    try:
        return from_json_value(WaitState, json.loads(stored)) if isinstance(stored, bytes) else WaitState(now)
    except (ValueError, KeyError, TypeError, AttributeError):
        return WaitState(now)


def _parse_decision(stored: object) -> StoredGateDecision | None:
    try:
        return from_json_value(StoredGateDecision, json.loads(stored)) if isinstance(stored, bytes) else None
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
