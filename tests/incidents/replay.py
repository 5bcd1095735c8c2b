"""Plays a timeline: each act when it is due, what the App does about it in between, and what that comes to."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from bot.packages.versions import Package
from tests.fakes.github.fake_github import FakeGitHub
from tests.fakes.registries import FakeRegistries
from tests.incidents.app_in_process import InProcessApp, running_in_process
from tests.incidents.fake_registry import FakeRegistry
from tests.incidents.incident import AnyAct, AttackWave, CleanTwin, InitialState, PublishAct
from tests.incidents.incident_actions import IncidentActions
from tests.incidents.incident_file import ImpossibleActError, IncidentFormatError
from tests.incidents.incident_verdict import HarmfulAct, IncidentResult, outcome_of
from tests.incidents.incident_world import set_up
from tests.incidents.observer import Observer, Reaction

AFTER = 1000.0  # seconds that a clean story goes on: what is pending at its end would have become an alert by then
BASELINE = 1.0  # seconds between the last look and what it would have seen: nothing was just about to be seen
MAX_REGISTRY_WAIT = 600.0  # seconds to wait for a look at a registry, before the story begins without


@dataclass
class TimelineReplay:
    """A timeline under way."""

    app: InProcessApp
    actions: IncidentActions
    observer: Observer
    timeline: tuple[AnyAct, ...]
    file: str
    started_at: float = 0.0
    earlier_reactions: list[Reaction] = field(default_factory=list)  # of what was wrong before the first act
    stopped: dict[int, Reaction] = field(default_factory=dict)  # by the act's place

    def run(self, until: float) -> None:
        """Play all acts, and go on until so many seconds after the first."""
        self.app.run_first_minutes()
        self.started_at = self._first_act_time()
        self.observer.observe()
        self.earlier_reactions = self.observer.take()
        for place, act in enumerate(self.timeline):
            self.run_until(self.started_at + act.at)
            self.act(place, act)
        self.run_until(self.started_at + until)

    def _first_act_time(self) -> float:
        """Say when the first act is: so that the first version appears just after its registry was asked, where there is one."""
        act = next((act for act in self.timeline if isinstance(act, PublishAct)), None)
        if act is None:
            return self.app.now + BASELINE
        looks = [self._next_registry_request(act.package), self._next_registry_request(act.package)]
        every = looks[1] - looks[0]
        return looks[1] + BASELINE if act.at >= every else looks[1] + every + BASELINE - act.at

    def _next_registry_request(self, package: Package) -> float:
        """Let time pass until the App asks a registry for a package; where it does not within some minutes, it does not watch it."""
        asked = self.actions.fake_registry.registries.asked
        until = self.app.now + MAX_REGISTRY_WAIT
        while self.app.now < until:
            known = len(asked)
            self.app.advance_to(self.app.next_tick())
            self.app.run_due_jobs()
            if any(each.registry == package.registry for each in asked[known:]):
                return self.app.now
        return self.app.now

    def run_until(self, time: float) -> None:
        """Let time pass until then, with all that is due on the way."""
        while (due := self.app.next_tick()) <= time:
            self.app.advance_to(due)
            self.app.run_due_jobs()
            self.observer.observe()
        if time > self.app.now:
            self.app.advance_to(time)

    def act(self, position: int, act: AnyAct) -> None:
        """Do one thing, unless what it needs was stopped, and let the App hear of it."""
        names = {self.timeline[each].name: heard for each, heard in self.stopped.items()}
        never = (name for name in act.runs_needed if name not in self.actions.started)
        heard = next((names[name] for name in (*act.requires, *act.acts_needed, *never) if name in names), None)
        if heard is None:
            try:
                heard = self.actions.perform(act)
            except (
                ImpossibleActError,
                AssertionError,
            ) as error:  # the stand-in's stories assert what GitHub would refuse
                raise IncidentFormatError(f"{self.file}:{act.line}: {error}") from error
            self.app.work_until_idle()
        if heard is not None:
            self.stopped[position] = heard
        self.observer.observe()


def replay_attack(wave: AttackWave, redis_url: str) -> IncidentResult:
    """Play what happened."""
    with fake_services(redis_url) as (app, shelf):
        last = max((act.at for act in wave.timeline if act.is_harmful), default=0.0)
        play = _replay(app, shelf, wave.before, wave.timeline, until=last + wave.expected.within)
        harms = tuple(
            HarmfulAct(act, play.started_at + act.at, play.stopped.get(place))
            for place, act in enumerate(play.timeline)
            if act.is_harmful
        )
        result = outcome_of(harms, play.observer.alerts(), wave.expected, play.started_at)
        return replace(result, problems=(*result.problems, *_faults(play)))


def replay_clean_twin(twin: CleanTwin, redis_url: str) -> IncidentResult:
    """Play the same done rightly; whatever is heard is wrong."""
    with fake_services(redis_url) as (app, shelf):
        play = _replay(app, shelf, twin.before, twin.timeline, until=twin.timeline[-1].at + AFTER)
        heard = [
            f"{each.kind} before the first act ({', '.join(each.by)}): {each.text}" for each in play.earlier_reactions
        ]
        heard += [
            f"{each.kind} after {each.at - play.started_at:.0f} s ({', '.join(each.by)}): {each.text}"
            for each in play.observer.reactions
        ]
        stopped = [
            f"the act on line {twin.timeline[place].line} was stopped: {each.text}"
            for place, each in play.stopped.items()
        ]
        return IncidentResult(problems=(*heard, *stopped, *_faults(play)))


def _replay(
    app: InProcessApp, fake_registry: FakeRegistry, before: InitialState, timeline: tuple[AnyAct, ...], until: float
) -> TimelineReplay:
    try:
        stage = set_up(app.github, before, app.worker.context.catalog)
    except ImpossibleActError as error:
        raise IncidentFormatError(f"{before.file}:{before.line}: {error}") from error
    fake_registry.publish_initial(before)
    app.github.install(stage.organization)
    ears = Observer(app, stage)
    play = TimelineReplay(app, IncidentActions(app, stage, fake_registry), ears, timeline, before.file)
    play.run(until)
    return play


@contextmanager
def fake_services(redis_url: str) -> Iterator[tuple[InProcessApp, FakeRegistry]]:
    """Open a GitHub, registries and an App that knows them, all at one time."""
    with FakeGitHub() as github, FakeRegistries(github.clock.utc_now) as registries:
        shelf = FakeRegistry(registries, github.clock)
        with running_in_process(github, registries.addresses, shelf.roots, redis_url) as app:
            yield app, shelf


def _faults(play: TimelineReplay) -> tuple[str, ...]:
    """Say what went wrong between the App and its neighbours, or within it."""
    github = play.app.github
    refused = [each for each in github.deliveries if each.headers and each.status_code != 202]
    return (
        *(f"GitHub's contract was broken: {each}" for each in github.contract_violations),
        *(f"the stand-in lacks {each}" for each in github.missing_operations),
        *(
            f"a registry was asked what it does not know: {each}"
            for each in play.actions.fake_registry.registries.violations
        ),
        *(f"the delivery {each.event} was answered {each.status_code}" for each in refused),
        *play.app.failed_jobs(),
    )
