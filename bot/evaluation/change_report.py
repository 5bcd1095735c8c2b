"""What was noticed: a change and a policy in, what is to be heard of it out. Pure, as `evaluate` and `decide` are."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

from bot.checks.alerts import Change, Signal
from bot.checks.check import Said, hear, outcome_of
from bot.model.core_types import Conclusion, FullName, Mode, Outcome, RuleName, Severity, Sha, concluded
from bot.model.findings import Finding, Seen, Unseen
from bot.policy import Policy
from bot.policy.apply_waivers import waiver_for


@dataclass(frozen=True, slots=True)
class Noticed:
    """What became of one signal that the change could give, before any waiver."""

    signal: Signal
    findings: tuple[Finding, ...] = ()
    unseen: tuple[Unseen, ...] = ()
    fault: str | None = None  # our own: the kind of error and where in our code

    @property
    def outcome(self) -> Outcome:
        return outcome_of(Said(self.findings, self.unseen, self.fault))


@dataclass(frozen=True, slots=True)
class Heard:
    """What is kept of a signal and told in reports; `waived` are findings that a waiver in force covers."""

    name: RuleName
    title: str
    severity: Severity
    mode: Mode
    alarm: bool
    findings: tuple[Finding, ...] = ()  # those that stand
    unseen: tuple[Unseen, ...] = ()
    fault: str | None = None
    waived: tuple[Finding, ...] = ()
    approved: bool = True  # each waiver was seen to be approved by another person

    @property
    def outcome(self) -> Outcome:
        return outcome_of(Said(self.findings, self.unseen, self.fault), self.waived)

    @property
    def conclusion(self) -> Conclusion:
        """What a check run says of it, were it the only one: as of a rule's outcome (docs/decisions.md)."""
        said = concluded(self.outcome, self.mode, approved=self.approved)
        return said or Conclusion.SUCCESS

    @property
    def alarming(self) -> bool:
        """Whether people have to hear of it at once."""
        return self.alarm and self.outcome is Outcome.FAILED


@dataclass(frozen=True, slots=True)
class News:
    """One change and what is to be heard of it; what passed is not worth a word."""

    repository: FullName
    what: str  # "mallory pushed the branch tidy"
    commit: Sha
    at: datetime
    heard: tuple[Heard, ...] = ()

    @property
    def alarming(self) -> tuple[Heard, ...]:
        """The signals of which people have to hear at once."""
        return tuple(each for each in self.heard if each.alarming)


def notice(change: Change, policy: Policy) -> tuple[Noticed, ...]:
    """Judge a change by the signals in force; those that such a change cannot give are left out.

    A signal that raises is `broken` and does not take the others with it.
    """
    return tuple(found for signal in policy.signals if (found := _judge(signal, change)) is not None)


def news_of(change: Change, what: str, commit: Sha, noticed: Iterable[Noticed]) -> News:
    """Keep of a change what did not pass."""
    heard = tuple(
        Heard(one.signal.name, one.signal.title(), one.signal.severity, one.signal.mode, one.signal.alarm, one.findings, one.unseen, one.fault)
        for one in noticed
        if one.outcome is not Outcome.PASSED
    )  # fmt: skip
    return News(change.repository, what, commit, change.taken_at, heard)


def weighed(news: News, policy: Policy, day: date) -> News:
    """Weigh news by the policy that is in force on a day: what is off is not heard, what is waived does not stand."""
    signals = {signal.name: signal for signal in policy.signals}
    heard = (_weighed(one, signals[one.name], policy, day) for one in news.heard if one.name in signals)
    return replace(news, heard=tuple(heard))


def _judge(signal: Signal, change: Change) -> Noticed | None:
    said = hear(signal, change)
    return Noticed(signal, said.findings, said.unseen, said.fault) if said.applies else None


def _weighed(heard: Heard, signal: Signal, policy: Policy, day: date) -> Heard:
    found = (*heard.findings, *heard.waived)
    waivers = {finding: waiver for finding in found if (waiver := waiver_for(heard.name, finding, policy, day))}
    return replace(
        heard,
        severity=signal.severity,
        mode=signal.mode,
        alarm=signal.alarm,
        findings=tuple(finding for finding in found if finding not in waivers),
        waived=tuple(waivers),
        approved=all(isinstance(waiver.approval, Seen) for waiver in waivers.values()),
    )
