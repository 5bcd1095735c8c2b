"""What is remembered of gates, in Redis: which wait, what was decided, and what was last let through.

GitHub knows what waits too: were all of this lost, the sweep would find it again.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from redis import Redis

from bot.evaluation.gate_decision import Verdict
from bot.model.core_types import FullName, InstallationId, RepositoryId
from handlers.config.redis_values import frozen, thawed
from handlers.queue.job_specs import Work, gate_work

WAITING, NOTES = "wharfinger:gates:waiting", "wharfinger:gates:notes"
HISTORY, ORDER = "wharfinger:gates:history", "wharfinger:gates:order"
MOST_HISTORY = 10_000  # decisions that are kept
SOONEST, LATEST = 60, 30 * 60  # seconds until one that stays pending is looked at again, doubled each time
AT_ONCE = 200  # gates or decisions that are read with one command
GIVEN_UP = 31 * 24 * 3600  # seconds: GitHub fails a job that waited 30 days


@dataclass(frozen=True, slots=True)
class Gate:
    """One deployment that waits for us. `deployment` is 0 where it was found by a sweep, which GitHub does not tell it."""

    installation: InstallationId
    repository: RepositoryId
    name: FullName
    run: int
    environment: str
    deployment: int = 0

    @property
    def work(self) -> Work:
        """The work that decides it."""
        return gate_work(self.installation, self.repository, self.name, self.run, self.environment, self.deployment)


@dataclass(frozen=True, slots=True)
class Note:
    """What is remembered of one that waits."""

    since: float  # seconds since 1970
    looks: int = 0  # that did not decide it
    told: str = ""  # what the last status report said
    reports: int = 0  # so far; GitHub takes ten
    why: tuple[str, ...] = ()  # what it waits for, each a line of plain text
    commit: str = ""  # whose check run it waits for, if it does


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision; `confirmed`: GitHub took it, or it was begun and nobody knows."""

    at: datetime
    repository: FullName
    environment: str
    run: int
    attempt: int
    ref: str
    commit: str
    actor: str
    verdict: Verdict
    reasons: tuple[str, ...] = ()
    observed: tuple[str, ...] = ()  # what would have stopped it, were it enforced
    waivers: tuple[str, ...] = ()
    confirmed: bool = False


