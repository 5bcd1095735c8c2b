"""The gate: a job of a release waits, and leaves only when the policy's conditions hold. It never approves by default.

Each decision begins by reading how things are; a fault, a missing permission or a policy that is not valid leaves the deployment
waiting, says so once, and is tried again: by the worker, and by a sweep that also asks GitHub what it knows to be waiting.
"""

import hashlib
import logging
from dataclasses import replace
from datetime import datetime
from itertools import chain

from redis import Redis

from bot.evaluation.gate_decision import Decision, Verdict, decide
from bot.github.client import Line
from bot.github.commit_query import Revision
from bot.github.deployments import Review, RunState, Waits, asks_us, read_run, review, waiting_runs, waits
from bot.github.github_app import list_installations, list_repositories
from bot.github.github_errors import (
    ForbiddenError,
    InstallationError,
    MissingError,
    RefusedError,
    UnansweredError,
)
from bot.github.repositories import RepositoryReader
from bot.model.core_types import FullName, InstallationId, RepositoryId
from bot.model.errors import LaterError, fault_of
from bot.model.findings import Seen, Unseen
from bot.rendering.gate_comment import broken, cannot, comment, reasons, why
from bot.rendering.markdown import plain
from handlers.config.context import Context
from handlers.jobs.policies import policy_of
from handlers.jobs.releases.deployment_facts import Facts, GateFacts
from handlers.queue.enqueue import enqueue
from handlers.queue.job_specs import Priority, Work
from handlers.records.gate_store import Decided, Gate, GateBook

log = logging.getLogger("wharfinger.jobs")

MOST_REPORTS = 8  # status reports on one deployment: GitHub takes ten
CHANGED = 5.0  # seconds until a run that changed while it was judged is judged anew
LOOKED = "wharfinger:gates:looked"  # a mark that goes with Redis' memory: without it, GitHub is asked what waits
LOOK_EVERY = 6 * 3600  # seconds
ASK_EVERY = 4  # looks, until a check run that is still not there is asked for again
AT_ONCE = 500  # pieces of work given to the queue at a time


def decide_gate(  # noqa: PLR0913, PLR0917 - as its Work names them
    context: Context, installation: int, repository: int, name: str, run: int, environment: str, deployment: int
) -> None:
    """Decide one waiting deployment, if it can be decided by now."""
    gate = Gate(InstallationId(installation), RepositoryId(repository), FullName(name), run, environment, deployment)
    _Gate(context, gate).do()


def review_gates(context: Context, installation: int, repository: int, name: str, run: int) -> None:
    """Look again at all that waits of a run: somebody approved, or the run changed."""
    del installation, name
    enqueue(context.redis, [gate.work for gate in GateBook(context.redis).waiting_of(RepositoryId(repository), run)])


def sweep_gates(context: Context) -> None:
    """Look again at what has waited long enough; and ask GitHub what waits, now and then and when Redis forgot all."""
    works = [gate.work for gate in GateBook(context.redis).due(context.clock().timestamp())]
    for start in range(0, len(works), AT_ONCE):
        enqueue(context.redis, works[start : start + AT_ONCE])
    if _looked(context.redis):
        return
    found = [
        Work("find_gates", Priority.SWEEP, f"gates-{each.id}", (each.id,))
        for each in list_installations(context.telephone.app(context.delivery))
        if not each.suspended and context.settings.allows(each.id, each.account)
    ]
    enqueue(context.redis, found)
    context.redis.set(LOOKED, "1", ex=LOOK_EVERY)


def find_gates(context: Context, installation: int) -> None:
    """Ask for each repository of an installation to be looked through."""
    number = InstallationId(installation)
    try:
        listed = list(list_repositories(context.telephone.installation(number, context.delivery)))
    except InstallationError as error:
        log.info("no gates to find: %s", error)
        return
    works = [
        Work("find_gates_of", Priority.SWEEP, f"gates-of-{each.id}", (number, each.id, each.name))
        for each in listed
        if not each.archived
    ]
    for start in range(0, len(works), AT_ONCE):
        enqueue(context.redis, works[start : start + AT_ONCE])


