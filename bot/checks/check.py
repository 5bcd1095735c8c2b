"""What a rule, a condition of the gate or an alert said of what it was shown, and what became of it: one way for all three."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from bot.model.core_types import Outcome
from bot.model.errors import describe_fault
from bot.model.findings import Finding, Unknown

T_contra = TypeVar("T_contra", contravariant=True)


class Check(Protocol[T_contra]):
    """Judges one kind of thing."""

    def applies(self, subject: T_contra, /) -> bool:
        """Whether there is anything to judge."""

    def check(self, subject: T_contra, /) -> Iterator[Finding | Unknown]:
        """Yield what is wrong, and what could not be seen."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """Each thing once; what was said before a judge broke stands."""

    findings: tuple[Finding, ...] = ()
    unknown: tuple[Unknown, ...] = ()
    error: str | None = None  # our own: the kind of error and where in our code, never its text
    applies: bool = True


def run_check(check: Check[T_contra], subject: T_contra) -> CheckResult:
    """Ask a judge. Whatever it raises is our fault: it lets nothing pass, and does not take the others with it."""
    findings: dict[Finding, None] = {}
    unseen: dict[Unknown, None] = {}
    fault, applies = None, True
    try:
        applies = check.applies(subject)
        for said in check.check(subject) if applies else ():
            if isinstance(said, Finding):
                findings[said] = None
            else:
                unseen[said] = None
    except Exception as error:  # noqa: BLE001 - as above
        fault = describe_fault(error)
    return CheckResult(tuple(findings), tuple(unseen), fault, applies)


def outcome_of(result: CheckResult, waived: Sequence[object] = ()) -> Outcome:
    """Give the worst that is so: failed, broken, unknown, waived, passed, not-applicable. `said` is without what is waived."""
    if result.findings:
        return Outcome.FAILED
    if result.error is not None:
        return Outcome.ERROR
    if result.unknown:
        return Outcome.UNKNOWN
    if waived:
        return Outcome.WAIVED
    return Outcome.PASSED if result.applies else Outcome.NOT_APPLICABLE
