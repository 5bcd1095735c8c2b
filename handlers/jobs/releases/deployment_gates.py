"""Decides whether a pending deployment may proceed under the policy's gate conditions.

The gate never approves by default. Errors, missing permissions and invalid policies leave the deployment pending.

Such a deployment gets one report and is retried by the worker and by a periodic job that also asks GitHub.
"""

import hashlib
import logging
from dataclasses import replace
from datetime import datetime
from itertools import chain

from redis import Redis

from bot.evaluation.gate_decision import GateDecision, GateVerdict, decide_deployment
from bot.github.client import InstallationClient
from bot.github.commit_query import Revision
from bot.github.commit_state import CommitReader
from bot.github.deployments import (
    DeploymentReview,
    PendingEnvironment,
    RunState,
    app_protects_environment,
    list_waiting_runs,
    read_pending_environments,
    read_run_state,
    review_deployment,
)
from bot.github.github_app import list_installations, list_repositories
from bot.github.github_errors import AccessError, InstallationError, MissingError, RefusedError, UnansweredError
from bot.model.errors import RetryLaterError, describe_fault
from bot.model.findings import Known, Unknown
from bot.rendering.gate_comment import (
    condition_reasons,
    decision_reasons,
    render_error_comment,
    render_gate_comment,
    render_unknown_comment,
)
from bot.rendering.markdown import plain_line
from handlers.config.context import Context
from handlers.jobs.policies import read_policy_in_force
from handlers.jobs.releases.deployment_facts import DeploymentFacts, DeploymentReader
from handlers.queue.enqueue import enqueue, enqueue_all
from handlers.queue.job_specs import CheckCommit, DecideGate, FindGates, FindRepositoryGates, RecheckGates, SweepGates
from handlers.records.gate_store import FreezeStore, GateStore, StoredGateDecision, WaitingDeployment
from handlers.records.watch_store import WatchStore

log = logging.getLogger("wharfinger.jobs")

MAX_REPORTS = 8  # status reports on one deployment: GitHub takes ten
CHANGED_RUN_RETRY = 5.0  # seconds until a run that changed while it was judged is judged anew
SEARCHED_KEY = "wharfinger:gates:searched"  # lost with Redis' data: without it, GitHub is asked what waits
SEARCH_INTERVAL = 6 * 3600  # seconds
CHECK_REQUEST_INTERVAL = 4  # looks, until a check run that is still not there is asked for again


def decide_gate(context: Context, spec: DecideGate) -> None:
    """Decide one pending deployment, if it can be decided by now."""
    deployment = (spec.installation, spec.repository, spec.full_name, spec.run, spec.environment, spec.deployment)
    _GateDecider(context, WaitingDeployment(*deployment)).run()


def recheck_gates(context: Context, spec: RecheckGates) -> None:
    """Decide again all that waits of a run: somebody approved, or the run changed."""
    enqueue(context.redis, [gate.job for gate in GateStore(context.records).waiting_for_run(spec.repository, spec.run)])


def sweep_gates(context: Context, _: SweepGates) -> None:
    """Decide again what has waited long enough; and ask GitHub what waits, now and then and when Redis lost its data."""
    enqueue_all(context.redis, [gate.job for gate in GateStore(context.records).due(context.clock().timestamp())])
    if _searched_recently(context.redis):
        return
    searches = [
        FindGates(installation.id)
        for installation in list_installations(context.github.app(context.delivery_id))
        if not installation.suspended and context.settings.allows(installation.id, installation.account)
    ]
    enqueue(context.redis, searches)
    context.redis.set(SEARCHED_KEY, "1", ex=SEARCH_INTERVAL)


def find_gates(context: Context, spec: FindGates) -> None:
    """Have each repository of an installation searched."""
    try:
        repositories = list(list_repositories(context.github.installation(spec.installation, context.delivery_id)))
    except InstallationError as error:
        log.info("no gates to find: %s", error)
        return
    searches = [
        FindRepositoryGates(spec.installation, repository.id, repository.name)
        for repository in repositories
        if not repository.archived
    ]
    enqueue_all(context.redis, searches)