def find_gates_of(context: Context, installation: int, repository: int, name: str) -> None:
    """Ask GitHub which deployments of a repository wait for us, whatever we were told; waits itself when calls are short."""
    line = context.telephone.installation(InstallationId(installation), context.delivery)
    line.keep_spare()
    ours: dict[str, bool] = {}
    works = []
    known = {
        (gate.repository, gate.run, gate.environment.casefold()): gate for gate, _ in GateBook(context.redis).waiting()
    }
    try:
        for run in waiting_runs(line, FullName(name)):
            for each in waits(line, FullName(name), run):
                place = each.environment
                ours[place] = ours[place] if place in ours else asks_us(line, FullName(name), place)
                if ours[place]:
                    found = Gate(InstallationId(installation), RepositoryId(repository), FullName(name), run, place)
                    works.append(known.get((found.repository, run, place.casefold()), found).work)
    except (ForbiddenError, MissingError, InstallationError) as error:
        log.warning("%s is not looked through for gates: %s", name, error)
    enqueue(context.redis, works)


def _looked(redis: Redis) -> bool:
    return bool(redis.exists(LOOKED))


class _Gate:
    """One waiting deployment's way from a name to a review."""

    def __init__(self, context: Context, gate: Gate) -> None:
        self._context = context
        self._gate = gate
        self._line: Line = context.telephone.installation(gate.installation, context.delivery)
        self._book = GateBook(context.redis)
        self._name = gate.name  # as the repository is called now, once that was read

    def do(self) -> None:
        """Decide, and forget the deployment when it waits no more; what fails is told once, and tried again."""
        gate = self._gate
        self._book.arrived(gate, self._now())
        try:
            self._try()
        except InstallationError as error:
            log.warning("the gate of %s is not decided: %s", gate.name, error)
            self._book.settled(gate)
        except (ForbiddenError, MissingError) as error:
            self._wait(cannot(str(error)), (plain(str(error)),))
        except (LaterError, UnansweredError):
            raise
        except Exception as error:
            fault = fault_of(error)
            self._wait(broken(fault), (f"Wharfinger broke ({fault}): our fault, and no verdict",))
            raise

    def _try(self) -> None:
        try:
            state = read_run(self._line, self._name, self._gate.run)
            waiting = self._waits(state)
        except MissingError:
            log.info("the run %s of %s is gone", self._gate.run, self._name)
            self._book.settled(self._gate)
            return
        key = self._key(state)
        if waiting is None:
            self._book.confirm(key)
            self._book.settled(self._gate)
            return
        decided = self._book.decided(key) if self._gate.deployment else None
        if decided is not None and decided.confirmed:
            self._book.settled(self._gate)
            return
        reader = RepositoryReader(self._line, Revision(self._name, state.run.commit))
        reading = reader.read(())
        self._name = reading.repository
        in_force = policy_of(self._context, self._line, reading)
        facts = GateFacts(self._context, self._line, self._gate, reader, reading).read(state, waiting, in_force.policy)
        decision = decide(facts.waiting, in_force.policy, in_force.problems)
        if decision.verdict is Verdict.PENDING:
            self._ask_for_check(decision)
            self._wait(comment(decision), why(decision))
        else:
            self._say(key, state, decision, facts)

    def _waits(self, state: RunState) -> Waits | None:
        """Return the environment as GitHub calls it, if the run waits there."""
        if state.over:
            return None
        found = waits(self._line, self._name, state.run.id)
        return next((each for each in found if each.environment.casefold() == self._gate.environment.casefold()), None)

    def _say(self, key: str, state: RunState, decision: Decision, facts: Facts) -> None:
        """Review once. What was judged has to be so still: a run can be started again meanwhile."""
        now = read_run(self._line, self._name, self._gate.run)
        if (now.run, now.over) != (state.run, state.over):
            raise LaterError("the run changed while it was judged", CHANGED)
        before = self._book.decided(key)  # begun by a worker that died, or did not hear the answer
        self._book.begin(key, _record(decision, self._context.clock()))
        environment = decision.waiting.environment
        said = Review(environment, comment(decision), decision.verdict.value)
        try:
            review(self._line, self._name, self._gate.run, said)
        except RefusedError as error:  # it waits for others now: what counts is what was said before, if it was us
            log.info("%s in %s does not wait for us: %s", environment, self._name, error)
            self._book.forget(key)
            if before is not None:
                self._book.begin(key, replace(before, confirmed=True))
        else:
            log.info("%s: %s in %s, run %s", decision.verdict, environment, self._name, self._gate.run)
            self._book.confirm(key)
            self._book.forget_begun(self._key(state, deployment=0))  # by a sweep whose worker died: it is said now
            self._keep(decision, facts)
        self._book.settled(self._gate)

    def _keep(self, decision: Decision, facts: Facts) -> None:
        """Remember what a release consisted of that was let through with nothing against it, not even observed."""
        authority = decision.waiting.authority
        clean = isinstance(authority, Seen) and not decision.observed
        if decision.verdict is Verdict.APPROVED and facts.mark is not None and clean:
            workflow = decision.waiting.run.workflow
            self._book.keep_through(self._gate, workflow, facts.mark.files, facts.mark.called)

    def _ask_for_check(self, decision: Decision) -> None:
        """Have the commit judged if it waits for that; its end is heard of. Not at each look, so that two jobs call no circle."""
        looks = self._book.note(self._gate, 0).looks
        if isinstance(decision.waiting.check, Unseen) and "passed-check" in {
            each.condition.name for each in decision.stopping
        }:
            gate, commit = self._gate, decision.waiting.run.commit
            arguments = (gate.installation, gate.repository, self._name, commit)
            work = Work("check_commit", Priority.CHECK, f"repository-{gate.repository}", arguments)
            self._book.waits_for_check(gate, commit, self._now())
            if looks % ASK_EVERY == 0:
                enqueue(self._context.redis, [work])

    def _wait(self, words: str, reasons: tuple[str, ...]) -> None:
        """Say why it waits, once for each reason, and look again later."""
        gate, now = self._gate, self._now()
        note = self._book.note(gate, now)
        told = hashlib.sha256(words.encode()).hexdigest()[:16]
        if told != note.told and note.reports < MOST_REPORTS:
            reports = note.reports + 1
            try:
                review(self._line, self._name, gate.run, Review(gate.environment, words))
            except RefusedError as error:  # GitHub takes no more of them: it waits all the same
                log.info("%s in %s takes no report: %s", gate.environment, self._name, error)
                reports = MOST_REPORTS
            except (ForbiddenError, MissingError, UnansweredError) as error:
                log.warning("%s in %s waits, and it could not be said why: %s", gate.environment, self._name, error)
            note = replace(note, told=told, reports=reports)
        self._book.told(gate, replace(note, why=reasons))
        self._book.postpone(gate, now)

    def _now(self) -> float:
        return self._context.clock().timestamp()

    def _key(self, state: RunState, deployment: int | None = None) -> str:
        gate = self._gate
        number = gate.deployment if deployment is None else deployment
        return f"{gate.repository}:{gate.run}:{state.run.attempt}:{number}:{gate.environment.casefold()}"


def _record(decision: Decision, now: datetime) -> Decided:
    waiting = decision.waiting
    waivers = dict.fromkeys(chain.from_iterable(each.waivers for each in decision.judged))
    return Decided(
        at=now,
        repository=waiting.repository,
        environment=waiting.environment,
        run=waiting.run.id,
        attempt=waiting.run.attempt,
        ref=waiting.run.ref,
        commit=waiting.run.commit,
        actor=waiting.run.triggering_actor,
        verdict=decision.verdict,
        reasons=why(decision),
        observed=reasons(decision.observed),
        waivers=tuple(f"{waiver} by {waiver.owner}: {waiver.reason}" for waiver in waivers),
    )
