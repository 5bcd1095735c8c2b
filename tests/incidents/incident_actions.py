"""Does what a timeline's acts say, in the words of the stand-ins' stories, and says which of them the App stopped."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

import yaml

from bot.evaluation.gate_decision import GateVerdict
from handlers.records.gate_store import GateStore
from tests.fakes.github.scenario.scenario_repository import ScenarioRepository
from tests.fakes.github.state import runs as kept
from tests.incidents.app_in_process import InProcessApp
from tests.incidents.fake_registry import FakeRegistry, workload_of
from tests.incidents.incident import (
    AnyAct,
    DeployKeyAct,
    EndRunAct,
    IncidentJob,
    InstallationAct,
    InstallationChange,
    MaintainersAct,
    MergeAct,
    PublishAct,
    PullRequestAct,
    PushAct,
    RerunAct,
    RunAct,
    RunnerAct,
    SettingsAct,
    TagAct,
)
from tests.incidents.incident_file import ImpossibleActError
from tests.incidents.incident_world import IncidentWorld, set_settings
from tests.incidents.observer import Reaction, ReactionKind, conditions_in, rules_in


@dataclass(frozen=True, slots=True)
class OpenJob:
    """A job under way, and how it will end."""

    job: kept.FakeJob
    conclusion: str
    steps: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class StartedRun:
    """A run, and what stopped it."""

    repository: ScenarioRepository
    run: kept.FakeWorkflowRun
    stopped: Reaction | None
    last: OpenJob | None = None  # the job that is not over yet


CHECK_RUN_NAME = "publishing"


@dataclass
class IncidentActions:
    """Whoever acts. What an act made is kept by its name."""

    app: InProcessApp
    world: IncidentWorld
    fake_registry: FakeRegistry
    commits: dict[str, str] = field(default_factory=dict)
    pulls: dict[str, tuple[ScenarioRepository, int]] = field(default_factory=dict)
    started: dict[str, StartedRun] = field(default_factory=dict)

    def perform(self, act: AnyAct) -> Reaction | None:
        """Do it; what the App said where it stopped it. Raises ImpossibleError for what GitHub itself would refuse."""
        match act:
            case MergeAct():
                return self._merge(act)
            case RunAct():
                return self._run(act)
            case RerunAct():
                return self._rerun(act)
            case EndRunAct():
                WorkflowRunner(self.app, self.started[act.run].repository).end(self.started[act.run])
            case PushAct() | TagAct() | PullRequestAct():
                self._change(act)
            case _:
                self._set(act)
        return None

    def _change(self, act: PushAct | TagAct | PullRequestAct) -> None:
        match act:
            case PushAct():
                self._push(act)
            case TagAct():
                self._tag(act)
            case PullRequestAct():
                self._propose(act)

    def _set(self, act: PublishAct | MaintainersAct | DeployKeyAct | RunnerAct | SettingsAct | InstallationAct) -> None:
        match act:
            case PublishAct():
                self._publish(act)
            case MaintainersAct():
                self.fake_registry.maintain(act)
            case DeployKeyAct():
                self.of(act.on).deploy_key(act.title, read_only=not act.writable, by=act.by)
            case RunnerAct():
                self.of(act.on).runner(act.runner)
            case SettingsAct():
                set_settings(self.of(act.on), self.world.organization, act.to)
            case InstallationAct():
                self._change_installation(act)

    def of(self, name: str) -> ScenarioRepository:
        found = {each.state.name: each for each in self.world.all_repositories}
        if name not in found:
            raise ImpossibleActError(
                f"there is no repository {name}; `before` names {', '.join(self.world.repositories)}"
            )
        return found[name]

    def _push(self, act: PushAct) -> None:
        repository = self.of(act.to)
        branch = act.branch or repository.state.default_branch
        self._allowed(repository, f"refs/heads/{branch}", act.by)
        self.commits[act.name] = repository.push(
            act.files, act.message, branch=branch, by=act.by, author=act.author, verified=act.verified,
            parent=self._push_unknown_commit(repository) if act.is_unknown_commit else None,
        )  # fmt: skip

    def _push_unknown_commit(self, repository: ScenarioRepository) -> str:
        """A commit without a parent, as one that was made outside of the history."""
        before = repository.head
        sha = repository.create_initial_commit({"README.md": "nothing in common\n"})
        repository.state.refs[f"refs/heads/{repository.state.default_branch}"] = before
        return sha

    def _tag(self, act: TagAct) -> None:
        repository = self.of(act.on)
        sha = self.commits[act.commit] if act.commit else repository.head
        for tag in act.tags:
            self._allowed(repository, f"refs/tags/{tag}", act.by)
        if act.files:
            sha = repository.commit_without_branch(act.files, by=act.by)
        repository.push_tags(*act.tags, sha=sha, by=act.by)

    def _propose(self, act: PullRequestAct) -> None:
        repository = self.of(act.to)
        fork = repository.fork(act.by) if act.fork else None
        pull = repository.pull_request(act.files, act.title, by=act.by, branch=act.branch, fork=fork, base=act.base)
        self.pulls[act.name] = (repository, pull.number)

    def _merge(self, act: MergeAct) -> Reaction | None:
        repository, number = self.pulls[act.pull]
        pull = repository.issue(number).pull
        assert pull is not None
        if act.approved_by:
            repository.review(number, by=act.approved_by)
        branch = f"refs/heads/{pull.base_ref}"
        if is_forbidden(self.world, repository, branch, act.by, "required_status_checks"):
            runs = repository.check_runs(pull.head_sha, CHECK_RUN_NAME)
            if not runs or runs[-1].conclusion not in ("success", "neutral"):
                found = rules_in(runs[-1]) if runs else ()
                return Reaction(
                    ReactionKind.CHECK, self.app.now, found, runs[-1].title or "" if runs else "there is no check"
                )
        if is_forbidden(self.world, repository, branch, act.by, "pull_request") and not act.approved_by:
            raise ImpossibleActError("GitHub would refuse this merge: nobody approved it")
        self.commits[act.name] = repository.merge(number, by=act.by)
        return None

    def _run(self, act: RunAct) -> Reaction | None:
        started = WorkflowRunner(self.app, self.of(act.on)).start(act)
        self.started[act.name] = started
        return started.stopped

    def _rerun(self, act: RerunAct) -> Reaction | None:
        before = self.started[act.run]
        started = WorkflowRunner(self.app, before.repository).rerun(before.run, act)
        self.started[act.name] = started
        return started.stopped

    def _publish(self, act: PublishAct) -> None:
        started = self.started[act.run] if act.run else None
        self.fake_registry.publish(act, workload_of(started.repository, started.run) if started else None)

    def _change_installation(self, act: InstallationAct) -> None:
        github = self.app.github
        (installed,) = github.world.installations.values()
        match act.change:
            case InstallationChange.SUSPEND:
                github.suspend(installed)
            case InstallationChange.RESUME:
                github.unsuspend(installed)
            case InstallationChange.SELECT:
                github.select_repositories(installed, *map(self.of, act.names))
            case InstallationChange.WITHHOLD:
                github.revoke_permissions(installed, *act.names)

    def _allowed(self, repository: ScenarioRepository, ref: str, actor: str) -> None:
        """GitHub would refuse what a ruleset forbids: such an act can not be part of an incident."""
        there = ref in repository.state.refs
        kinds = ("update" if there else "creation", *(("pull_request",) if ref.startswith("refs/heads/") else ()))
        for kind in kinds:
            if is_forbidden(self.world, repository, ref, actor, kind):
                raise ImpossibleActError(
                    f"GitHub would refuse this: a ruleset of {repository.full_name} has {kind} for {ref}; "
                    "take the ruleset away in `before`, or let somebody act who may bypass it"
                )


GATE_TIMEOUT = 120.0  # seconds that a release waits for a gate which is in doubt, until the story goes on without it
AFTER_STEPS = ("Complete job",)


@dataclass(frozen=True, slots=True)
class WorkflowRunner:
    """The runner of one repository."""

    app: InProcessApp
    repository: ScenarioRepository

    def start(self, act: RunAct) -> StartedRun:
        """Start a run and go through its jobs, those of the workflow in its order unless the act names some."""
        run = self.repository.start_run(act.workflow, event=act.event, ref=act.ref, by=act.by)
        return self._go(run, act)

    def rerun(self, run: kept.FakeWorkflowRun, act: RerunAct) -> StartedRun:
        """Run a run again, as its next attempt."""
        self.repository.rerun(run, by=act.by)
        return self._go(run, act)

    def _go(self, run: kept.FakeWorkflowRun, act: RunAct | RerunAct) -> StartedRun:
        self.app.work_until_idle()
        jobs = self._jobs(run)
        plans = act.jobs or tuple(map(IncidentJob, jobs))
        for plan in plans:
            if plan.job not in jobs:
                raise ImpossibleActError(f"{run.path} has no job {plan.job}; it has {', '.join(jobs)}")
            begun = self._begin(run, plan, jobs[plan.job])
            if isinstance(begun, Reaction):
                return self.end(StartedRun(self.repository, run, begun))
            if act.keeps_running and plan is plans[-1]:
                return StartedRun(self.repository, run, None, begun)
            self._finish(run, begun)
        return self.end(StartedRun(self.repository, run, None))

    def end(self, started: StartedRun) -> StartedRun:
        """End a run, and the job that is still under way."""
        if started.last:
            self._finish(started.run, started.last)
        self.repository.finish_run(started.run)
        self.app.work_until_idle()
        return started

    def _jobs(self, run: kept.FakeWorkflowRun) -> Mapping[str, Any]:
        text = self.repository.state.files(run.head_sha).get(run.path)
        if text is None:
            raise ImpossibleActError(
                f"{self.repository.full_name} has no {run.path} at the commit that it is to run for"
            )
        jobs: Mapping[str, Any] = yaml.safe_load(text)["jobs"]
        return jobs

    def _begin(self, run: kept.FakeWorkflowRun, plan: IncidentJob, written: Mapping[str, Any]) -> OpenJob | Reaction:
        environment = written.get("environment")
        name = str(environment["name"] if isinstance(environment, dict) else environment or "")
        job = self.repository.start_job(run, plan.job, environment=name or None)
        self.app.work_until_idle()
        if job.status == "waiting" and plan.approved_by:
            self.repository.approve(run, name, by=plan.approved_by)
            self.app.work_until_idle()
        until = self.app.now + GATE_TIMEOUT
        while job.status == "waiting" and self.app.now < until:
            self.app.advance_to(self.app.next_tick())
            self.app.run_due_jobs()
        if job.status != "in_progress":
            return self._rejection(run, name)
        return OpenJob(job, plan.conclusion, dict(_steps(written, plan)))

    def _finish(self, run: kept.FakeWorkflowRun, begun: OpenJob) -> None:
        self.repository.finish_job(run, begun.job, begun.conclusion, begun.steps)
        self.app.work_until_idle()

    def _rejection(self, run: kept.FakeWorkflowRun, environment: str) -> Reaction:
        """Say why the gate did not let it go: what it decided, or what it still waits for."""
        book = GateStore(self.app.records)
        decided = next(
            (
                each
                for each in book.decisions()
                if each.run == run.id and each.attempt == run.attempt and each.verdict is GateVerdict.REJECTED
            ),
            None,
        )
        if decided is not None:
            checks = self.repository.check_runs(run.head_sha, "publishing")
            red = rules_in(checks[-1]) if checks and "passed-check" in conditions_in(decided.reasons) else ()
            by = tuple(dict.fromkeys((*conditions_in(decided.reasons), *red)))
            return Reaction(ReactionKind.GATE, self.app.now, by, "; ".join(decided.reasons))
        note = next((note for gate, note in book.waiting() if gate.run == run.id), None)
        if note is None:
            raise ImpossibleActError(
                f"the job at {environment} waits for somebody who is not the gate: say who approves it"
            )
        return Reaction(ReactionKind.GATE, self.app.now, conditions_in(note.reasons), "; ".join(note.reasons))


def _steps(written: Mapping[str, Any], plan: IncidentJob) -> Iterator[tuple[str, str]]:
    """Yield a job's steps as GitHub shows them, with how they ended."""
    named = {str(number): _name(step) for number, step in enumerate(written.get("steps", ()))}
    unknown = sorted(plan.steps.keys() - named.keys() - {*named.values()})
    if unknown:
        has = ", ".join(f"{number} ({name})" for number, name in named.items())
        raise ImpossibleActError(f"the job {plan.job} has no step {unknown[0]}; it has {has}")
    yield "Set up job", "success"
    for number, name in named.items():
        yield name, plan.steps.get(number, plan.steps.get(name, "success"))
    yield "Complete job", "success"


