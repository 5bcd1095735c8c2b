"""Hears what the App says while a story is played: red checks, refused releases, issues and alerts, each once."""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from html import unescape

from bot.evaluation.gate_decision import GateVerdict
from bot.rendering.markdown import (
    CHANGE_ALERT_ISSUE,
    DIGEST_ISSUE,
    PACKAGE_ALERT_ISSUE,
    WORD_JOINER,
    HiddenMetadata,
    text_fingerprint,
)
from handlers.records.gate_store import GateStore
from tests.fakes.github.fake_github import FakeGitHub
from tests.fakes.github.state.checks import FakeCheckRun
from tests.fakes.github.state.issues import FakeIssue
from tests.incidents.app_in_process import InProcessApp
from tests.incidents.incident_world import IncidentWorld

FAILING_CONCLUSIONS = {"failure", "action_required", "timed_out"}
RULE_NAME = re.compile(r"[a-z]+(?:-[a-z]+)*")
ALERT_HEADING = re.compile(r"^#### ❌ <code>([a-z-]+)</code>", re.MULTILINE)


class ReactionKind(StrEnum):
    """What people hear it from."""

    CHECK = "check"
    GATE = "gate"
    ISSUE = "issue"
    ALERT = "alert"


@dataclass(frozen=True, slots=True)
class Reaction:
    """One thing that was said, when, and for which rules, conditions or kinds of alert."""

    kind: ReactionKind
    at: float
    by: tuple[str, ...]
    text: str


@dataclass
class Observer:
    """What was heard so far, oldest first."""

    app: InProcessApp
    world: IncidentWorld
    reactions: list[Reaction] = field(default_factory=list)
    _seen_keys: set[str] = field(default_factory=set)

    @property
    def github(self) -> FakeGitHub:
        return self.app.github

    def observe(self) -> None:
        """Take in what is new."""
        for decided in GateStore(self.app.records).decisions():
            if decided.verdict is GateVerdict.REJECTED:
                key = f"gate {decided.run} {decided.attempt} {decided.environment}"
                self._note(key, ReactionKind.GATE, conditions_in(decided.reasons), "; ".join(decided.reasons))
        for repository in self.world.all_repositories:
            for run in repository.state.checks.runs.values():
                if run.conclusion in FAILING_CONCLUSIONS and run.app == self.github.app.id:
                    self._note(f"check {run.id} {run.write_count}", ReactionKind.CHECK, rules_in(run), run.title or "")
            for issue in repository.issues:
                if issue.app == self.github.app.id and issue.state == "open" and not is_digest(issue):
                    words = issue_text(issue)
                    self._note(f"issue {issue.id} {text_fingerprint(words)}", *kind_of_issue(issue), words)

    def alerts(self) -> list[Reaction]:
        return [each for each in self.reactions if each.kind is ReactionKind.ALERT]

    def take(self) -> list[Reaction]:
        """Give what was heard so far, and begin anew."""
        heard, self.reactions = self.reactions, []
        return heard

    def _note(self, key: str, kind: ReactionKind, by: tuple[str, ...], text: str) -> None:
        if key not in self._seen_keys:
            self._seen_keys.add(key)
            self.reactions.append(Reaction(kind, self.app.now, by, text))


def conditions_in(reasons: tuple[str, ...]) -> tuple[str, ...]:
    """Say which conditions a decision's reasons name: each begins with one."""
    return tuple(dict.fromkeys(reason.partition(":")[0] for reason in reasons))


def rules_in(run: FakeCheckRun) -> tuple[str, ...]:
    """Say which rules a check run's annotations are about: each title begins with one."""
    titles = (str(note["title"]).partition(":")[0] for note in run.annotations)
    return tuple(dict.fromkeys(title for title in titles if RULE_NAME.fullmatch(title)))


def is_digest(issue: FakeIssue) -> bool:
    """Whether it is the report of a period, which comes whatever happens."""
    marker = HiddenMetadata.parse(issue.body or "")
    return marker is not None and marker.kind == DIGEST_ISSUE


def issue_text(issue: FakeIssue) -> str:
    """What people read: the title, the body and what was said below it."""
    text = "\n".join([issue.title, issue.body or "", *(each.body for each in issue.comments)])
    return unescape(text).replace(WORD_JOINER, "")


def kind_of_issue(issue: FakeIssue) -> tuple[ReactionKind, tuple[str, ...]]:
    """Say what an issue of ours is, by its hidden marker: an alert bears its kind there, alerts stand in its headings."""
    body = issue.body or ""
    marker = HiddenMetadata.parse(body)
    if marker is None:
        return ReactionKind.ISSUE, ()
    if marker.kind == PACKAGE_ALERT_ISSUE:
        return ReactionKind.ALERT, (marker.subject.rpartition("-")[0],)
    if marker.kind == CHANGE_ALERT_ISSUE:
        return ReactionKind.ALERT, tuple(
            dict.fromkeys(ALERT_HEADING.findall("\n".join([body, *(each.body for each in issue.comments)])))
        )
    return ReactionKind.ISSUE, (marker.kind,)
