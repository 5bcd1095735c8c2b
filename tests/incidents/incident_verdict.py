"""What a timeline comes to: each harmful act has to be stopped, or people have to be told of it in time. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.incidents.incident import AnyAct, Must, Outcome, Publish
from tests.incidents.observer import Heard


@dataclass(frozen=True, slots=True)
class Harm:
    """A harmful act, when it was tried, and what stopped it."""

    act: AnyAct
    at: float
    stopped: Heard | None

    def answer(self, alarms: Sequence[Heard]) -> Heard | None:
        """Say what stopped it, or the first alarm after it; one about a version has to name the version."""
        if self.stopped is not None:
            return self.stopped
        version = self.act.version if isinstance(self.act, Publish) else ""
        return next((each for each in alarms if each.at >= self.at and version in each.words), None)


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a timeline."""

    outcome: Outcome | None = None  # None: of a clean twin, which has none
    seconds: float | None = None  # from the first act until something was stopped or told
    longest: float | None = None  # that a harmful act was without an answer, in seconds
    by: tuple[str, ...] = ()  # rules, conditions, signals, kinds of alarm
    wrong: tuple[str, ...] = ()  # why this is not as it must be, in words


def verdict(harms: Sequence[Harm], alarms: Sequence[Heard], must: Must, first: float) -> Result:
    """Judge a timeline that was played."""
    answers = [(harm, harm.answer(alarms)) for harm in harms]
    told = [(harm, each) for harm, each in answers if each is not None]
    unanswered = [
        f"nothing stopped line {harm.act.line}, and nobody was told" for harm, each in answers if each is None
    ]
    if not told:
        return Result(Outcome.MISSED, wrong=tuple(unanswered) or ("no act of it does harm",))
    outcome = Outcome.PREVENTED if all(harm.stopped for harm in harms) else Outcome.ALARMED
    outcome = Outcome.MISSED if unanswered else outcome
    heard = sorted({*(each for _, each in told), *alarms}, key=lambda each: each.at)
    seconds, longest = heard[0].at - first, max(max(0.0, each.at - harm.at) for harm, each in told)
    by = tuple(dict.fromkeys(name for each in heard for name in each.by))
    wrong = list(unanswered)
    if must.outcome is Outcome.PREVENTED and outcome is not Outcome.PREVENTED:
        wrong.append("it had to be prevented")
    if max(seconds, longest) > must.within:
        wrong.append(f"it took {max(seconds, longest):.0f} s, and may take {must.within:.0f}")
    if not set(by) & set(must.by):
        wrong.append(f"none of {', '.join(must.by)} did it")
    return Result(outcome, seconds, longest, by, tuple(wrong))