def _name(step: Mapping[str, Any]) -> str:
    said = str(step.get("run", "")).strip().partition("\n")[0]
    return str(step.get("name") or f"Run {step.get('uses') or said}")


def is_forbidden(world: IncidentWorld, repository: ScenarioRepository, ref: str, login: str, kind: str) -> bool:
    """Whether an active ruleset has a rule of that kind for the ref, and the person may not bypass it."""
    default = f"refs/heads/{repository.state.default_branch}"
    for ruleset in (*repository.state.rulesets.values(), *world.organization.state.rulesets.values()):
        names = ruleset["conditions"]["ref_name"]["include"]
        target = "refs/tags/" if ruleset["target"] == "tag" else "refs/heads/"
        meant = any(
            ref == default if name == "~DEFAULT_BRANCH" else name == "~ALL" or fnmatchcase(ref, name) for name in names
        )
        if ruleset["enforcement"] != "active" or not ref.startswith(target) or not meant:
            continue
        if any(rule["type"] == kind for rule in ruleset["rules"]) and not _can_bypass(
            world, ruleset["bypass_actors"], login
        ):
            return True
    return False


def _can_bypass(world: IncidentWorld, actors: list[dict[str, object]], login: str) -> bool:
    members, teams = world.organization.state.members, world.organization.state.teams.values()
    return any(
        (actor["actor_type"] == "OrganizationAdmin" and members.get(login) == "admin")
        or (
            actor["actor_type"] == "Team"
            and any(team.id == actor["actor_id"] and login in team.members for team in teams)
        )
        for actor in actors
    )
