"""Plays a timeline: each act when it is due, what the App does about it in between, and what that comes to."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from bot.packages.versions import Package
from tests.fakes.github.fake_github import StandIn
from tests.fakes.registries import Registries
from tests.incidents.app_in_process import App, running
from tests.incidents.fake_registry import Shelf
from tests.incidents.fields import FormatError, ImpossibleError
from tests.incidents.incident import AnyAct, Before, Publish, Twin, Wave
from tests.incidents.incident_actions import Deeds
from tests.incidents.incident_verdict import Harm, Result, verdict
from tests.incidents.incident_world import set_up
from tests.incidents.observer import Ears, Heard

AFTER = 1000.0  # seconds that a clean story goes on: what is pending at its end would have become an alarm by then
BASELINE = 1.0  # seconds between the last look and what it would have seen: nothing was just about to be seen
MOST_PATIENCE = 600.0  # seconds to wait for a look at a registry, before the story begins without


@dataclass
class Play:
    """A timeline under way."""

    app: App
    deeds: Deeds
    ears: Ears
    timeline: tuple[AnyAct, ...]
    file: str
    first: float = 0.0
    before: list[Heard] = field(default_factory=list)  # of what was wrong before the first act
    stopped: dict[int, Heard] = field(default_factory=dict)  # by the act's place

    def play(self, until: float) -> None:
        """Play all acts, and go on until so many seconds after the first."""
        self.app.settle_in()
        self.first = self._beginning()
        self.ears.listen()
        self.before = self.ears.take()
        for place, act in enumerate(self.timeline):
            self.wait(self.first + act.at)
            self.act(place, act)
        self.wait(self.first + until)

    def _beginning(self) -> float:
        """Say when the first act is: so that the first version appears just after its registry was asked, where there is one."""
        act = next((act for act in self.timeline if isinstance(act, Publish)), None)
        if act is None:
            return self.app.now + BASELINE
        looks = [self._next_look(act.package), self._next_look(act.package)]
        every = looks[1] - looks[0]
        return looks[1] + BASELINE if act.at >= every else looks[1] + every + BASELINE - act.at

    def _next_look(self, package: Package) -> float:
        """Let time pass until the App asks a registry for a package; where it does not within some minutes, it does not watch it."""
        asked = self.deeds.shelf.registries.asked
        until = self.app.now + MOST_PATIENCE
        while self.app.now < until:
            known = len(asked)
            self.app.pass_until(self.app.next_tick())
            self.app.tick()
            if any(each.registry == package.registry for each in asked[known:]):
                return self.app.now
        return self.app.now

    def wait(self, moment: float) -> None:
        """Let time pass until then, with all that is due on the way."""
        while (due := self.app.next_tick()) <= moment:
            self.app.pass_until(due)
            self.app.tick()
            self.ears.listen()
        if moment > self.app.now:
            self.app.pass_until(moment)

    def act(self, place: int, act: AnyAct) -> None:
        """Do one thing, unless what it needs was stopped, and let the App hear of it."""
        names = {self.timeline[each].name: heard for each, heard in self.stopped.items()}
        never = (name for name in act.recalls if name not in self.deeds.started)
        heard = next((names[name] for name in (*act.needs, *act.means, *never) if name in names), None)
        if heard is None:
            try:
                heard = self.deeds.do(act)
            except (ImpossibleError, AssertionError) as error:  # the stand-in's stories assert what GitHub would refuse
                raise FormatError(f"{self.file}:{act.line}: {error}") from error
            self.app.work()
        if heard is not None:
            self.stopped[place] = heard
        self.ears.listen()


def attack(wave: Wave, redis_url: str) -> Result:
    """Play what happened."""
    with neighbours(redis_url) as (app, shelf):
        last = max((act.at for act in wave.timeline if act.harm), default=0.0)
        play = _play(app, shelf, wave.before, wave.timeline, until=last + wave.must.within)
        harms = tuple(
            Harm(act, play.first + act.at, play.stopped.get(place))
            for place, act in enumerate(play.timeline)
            if act.harm
        )
        result = verdict(harms, play.ears.alarms(), wave.must, play.first)
        return replace(result, wrong=(*result.wrong, *_faults(play)))


def clean(twin: Twin, redis_url: str) -> Result:
    """Play the same done rightly; whatever is heard is wrong."""
    with neighbours(redis_url) as (app, shelf):
        play = _play(app, shelf, twin.before, twin.timeline, until=twin.timeline[-1].at + AFTER)
        heard = [f"{each.kind} before the first act ({', '.join(each.by)}): {each.words}" for each in play.before]
        heard += [
            f"{each.kind} after {each.at - play.first:.0f} s ({', '.join(each.by)}): {each.words}"
            for each in play.ears.heard
        ]
        stopped = [
            f"the act on line {twin.timeline[place].line} was stopped: {each.words}"
            for place, each in play.stopped.items()
        ]
        return Result(wrong=(*heard, *stopped, *_faults(play)))


def _play(app: App, shelf: Shelf, before: Before, timeline: tuple[AnyAct, ...], until: float) -> Play:
    try:
        stage = set_up(app.github, before, app.worker.context.catalogue)
    except ImpossibleError as error:
        raise FormatError(f"{before.file}:{before.line}: {error}") from error
    shelf.fill(before)
    app.github.install(stage.organisation)
    ears = Ears(app, stage)
    play = Play(app, Deeds(app, stage, shelf), ears, timeline, before.file)
    play.play(until)
    return play


@contextmanager
def neighbours(redis_url: str) -> Iterator[tuple[App, Shelf]]:
    """Open a GitHub, registries and an App that knows them, all at one time."""
    with StandIn() as github, Registries(github.clock.moment) as registries:
        shelf = Shelf(registries, github.clock)
        with running(github, registries.addresses, shelf.roots, redis_url) as app:
            yield app, shelf


def _faults(play: Play) -> tuple[str, ...]:
    """Say what went wrong between the App and its neighbours, or within it."""
    github = play.app.github
    refused = [each for each in github.deliveries if each.headers and each.status_code != 202]
    return (
        *(f"GitHub's contract was broken: {each}" for each in github.violations),
        *(f"the stand-in lacks {each}" for each in github.lacking),
        *(f"a registry was asked what it does not know: {each}" for each in play.deeds.shelf.registries.violations),
        *(f"the delivery {each.event} was answered {each.status_code}" for each in refused),
        *play.app.given_up(),
    )
