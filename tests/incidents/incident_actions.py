"""Does what a timeline's acts say, in the words of the stand-ins' stories, and says which of them the App stopped."""

from dataclasses import dataclass, field

from tests.fakes.github.scenario.scenario_repository import ScenarioRepository
from tests.incidents.app_in_process import InProcessApp
from tests.incidents.fake_registry import FakeRegistry, workload_of
from tests.incidents.fields import ImpossibleActError
from tests.incidents.incident import (
    AnyAct,
    DeployKeyAct,
    EndRunAct,
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
from tests.incidents.incident_world import IncidentWorld, set_settings
from tests.incidents.observer import Reaction, ReactionKind, rules_in
from tests.incidents.rulesets import is_forbidden
from tests.incidents.runs import StartedRun, WorkflowRunner

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

    def _set(self, act: PublishAct | MaintainersAct | DeployKeyAct | RunnerAct | SettingsAct) -> None:
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

    def of(self, name: str) -> ScenarioRepository:
        if name not in self.world.repositories:
            raise ImpossibleActError(
                f"there is no repository {name}; `before` names {', '.join(self.world.repositories)}"
            )
        return self.world.repositories[name]

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
        started = self.started.get(act.run or "")
        self.fake_registry.publish(act, workload_of(started.repository, started.run) if started else None)

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