class GateBook:
    """The notes on those that wait, and the history of decisions."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def arrived(self, gate: Gate, now: float) -> None:
        """Note that one waits; a note that is there stays."""
        with self._redis.pipeline() as pipe:
            pipe.zadd(WAITING, {_text(gate): now + SOONEST}, nx=True)
            pipe.hsetnx(NOTES, _text(gate), json.dumps(frozen(Note(now))))
            pipe.execute()

    def note(self, gate: Gate, now: float) -> Note:
        """Return what is noted of one."""
        return _note(self._redis.hget(NOTES, _text(gate)), now)

    def told(self, gate: Gate, note: Note) -> None:
        """Note what was said."""
        self._redis.hset(NOTES, _text(gate), json.dumps(frozen(note)))

    def postpone(self, gate: Gate, now: float) -> None:
        """Look at one again later, and each time a little later still."""
        note = self.note(gate, now)
        self.told(gate, replace(note, looks=note.looks + 1))
        self._redis.zadd(WAITING, {_text(gate): now + min(LATEST, SOONEST * 2 ** min(note.looks, 10))})

    def settled(self, gate: Gate) -> None:
        """Forget one that waits no more."""
        with self._redis.pipeline() as pipe:
            pipe.zrem(WAITING, _text(gate))
            pipe.hdel(NOTES, _text(gate))
            pipe.execute()

    def due(self, now: float) -> Iterator[Gate]:
        """Yield those that it is time to look at again; what waits for longer than GitHub lets it is forgotten."""
        texts: list[Any] = self._redis.zrangebyscore(WAITING, "-inf", now)
        for gate, note in self._noted(texts, now):
            if now - note.since > GIVEN_UP:
                self.settled(gate)
            else:
                yield gate

    def waiting(self) -> Iterator[tuple[Gate, Note]]:
        """Yield all that wait, and what is noted of each."""
        texts: list[Any] = self._redis.zrange(WAITING, 0, -1)
        yield from self._noted(texts, 0)

    def waits_for_check(self, gate: Gate, commit: str, now: float) -> None:
        """Note that one waits for the check run of a commit."""
        self.told(gate, replace(self.note(gate, now), commit=commit))

    def waiting_for(self, repository: RepositoryId, commit: str) -> Iterator[Gate]:
        """Yield those that wait for the check run of a commit."""
        for gate, note in self.waiting():
            if (gate.repository, note.commit) == (repository, commit):
                yield gate

    def waiting_of(self, repository: RepositoryId, run: int) -> Iterator[Gate]:
        """Yield those of a run."""
        for gate, _ in self.waiting():
            if (gate.repository, gate.run) == (repository, run):
                yield gate

    def _noted(self, texts: list[bytes], now: float) -> Iterator[tuple[Gate, Note]]:
        """Read what waits, and what is noted of it; what another version wrote is dropped, for GitHub knows what waits."""
        for text, kept in self._values(NOTES, texts):
            try:
                gate: Gate = thawed(Gate, json.loads(text))
            except (ValueError, KeyError, TypeError, AttributeError):
                self._redis.zrem(WAITING, text)
                self._redis.hdel(NOTES, text)
            else:
                yield gate, _note(kept, now)

    def _values(self, name: str, keys: list[bytes]) -> Iterator[tuple[bytes, bytes | None]]:
        """Yield what a hash holds under each key, read by the hundred."""
        for start in range(0, len(keys), AT_ONCE):
            some = keys[start : start + AT_ONCE]
            values: list[Any] = self._redis.hmget(name, some)
            yield from zip(some, values, strict=True)

    def begin(self, key: str, decided: Decided) -> None:
        """Write down what is going to be said, before it is said."""
        with self._redis.pipeline() as pipe:
            pipe.hset(HISTORY, key, json.dumps(frozen(decided)))
            pipe.zadd(ORDER, {key: decided.at.timestamp()})
            pipe.execute()
        old: list[Any] = self._redis.zrange(ORDER, 0, -MOST_HISTORY - 1)
        if old:
            self._redis.hdel(HISTORY, *old)
            self._redis.zrem(ORDER, *old)

    def forget(self, key: str) -> None:
        """Take away a decision that was begun and that GitHub did not take."""
        with self._redis.pipeline() as pipe:
            pipe.hdel(HISTORY, key)
            pipe.zrem(ORDER, key)
            pipe.execute()

    def forget_begun(self, key: str) -> None:
        """Take away a decision that was begun, unless GitHub took it."""
        decided = self.decided(key)
        if decided is not None and not decided.confirmed:
            self.forget(key)

    def confirm(self, key: str) -> Decided | None:
        """Note that GitHub took what was begun; None where nothing was."""
        decided = self.decided(key)
        if decided is not None and not decided.confirmed:
            self._redis.hset(HISTORY, key, json.dumps(frozen(replace(decided, confirmed=True))))
        return decided

    def decided(self, key: str) -> Decided | None:
        """Return a decision; None where none was begun, or another version wrote it."""
        return _decided(self._redis.hget(HISTORY, key))

    def history(self) -> Iterator[Decided]:
        """Yield the decisions, the newest first."""
        for _, decided in self.keyed():
            yield decided

    def keyed(self) -> Iterator[tuple[str, Decided]]:
        """Yield the decisions, the newest first, each with the key that it is kept under."""
        keys: list[Any] = self._redis.zrevrange(ORDER, 0, -1)
        for key, text in self._values(HISTORY, keys):
            if found := _decided(text):
                yield key.decode(), found

    def let_through(self, gate: Gate, workflow: str) -> Mapping[str, Mapping[str, str]]:
        """Return what a workflow consisted of when it was last let through here: its files, and what it called."""
        kept = self._redis.get(_through(gate, workflow))
        return json.loads(kept) if isinstance(kept, bytes) else {}

    def keep_through(self, gate: Gate, workflow: str, files: Mapping[str, str], called: Mapping[str, str]) -> None:
        """Keep what a workflow consists of that is let through."""
        self._redis.set(_through(gate, workflow), json.dumps({"files": dict(files), "called": dict(called)}))


def _text(gate: Gate) -> str:
    return json.dumps(frozen(gate), sort_keys=True)


def _through(gate: Gate, workflow: str) -> str:
    digest = hashlib.sha256(f"{gate.environment.casefold()}\0{workflow}".encode()).hexdigest()[:32]
    return f"wharfinger:gates:through:{gate.repository}:{digest}"


def _note(kept: object, now: float) -> Note:
    """Read a note; one that begins now where there is none, or another version wrote it."""
    try:
        return thawed(Note, json.loads(kept)) if isinstance(kept, bytes) else Note(now)
    except (ValueError, KeyError, TypeError, AttributeError):
        return Note(now)


def _decided(kept: object) -> Decided | None:
    try:
        return thawed(Decided, json.loads(kept)) if isinstance(kept, bytes) else None
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