def find_repository_gates(context: Context, spec: FindRepositoryGates) -> None:
    """Ask GitHub which deployments of a repository wait for the App, whatever events told; waits while few requests are left."""
    client = context.github.installation(spec.installation, context.delivery_id)
    client.reserve_quota()
    protected: dict[str, bool] = {}  # environment -> whether the App protects it
    waiting = []
    known = {
        (gate.repository, gate.run, gate.environment.casefold()): gate
        for gate, _ in GateStore(context.records).waiting()
    }
    try:
        for run in list_waiting_runs(client, spec.full_name):
            for pending in read_pending_environments(client, spec.full_name, run):
                environment = pending.environment
                if environment not in protected:
                    protected[environment] = app_protects_environment(client, spec.full_name, environment)
                if protected[environment]:
                    found = WaitingDeployment(spec.installation, spec.repository, spec.full_name, run, environment)
                    waiting.append(known.get((found.repository, run, environment.casefold()), found).job)
    except (AccessError, InstallationError) as error:
        log.warning("%s is not searched for gates: %s", spec.full_name, error)
    enqueue(context.redis, waiting)


def _searched_recently(redis: Redis) -> bool:
    return bool(redis.exists(SEARCHED_KEY))


class _GateDecider:
    """Decides one pending deployment, and reviews it."""

    def __init__(self, context: Context, gate: WaitingDeployment) -> None:
        self._context = context
        self._gate = gate
        self._client: InstallationClient = context.github.installation(gate.installation, context.delivery_id)
        self._store = GateStore(context.records)
        self._name = gate.name  # as the repository is called now, once that was read

    def run(self) -> None:
        """Decide, and forget the deployment once it is no longer pending; an error is reported once, and the decision tried again."""
        gate = self._gate
        self._store.add(gate, self._now())
        try:
            self._decide()
        except InstallationError as error:
            log.warning("the gate of %s is not decided: %s", gate.name, error)
            self._store.remove(gate)
        except AccessError as error:
            self._report_waiting(render_unknown_comment(str(error)), (plain_line(str(error)),))
        except (RetryLaterError, UnansweredError):
            raise
        except Exception as error:
            fault = describe_fault(error)
            self._report_waiting(
                render_error_comment(fault), (f"Wharfinger broke ({fault}): our fault, and no verdict",)
            )
            raise

    def _decide(self) -> None:
        try:
            state = read_run_state(self._client, self._name, self._gate.run)
            waiting = self._pending_environment(state)
        except MissingError:
            log.info("the run %s of %s is gone", self._gate.run, self._name)
            self._store.remove(self._gate)
            return
        key = self._key(state)
        if waiting is None:
            self._store.confirm_decision(key)
            self._store.remove(self._gate)
            return
        decided = self._store.get_decision(key) if self._gate.deployment else None
        if decided is not None and decided.confirmed:
            self._store.remove(self._gate)
            return
        reader = CommitReader(self._client, Revision(self._name, state.run.commit))
        commit_state = reader.read(())
        self._name = commit_state.repository
        in_force = read_policy_in_force(self._context, self._client, commit_state)
        facts = DeploymentReader(self._context, self._client, self._gate, reader, commit_state).read(
            state, waiting, in_force.policy
        )
        decision = decide_deployment(facts.deployment, in_force.policy, (*in_force.problems, *self._freezes(facts)))
        if decision.verdict is GateVerdict.PENDING:
            self._request_check(decision)
            self._report_waiting(render_gate_comment(decision, self._context.links), decision_reasons(decision))
        else:
            self._send_review(key, state, decision, facts)

    def _freezes(self, facts: DeploymentFacts) -> tuple[str, ...]:
        """Say what of the repository's organization and packages is frozen; then nothing is approved."""
        packages = [each.package for each in WatchStore(self._context.records).of_repository(self._gate.repository)]
        outgoing = facts.deployment.outgoing_versions
        packages += [each.package for each in outgoing.value] if isinstance(outgoing, Known) else []
        named = (f"{package.registry}/{package.name}" for package in packages)
        return FreezeStore(self._context.records).reasons((self._name.partition("/")[0], *named))

    def _pending_environment(self, state: RunState) -> PendingEnvironment | None:
        """Return the environment as GitHub calls it, if the run waits there."""
        if state.completed:
            return None
        environments = read_pending_environments(self._client, self._name, state.run.id)
        return next(
            (each for each in environments if each.environment.casefold() == self._gate.environment.casefold()), None
        )

    def _send_review(self, key: str, state: RunState, decision: GateDecision, facts: DeploymentFacts) -> None:
        """Review once, if the run is still as it was evaluated: it can be started again meanwhile."""
        now = read_run_state(self._client, self._name, self._gate.run)
        if (now.run, now.completed) != (state.run, state.completed):
            raise RetryLaterError("the run changed while it was judged", CHANGED_RUN_RETRY)
        before = self._store.get_decision(key)  # begun by a worker that died, or did not hear the answer
        self._store.begin_decision(key, self._gate.repository, _decision_record(decision, self._context.clock()))
        environment = decision.deployment.environment
        review = DeploymentReview(
            environment, render_gate_comment(decision, self._context.links), decision.verdict.value
        )
        try:
            review_deployment(self._client, self._name, self._gate.run, review)
        except RefusedError as error:  # it waits for others now: what counts is what was said before, if it was us
            log.info("%s in %s does not wait for us: %s", environment, self._name, error)
            self._store.discard_decision(key)
            if before is not None:
                self._store.begin_decision(key, self._gate.repository, replace(before, confirmed=True))
        else:
            log.info("%s: %s in %s, run %s", decision.verdict, environment, self._name, self._gate.run)
            self._store.confirm_decision(key)
            self._store.discard_unconfirmed_decision(
                self._key(state, deployment=0)
            )  # by a sweep whose worker died: it is said now
            self._keep_approved_files(decision, facts)
        self._store.remove(self._gate)

    def _keep_approved_files(self, decision: GateDecision, facts: DeploymentFacts) -> None:
        """Store the files of an approved release that no condition objected to, not even one that only observes."""
        authority = decision.deployment.release_files
        clean = isinstance(authority, Known) and not decision.would_block
        if decision.verdict is GateVerdict.APPROVED and facts.release_files is not None and clean:
            workflow = decision.deployment.run.workflow
            self._store.put_last_approved_files(
                self._gate, workflow, facts.release_files.files, facts.release_files.called_workflows
            )

    def _request_check(self, decision: GateDecision) -> None:
        """Have the commit checked if the deployment waits for that; not every time, or the two jobs would call each other for ever."""
        looks = self._store.get_state(self._gate, 0).attempts
        if isinstance(decision.deployment.check_conclusion, Unknown) and "passed-check" in {
            each.check.name for each in decision.blocking
        }:
            gate, commit = self._gate, decision.deployment.run.commit
            check = CheckCommit(gate.installation, gate.repository, self._name, commit)
            self._store.wait_for_check(gate, commit, self._now())
            if looks % CHECK_REQUEST_INTERVAL == 0:
                enqueue(self._context.redis, [check])

    def _report_waiting(self, report_text: str, reasons: tuple[str, ...]) -> None:
        """Report why the deployment waits, once for each reason, and decide again later."""
        gate, now = self._gate, self._now()
        state = self._store.get_state(gate, now)
        report_digest = hashlib.sha256(report_text.encode()).hexdigest()[:16]
        if report_digest != state.last_report and state.report_count < MAX_REPORTS:
            reports = state.report_count + 1
            try:
                review_deployment(self._client, self._name, gate.run, DeploymentReview(gate.environment, report_text))
            except RefusedError as error:  # GitHub takes no more of them: it waits all the same
                log.info("%s in %s takes no report: %s", gate.environment, self._name, error)
                reports = MAX_REPORTS
            except (AccessError, UnansweredError) as error:
                log.warning("%s in %s waits, and it could not be said why: %s", gate.environment, self._name, error)
            state = replace(state, last_report=report_digest, report_count=reports)
        self._store.put_state(gate, replace(state, reasons=reasons))
        self._store.postpone(gate, now)

    def _now(self) -> float:
        return self._context.clock().timestamp()

    def _key(self, state: RunState, deployment: int | None = None) -> str:
        gate = self._gate
        number = gate.deployment if deployment is None else deployment
        return f"{gate.repository}:{gate.run}:{state.run.attempt}:{number}:{gate.environment.casefold()}"


def _decision_record(decision: GateDecision, now: datetime) -> StoredGateDecision:
    waiting = decision.deployment
    waivers = dict.fromkeys(chain.from_iterable(each.waivers for each in decision.results))
    return StoredGateDecision(
        at=now,
        repository=waiting.repository,
        environment=waiting.environment,
        run=waiting.run.id,
        attempt=waiting.run.attempt,
        ref=waiting.run.ref,
        commit=waiting.run.commit,
        actor=waiting.run.triggering_actor,
        verdict=decision.verdict,
        reasons=decision_reasons(decision),
        observed=condition_reasons(decision.would_block),
        waivers=tuple(f"{waiver} by {waiver.owner}: {waiver.reason}" for waiver in waivers),
    )
