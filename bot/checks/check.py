"""What a rule, a condition of the gate or a signal said of what it was shown, and what became of it: one way for all three."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from bot.model.core_types import Outcome
from bot.model.errors import fault_of
from bot.model.findings import Finding, Unseen

T_contra = TypeVar("T_contra", contravariant=True)


class Judge(Protocol[T_contra]):
    """Judges one kind of thing."""

    def applies(self, subject: T_contra, /) -> bool:
        """Whether there is anything to judge."""

    def check(self, subject: T_contra, /) -> Iterator[Finding | Unseen]:
        """Yield what is wrong, and what could not be seen."""


@dataclass(frozen=True, slots=True)
class Said:
    """Each thing once; what was said before a judge broke stands."""

    findings: tuple[Finding, ...] = ()
    unseen: tuple[Unseen, ...] = ()
    fault: str | None = None  # our own: the kind of error and where in our code, never its text
    applies: bool = True


def hear(judge: Judge[T_contra], subject: T_contra) -> Said:
    """Ask a judge. Whatever it raises is our fault: it lets nothing pass, and does not take the others with it."""
    findings: dict[Finding, None] = {}
    unseen: dict[Unseen, None] = {}
    fault, applies = None, True
    try:
        applies = judge.applies(subject)
        for said in judge.check(subject) if applies else ():
            if isinstance(said, Finding):
                findings[said] = None
            else:
                unseen[said] = None
    except Exception as error:  # noqa: BLE001 - as above
        fault = fault_of(error)
    return Said(tuple(findings), tuple(unseen), fault, applies)


def outcome_of(said: Said, waived: Sequence[object] = ()) -> Outcome:
    """Give the worst that is so: failed, broken, unseen, waived, passed, not-applicable. `said` is without what is waived."""
    if said.findings:
        return Outcome.FAILED
    if said.fault is not None:
        return Outcome.BROKEN
    if said.unseen:
        return Outcome.UNSEEN
    if waived:
        return Outcome.WAIVED
    return Outcome.PASSED if said.applies else Outcome.NOT_APPLICABLE
