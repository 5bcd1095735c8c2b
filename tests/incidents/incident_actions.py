"""Does what a timeline's acts say, in the words of the stand-ins' stories, and says which of them the App stopped."""

from dataclasses import dataclass, field

from tests.fakes.github.scenario.scenario_repository import Repository
from tests.incidents.app_in_process import App
from tests.incidents.fake_registry import Shelf, workload_of
from tests.incidents.fields import ImpossibleError
from tests.incidents.incident import (
    AnyAct,
    DeployKey,
    End,
    Maintain,
    Merge,
    Propose,
    Publish,
    Push,
    Rerun,
    Run,
    Runner,
    Settings,
    Tag,
)
from tests.incidents.incident_world import Stage, set_settings
from tests.incidents.observer import Heard, Kind, rules
from tests.incidents.rulesets import forbids
from tests.incidents.runs import Runs, Started

CHECK = "publishing"


@dataclass
class Deeds:
    """Whoever acts. What an act made is kept by its name."""

    app: App
    stage: Stage
    shelf: Shelf
    commits: dict[str, str] = field(default_factory=dict)
    pulls: dict[str, tuple[Repository, int]] = field(default_factory=dict)
    started: dict[str, Started] = field(default_factory=dict)

    def do(self, act: AnyAct) -> Heard | None:
        """Do it; what the App said where it stopped it. Raises ImpossibleError for what GitHub itself would refuse."""
        match act:
            case Merge():
                return self._merge(act)
            case Run():
                return self._run(act)
            case Rerun():
                return self._rerun(act)
            case End():
                Runs(self.app, self.started[act.run].repository).end(self.started[act.run])
            case Push() | Tag() | Propose():
                self._change(act)
            case _:
                self._set(act)
        return None

    def _change(self, act: Push | Tag | Propose) -> None:
        match act:
            case Push():
                self._push(act)
            case Tag():
                self._tag(act)
            case Propose():
                self._propose(act)

    def _set(self, act: Publish | Maintain | DeployKey | Runner | Settings) -> None:
        match act:
            case Publish():
                self._publish(act)
            case Maintain():
                self.shelf.maintain(act)
            case DeployKey():
                self.of(act.on).deploy_key(act.title, read_only=not act.writable, by=act.by)
            case Runner():
                self.of(act.on).runner(act.runner)
            case Settings():
                set_settings(self.of(act.on), self.stage.organisation, act.to)

    def of(self, name: str) -> Repository:
        if name not in self.stage.repositories:
            raise ImpossibleError(f"there is no repository {name}; `before` names {', '.join(self.stage.repositories)}")
        return self.stage.repositories[name]

    def _push(self, act: Push) -> None:
        repository = self.of(act.to)
        branch = act.branch or repository.state.default_branch
        self._allowed(repository, f"refs/heads/{branch}", act.by)
        self.commits[act.name] = repository.push(
            act.files, act.message, branch=branch, by=act.by, author=act.author, verified=act.verified,
            parent=self._nowhere(repository) if act.from_nowhere else None,
        )  # fmt: skip

    def _nowhere(self, repository: Repository) -> str:
        """A commit without a parent, as one that was made outside of the history."""
        before = repository.head
        sha = repository.begin({"README.md": "nothing in common\n"})
        repository.state.refs[f"refs/heads/{repository.state.default_branch}"] = before
        return sha

    def _tag(self, act: Tag) -> None:
        repository = self.of(act.on)
        sha = self.commits[act.commit] if act.commit else repository.head
        for tag in act.tags:
            self._allowed(repository, f"refs/tags/{tag}", act.by)
        if act.files:
            sha = repository.commit_beside(act.files, by=act.by)
        repository.push_tags(*act.tags, sha=sha, by=act.by)

    def _propose(self, act: Propose) -> None:
        repository = self.of(act.to)
        fork = repository.fork(act.by) if act.fork else None
        pull = repository.pull_request(act.files, act.title, by=act.by, branch=act.branch, fork=fork, base=act.base)
        self.pulls[act.name] = (repository, pull.number)

    def _merge(self, act: Merge) -> Heard | None:
        repository, number = self.pulls[act.pull]
        pull = repository.issue(number).pull
        assert pull is not None
        if act.approved_by:
            repository.review(number, by=act.approved_by)
        branch = f"refs/heads/{pull.base_ref}"
        if forbids(self.stage, repository, branch, act.by, "required_status_checks"):
            runs = repository.check_runs(pull.head_sha, CHECK)
            if not runs or runs[-1].conclusion not in ("success", "neutral"):
                found = rules(runs[-1]) if runs else ()
                return Heard(Kind.CHECK, self.app.now, found, runs[-1].title or "" if runs else "there is no check")
        if forbids(self.stage, repository, branch, act.by, "pull_request") and not act.approved_by:
            raise ImpossibleError("GitHub would refuse this merge: nobody approved it")
        self.commits[act.name] = repository.merge(number, by=act.by)
        return None

    def _run(self, act: Run) -> Heard | None:
        started = Runs(self.app, self.of(act.on)).start(act)
        self.started[act.name] = started
        return started.stopped

    def _rerun(self, act: Rerun) -> Heard | None:
        before = self.started[act.run]
        started = Runs(self.app, before.repository).again(before.run, act)
        self.started[act.name] = started
        return started.stopped

    def _publish(self, act: Publish) -> None:
        started = self.started.get(act.run or "")
        self.shelf.publish(act, workload_of(started.repository, started.run) if started else None)

    def _allowed(self, repository: Repository, ref: str, who: str) -> None:
        """GitHub would refuse what a ruleset forbids: such an act can not be part of an incident."""
        there = ref in repository.state.refs
        kinds = ("update" if there else "creation", *(("pull_request",) if ref.startswith("refs/heads/") else ()))
        for kind in kinds:
            if forbids(self.stage, repository, ref, who, kind):
                raise ImpossibleError(
                    f"GitHub would refuse this: a ruleset of {repository.full_name} has {kind} for {ref}; "
                    "take the ruleset away in `before`, or let somebody act who may bypass it"
                )
