"""What was noticed: a change and a policy in, every signal with its reasons out. Pure, as `evaluate` and `decide` are."""

from dataclasses import dataclass, replace

from bot.errors import fault_of
from bot.findings import Finding, Seen, Unseen
from bot.names import Conclusion, Mode, Outcome
from bot.policy import Policy, Standing, Waiver
from bot.signals import Change, Signal


@dataclass(frozen=True, slots=True)
class Noticed:
    """What became of one signal that the change could give."""

    signal: Signal
    outcome: Outcome
    findings: tuple[Finding, ...] = ()  # those that stand
    unseen: tuple[Unseen, ...] = ()
    waivers: tuple[Waiver, ...] = ()  # in force, and covering what else would stand
    fault: str | None = None  # our own: the kind of error and where in our code

    @property
    def asks_for(self) -> Conclusion:
        """What a check run says of it, were it the only one: docs/decisions.md, as of a rule's outcome."""
        enforced = self.signal.mode is Mode.ENFORCE
        match self.outcome:
            case Outcome.FAILED:
                return Conclusion.FAILURE if enforced else Conclusion.NEUTRAL
            case Outcome.UNSEEN | Outcome.BROKEN:
                return Conclusion.ACTION_REQUIRED if enforced else Conclusion.NEUTRAL
            case Outcome.WAIVED:
                approved = all(isinstance(waiver.approval, Seen) for waiver in self.waivers)
                return Conclusion.SUCCESS if approved else Conclusion.NEUTRAL
            case Outcome.PASSED | Outcome.NOT_APPLICABLE:
                return Conclusion.SUCCESS


def notice(change: Change, policy: Policy) -> tuple[Noticed, ...]:
    """Judge a change by the signals in force; those that such a change cannot give are left out.

    A signal that raises is `broken` and does not take the others with it.
    """
    return tuple(found for signal in policy.signals if (found := _judge(signal, change, policy)) is not None)


def _judge(signal: Signal, change: Change, policy: Policy) -> Noticed | None:
    findings: dict[Finding, None] = {}
    unseen: dict[Unseen, None] = {}
    fault = None
    try:
        if not signal.applies(change):
            return None
        for said in signal.check(change):
            if isinstance(said, Finding):
                findings[said] = None
            else:
                unseen[said] = None
    except Exception as error:  # noqa: BLE001 - whatever a signal raises is our fault, and the others are to be heard all the same
        fault = fault_of(error)
    waived = {finding: waiver for finding in findings if (waiver := _waiver(signal, finding, change, policy))}
    standing = tuple(finding for finding in findings if finding not in waived)
    noticed = Noticed(signal, Outcome.PASSED, standing, tuple(unseen), tuple(dict.fromkeys(waived.values())), fault)
    return replace(noticed, outcome=_outcome(noticed))


def _outcome(noticed: Noticed) -> Outcome:
    if noticed.findings:
        return Outcome.FAILED
    if noticed.fault is not None:
        return Outcome.BROKEN
    if noticed.unseen:
        return Outcome.UNSEEN
    return Outcome.WAIVED if noticed.waivers else Outcome.PASSED


def _waiver(signal: Signal, finding: Finding, change: Change, policy: Policy) -> Waiver | None:
    day = change.taken_at.date()
    for waiver in policy.waivers:
        covers = waiver.covers(signal.name, finding.place, finding.about)
        if covers and waiver.standing(day, policy.longest_waiver) in (Standing.FOLLOWED, Standing.ENDING):
            return waiver
    return None
