"""What a timeline comes to: each harmful act has to be stopped, or people have to be told of it in time. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.incidents.incident import AnyAct, ExpectedOutcome, IncidentOutcome, PublishAct
from tests.incidents.observer import Reaction


@dataclass(frozen=True, slots=True)
class HarmfulAct:
    """A harmful act, when it was tried, and what stopped it."""

    act: AnyAct
    performed_at: float
    stopped: Reaction | None

    def reaction(self, alerts: Sequence[Reaction]) -> Reaction | None:
        """Say what stopped it, or the first alert after it. A version's alert has to name the version, and may come before it."""
        if self.stopped is not None:
            return self.stopped
        if isinstance(self.act, PublishAct):
            return next((each for each in alerts if self.act.version in each.text), None)
        return next((each for each in alerts if each.at >= self.performed_at), None)


@dataclass(frozen=True, slots=True)
class IncidentResult:
    """What came of a timeline."""

    outcome: IncidentOutcome | None = None  # None: of a clean twin, which has none
    seconds: float | None = None  # from the first act until something was stopped or told
    longest: float | None = None  # that a harmful act was without an answer, in seconds
    by: tuple[str, ...] = ()  # rules, conditions, alerts, kinds of alert
    problems: tuple[str, ...] = ()  # why this is not as it must be, in words


def outcome_of(
    harms: Sequence[HarmfulAct], alerts: Sequence[Reaction], expected: ExpectedOutcome, started_at: float
) -> IncidentResult:
    """Judge a timeline that was played."""
    answers = [(harm, harm.reaction(alerts)) for harm in harms]
    told = [(harm, each) for harm, each in answers if each is not None]
    unanswered = [
        f"nothing stopped line {harm.act.line}, and nobody was told" for harm, each in answers if each is None
    ]
    if not told:
        return IncidentResult(IncidentOutcome.MISSED, problems=tuple(unanswered) or ("no act of it does harm",))
    outcome = IncidentOutcome.PREVENTED if all(harm.stopped for harm in harms) else IncidentOutcome.ALERTED
    outcome = IncidentOutcome.MISSED if unanswered else outcome
    heard = sorted({*(each for _, each in told), *alerts}, key=lambda each: each.at)
    seconds, longest = heard[0].at - started_at, max(max(0.0, each.at - harm.performed_at) for harm, each in told)
    by = tuple(dict.fromkeys(name for each in heard for name in each.by))
    wrong = list(unanswered)
    if expected.outcome is IncidentOutcome.PREVENTED and outcome is not IncidentOutcome.PREVENTED:
        wrong.append("it had to be prevented")
    if max(seconds, longest) > expected.within:
        wrong.append(f"it took {max(seconds, longest):.0f} s, and may take {expected.within:.0f}")
    if not set(by) & set(expected.by):
        wrong.append(f"none of {', '.join(expected.by)} did it")
    return IncidentResult(outcome, seconds, longest, by, tuple(wrong))
