"""Plays a workflow run: its jobs with the steps that the workflow has, people who approve, and our gate in between."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from bot.evaluation.gate_decision import GateVerdict
from handlers.records.gate_store import GateStore
from tests.fakes.github.scenario.scenario_repository import ScenarioRepository
from tests.fakes.github.state import runs as kept
from tests.incidents.app_in_process import InProcessApp
from tests.incidents.fields import ImpossibleActError
from tests.incidents.incident import IncidentJob, RerunAct, RunAct
from tests.incidents.observer import Reaction, ReactionKind, conditions_in, rules_in

GATE_TIMEOUT = 120.0  # seconds that a release waits for a gate which is in doubt, until the story goes on without it
AFTER_STEPS = ("Complete job",)


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
        book = GateStore(self.app.redis)
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
