"""Hears what the App says while a story is played: red checks, refused releases, issues and alarms, each once."""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from html import unescape

from bot.evaluation.gate_decision import Verdict
from bot.rendering.markdown import JOINER
from bot.rendering.marker import ALARM, DIGEST, SIGNAL, Marker, digest
from handlers.records.gate_store import GateBook
from tests.fakes.github.fake_github import StandIn
from tests.fakes.github.state.checks import CheckRun
from tests.fakes.github.state.issues import Issue
from tests.incidents.app_in_process import App
from tests.incidents.incident_world import Stage

RED = {"failure", "action_required", "timed_out"}
NAME = re.compile(r"[a-z]+(?:-[a-z]+)*")
HEADING = re.compile(r"^### <code>([a-z-]+)</code>", re.MULTILINE)


class Kind(StrEnum):
    """What people hear it from."""

    CHECK = "check"
    GATE = "gate"
    ISSUE = "issue"
    ALARM = "alarm"


@dataclass(frozen=True, slots=True)
class Heard:
    """One thing that was said, when, and for which rules, conditions or kinds of alarm."""

    kind: Kind
    at: float
    by: tuple[str, ...]
    words: str


@dataclass
class Ears:
    """What was heard so far, oldest first."""

    app: App
    stage: Stage
    heard: list[Heard] = field(default_factory=list)
    _known: set[str] = field(default_factory=set)

    @property
    def github(self) -> StandIn:
        return self.app.github

    def listen(self) -> None:
        """Take in what is new."""
        for decided in GateBook(self.app.redis).history():
            if decided.verdict is Verdict.REJECTED:
                key = f"gate {decided.run} {decided.attempt} {decided.environment}"
                self._hear(key, Kind.GATE, conditions(decided.reasons), "; ".join(decided.reasons))
        for repository in self.stage.all:
            for run in repository.state.checks.runs.values():
                if run.conclusion in RED and run.app == self.github.app.id:
                    self._hear(f"check {run.id} {run.writes}", Kind.CHECK, rules(run), run.title or "")
            for issue in repository.issues:
                if issue.app == self.github.app.id and issue.state == "open" and not is_digest(issue):
                    words = shown(issue)
                    self._hear(f"issue {issue.id} {digest(words)}", *told(issue), words)

    def alarms(self) -> list[Heard]:
        return [each for each in self.heard if each.kind is Kind.ALARM]

    def take(self) -> list[Heard]:
        """Give what was heard so far, and begin anew."""
        heard, self.heard = self.heard, []
        return heard

    def _hear(self, key: str, kind: Kind, by: tuple[str, ...], words: str) -> None:
        if key not in self._known:
            self._known.add(key)
            self.heard.append(Heard(kind, self.app.now, by, words))


def conditions(reasons: tuple[str, ...]) -> tuple[str, ...]:
    """Say which conditions a decision's reasons name: each begins with one."""
    return tuple(dict.fromkeys(reason.partition(":")[0] for reason in reasons))


def rules(run: CheckRun) -> tuple[str, ...]:
    """Say which rules a check run's annotations are about: each title begins with one."""
    titles = (str(note["title"]).partition(":")[0] for note in run.annotations)
    return tuple(dict.fromkeys(title for title in titles if NAME.fullmatch(title)))


def is_digest(issue: Issue) -> bool:
    """Whether it is the report of a period, which comes whatever happens."""
    marker = Marker.read(issue.body or "")
    return marker is not None and marker.kind == DIGEST


def shown(issue: Issue) -> str:
    """What people read: the title, the body and what was said below it."""
    text = "\n".join([issue.title, issue.body or "", *(each.body for each in issue.comments)])
    return unescape(text).replace(JOINER, "")


def told(issue: Issue) -> tuple[Kind, tuple[str, ...]]:
    """Say what an issue of ours is, by its hidden marker: an alarm bears its kind there, signals stand in its headings."""
    body = issue.body or ""
    marker = Marker.read(body)
    if marker is None:
        return Kind.ISSUE, ()
    if marker.kind == ALARM:
        return Kind.ALARM, (marker.subject.rpartition("-")[0],)
    if marker.kind == SIGNAL:
        return Kind.ALARM, tuple(
            dict.fromkeys(HEADING.findall("\n".join([body, *(each.body for each in issue.comments)])))
        )
    return Kind.ISSUE, (marker.kind,)
