"""Judges workflow runs that publish where the gate is not asked, before a version of theirs exists."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace

from bot.checks.alerts import EarlierRelease, RepositoryChange, UngatedRun
from bot.checks.alerts.change_alert import PushQuery
from bot.checks.alerts.ungated_release import UngatedRelease
from bot.checks.gate import AllowedTriggers, ProtectedRef, ReachableCommit, ReleaseAuthority, ReleaseFreeze
from bot.detection import Publication
from bot.detection.publish_path import PathJob, PathStart, publish_path
from bot.evaluation.change_report import change_report, evaluate_change
from bot.evaluation.gate_decision import ConditionResult, decide_deployment
from bot.github.client import InstallationClient
from bot.github.commit_query import Revision
from bot.github.commit_state import CommitReader, CommitState
from bot.github.deployments import PendingEnvironment, RunState, app_protects_environment, read_run_state
from bot.github.github_errors import AccessError, InstallationError, MissingError
from bot.model.core_types import Mode, RepositoryId
from bot.model.findings import Known, Unknown
from bot.packages.versions import TraceStatus
from bot.policy import Policy
from bot.settings import RefKind
from bot.snapshot.protection import possible_environment_names
from bot.snapshot.repository_snapshot import Snapshot
from bot.workflows import Trigger
from bot.workflows.triggers import jobs_that_may_run, may_push, step_may_run
from handlers.config.context import Context
from handlers.jobs.policies import read_policy_in_force
from handlers.jobs.releases.deployment_facts import DeploymentReader
from handlers.jobs.repositories.push_alerts import AlertLocation, keep_report
from handlers.jobs.snapshot_reader import follow_files
from handlers.queue.job_specs import CheckCommit, JudgeRun
from handlers.records.change_alert_store import ChangeAlertStore
from handlers.records.gate_store import WaitingDeployment
from handlers.records.trace_store import TraceStore

log = logging.getLogger("wharfinger.jobs")

# The gate's conditions that can be judged before anybody approved, and before the check of the commit is complete.
RUN_CONDITIONS = (AllowedTriggers, ProtectedRef, ReachableCommit, ReleaseAuthority, ReleaseFreeze)
COMPARED_RELEASES = 10  # the newest before it that a run is held against
REF_EVENTS = ("push", "release", "workflow_dispatch", "create")  # whose runs are for the ref that GitHub names
REF_PREFIXES = {RefKind.TAG: "refs/tags/", RefKind.BRANCH: "refs/heads/"}


def judge_run(context: Context, spec: JudgeRun) -> None:
    """Look for an ungated release in one run; run twice, it finds the same twice."""
    client = context.github.installation(spec.installation, context.delivery_id)
    try:
        _RunJudge(context, spec, client).run()
    except MissingError as error:
        log.info("the run %s of %s is not judged: %s", spec.run, spec.full_name, error)
    except (AccessError, InstallationError) as error:
        log.warning("the run %s of %s is not judged: %s", spec.run, spec.full_name, error)


@dataclass(frozen=True, slots=True)
class _ReachedPublications:
    """What a run can publish without asking the gate, and what of that cannot be told."""

    ungated: tuple[Publication, ...]
    unknown: tuple[Unknown, ...]


class _RunJudge:
    """Judges one run."""

    def __init__(self, context: Context, spec: JudgeRun, client: InstallationClient) -> None:
        self._context = context
        self._spec = spec
        self._client = client

    def run(self) -> None:
        spec, context = self._spec, self._context
        state = read_run_state(self._client, spec.full_name, spec.run)
        reader = CommitReader(self._client, Revision(spec.full_name, state.run.commit))
        commit = reader.read(())
        if commit.archived:
            return
        snapshot = follow_files(reader, commit, (), context.clock(), context.catalog).snapshot
        if not snapshot.publications:
            return
        policy = read_policy_in_force(context, self._client, commit).policy
        alerts = tuple(each for each in policy.alerts if isinstance(each, UngatedRelease))
        observed = self._observe(state, reader, commit, snapshot, policy) if alerts else None
        if observed is None:
            return
        change = RepositoryChange(
            repository=commit.repository,
            observed_at=context.clock(),
            default_branch=commit.default_branch,
            run=observed,
        )
        results = evaluate_change(change, replace(policy, alerts=alerts))
        who = " and ".join(observed.starters)
        summary = f"{who} started {observed.workflow} by {observed.event} for {observed.ref}, run {observed.id}"
        report = change_report(change, summary, commit.commit, results)
        store = ChangeAlertStore(context.records, spec.installation, spec.repository)
        check = CheckCommit(spec.installation, spec.repository, commit.repository, commit.commit)
        keep_report(context, store, AlertLocation(f"run {spec.run}", check=check), report, policy)

    def _observe(
        self, state: RunState, reader: CommitReader, commit: CommitState, snapshot: Snapshot, policy: Policy
    ) -> UngatedRun | None:
        """Hold a run against the policy and the releases before it; None where it publishes nothing past the gate."""
        run, spec = state.run, self._spec
        # Everything but the publications is read as the gate reads it, as if the run waited for it.
        conditions = tuple(
            each for each in policy.gate if isinstance(each, RUN_CONDITIONS) and each.mode is Mode.ENFORCE
        )
        asked = replace(policy, gate=conditions)
        waiting = WaitingDeployment(spec.installation, spec.repository, commit.repository, run.id, "")
        facts = DeploymentReader(self._context, self._client, waiting, reader, commit).read(
            state, PendingEnvironment("", has_required_reviewers=False), asked
        )
        refs = facts.deployment.refs
        kinds = [each.kind for each in refs.value] if isinstance(refs, Known) else []
        kind = kinds[0] if len(kinds) == 1 else None
        trigger_ref = f"{REF_PREFIXES[kind]}{run.ref}" if kind and run.event in REF_EVENTS else None
        reached = self._reached(run.workflow, run.event, trigger_ref, snapshot)
        if not reached.ungated and not reached.unknown:
            return None
        results = decide_deployment(facts.deployment, asked).results if reached.ungated else ()
        return UngatedRun(
            id=run.id,
            event=run.event,
            workflow=run.workflow,
            ref=run.ref,
            from_tag=kind is RefKind.TAG if kind else None,
            starters=run.started_by,
            publications=reached.ungated,
            failed_conditions=tuple(finding for each in results for finding in each.findings),
            unknown=(*reached.unknown, *_unknown_conditions(results)),
            earlier=self._earlier(spec.repository, reached.ungated),
            register=policy.identities,
        )

    def _reached(self, workflow: str, event: str, ref: str | None, snapshot: Snapshot) -> _ReachedPublications:
        """Find what a run of a workflow can publish, as far as its environment does not ask the gate."""
        protected: dict[str, bool] = {}
        ungated: dict[Publication, None] = {}
        unknown: dict[Unknown, None] = {}
        for publication in _publications_of_run(workflow, event, ref, snapshot):
            names = tuple(possible_environment_names(publication, snapshot))
            hidden = [name for name in names if isinstance(name, Unknown)]
            unknown.update(dict.fromkeys(hidden))
            try:
                asked = all(self._asks_gate(name, protected) for name in names if not isinstance(name, Unknown))
            except AccessError as error:
                fact = "whether the environment that the run publishes from asks the gate"
                unknown[Unknown(fact, str(error), PushQuery.RUN.permission)] = None
                continue
            if not hidden and not asked:
                ungated[publication] = None
        return _ReachedPublications(tuple(ungated), tuple(unknown))

    def _asks_gate(self, environment: str | None, protected: dict[str, bool]) -> bool:
        """Whether this App is asked before a job of an environment runs; raises AccessError."""
        if environment is None:
            return False
        if environment not in protected:
            protected[environment] = app_protects_environment(self._client, self._spec.full_name, environment)
        return protected[environment]

    def _earlier(self, repository: RepositoryId, publications: tuple[Publication, ...]) -> tuple[EarlierRelease, ...]:
        """Return how the newest versions that were accounted for left to the same registries."""
        registries = {each.registry for each in publications}
        found = []
        for trace in TraceStore(self._context.records).of_repository(repository):
            sent = trace.step_run
            traced = trace.status is TraceStatus.TRACED and trace.version.package.registry in registries
            if sent is not None and traced and sent.run.id != self._spec.run:
                from_tag = trace.tag is not None and trace.tag.name == sent.run.ref
                environment = sent.publication.environment
                found.append(
                    EarlierRelease(
                        event=sent.run.event, from_tag=from_tag, environment=environment, starters=sent.run.starters
                    )
                )
        return tuple(found[:COMPARED_RELEASES])


def _publications_of_run(workflow: str, event: str, ref: str | None, snapshot: Snapshot) -> Iterator[Publication]:
    """Yield the publications that an event can reach in a run of a workflow; only what surely does not run is left out."""
    path = publish_path(snapshot.publications, snapshot.workflows, snapshot.actions)
    for job in path.publishing:
        for start in path.starts.get(job.key, ()):
            if start.workflow.path == workflow:
                trigger = start.workflow.triggers.get(event) or Trigger(event, 0)
                yield from _reached_in_job(job, start, replace(trigger, ref=ref))


def _reached_in_job(job: PathJob, start: PathStart, trigger: Trigger) -> Iterator[Publication]:
    way = (*start.calls, (job.workflow, job.job))
    if any(each.id not in jobs_that_may_run(workflow, trigger) for workflow, each in way):
        return
    for publication in job.publications:
        step = job.step_of(publication)
        if step is None or (
            may_push(job.workflow, trigger, job.job, step.step)
            and step_may_run(job.workflow, trigger, job.job, step.conditions)
        ):
            yield publication


def _unknown_conditions(results: tuple[ConditionResult, ...]) -> Iterator[Unknown]:
    for each in results:
        yield from each.unknown
        if each.error is not None:
            yield Unknown(
                f"whether the condition {each.check.name} holds", f"Wharfinger broke ({each.error}): our fault"
            )
