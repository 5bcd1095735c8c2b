"""Runs checks on a subject: applies waivers, leaves out what a requirement reports already, and turns exceptions into errors."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Generic, TypeAlias, TypeVar

from bot.checks.check import Check, Consequence, Judgment
from bot.model.core_types import Outcome, RuleName
from bot.model.errors import describe_fault
from bot.model.findings import Finding, Unknown
from bot.model.waiver import DEFAULT_MAX_WAIVER_DURATION, Waiver, WaiverStatus

AnyCheck = TypeVar("AnyCheck", bound=Check[Any])

_ACTIVE_STATUSES = (WaiverStatus.ACTIVE, WaiverStatus.EXPIRING)
_Place: TypeAlias = tuple[str, str | None, str | None]  # the file, job and environment of one publication


@dataclass(frozen=True, slots=True)
class WaiverMatch:
    """A finding, a waiver that covers it, and the waiver's status on the day of the judgment."""

    finding: Finding
    waiver: Waiver
    status: WaiverStatus


@dataclass(frozen=True, slots=True)
class Waivers:
    """The waivers of a policy on one day. Without a day none is in force, because nobody knows whether it has expired."""

    waivers: tuple[Waiver, ...] = ()
    max_duration: timedelta = DEFAULT_MAX_WAIVER_DURATION
    day: date | None = None

    def matches(self, name: RuleName, finding: Finding, located: Finding) -> tuple[WaiverMatch, ...]:
        """Return the waivers that cover a finding; `located` is the finding with the place and subject that they compare."""
        if self.day is None:
            return ()
        covering = (each for each in self.waivers if each.covers(name, located.location, located.subject))
        return tuple(WaiverMatch(finding, each, each.status(self.day, self.max_duration)) for each in covering)

    def active(self, name: RuleName, finding: Finding) -> Waiver | None:
        """Return the waiver in force that covers a finding and lasts longest."""
        match = _longest_active(self.matches(name, finding, finding))
        return None if match is None else match.waiver


NO_WAIVERS = Waivers()


@dataclass(frozen=True, slots=True)
class CheckResult(Generic[AnyCheck]):
    """What became of one check. A check that raised keeps the findings that it made before."""

    check: AnyCheck
    findings: tuple[Finding, ...] = ()  # those that stand: not waived, and not reported by a requirement
    unknown: tuple[Unknown, ...] = ()
    error: str | None = None  # our own fault: the kind of error and its place in our code, never its text
    waived: tuple[WaiverMatch, ...] = ()
    ineffective_waivers: tuple[WaiverMatch, ...] = ()  # waivers that cover a finding and are not in force: expired, say
    see: tuple[RuleName, ...] = ()  # requirements that report the cause of findings that this check left out
    applies: bool = True

    @property
    def waivers(self) -> tuple[Waiver, ...]:
        """The waivers in force that cover what would stand without them."""
        return tuple(dict.fromkeys(match.waiver for match in self.waived))

    @property
    def outcome(self) -> Outcome:
        """What became of the check. One that left findings out did not pass: its requirement failed."""
        outcome = worst_outcome(self.findings, self.error, self.unknown, self.waived)
        judged = self.applies and not self.see
        return Outcome.NOT_APPLICABLE if outcome is Outcome.PASSED and not judged else outcome


def worst_outcome(
    findings: Sequence[Finding], error: str | None, unknown: Sequence[Unknown], waived: Sequence[object]
) -> Outcome:
    """Return the worst that is so; `findings` are without those that are waived."""
    if findings:
        return Outcome.FAILED
    if error is not None:
        return Outcome.ERROR
    if unknown:
        return Outcome.UNKNOWN
    return Outcome.WAIVED if waived else Outcome.PASSED


Result = TypeVar("Result", bound=CheckResult[Any])


def run_checks(
    checks: Iterable[Check[Any]],
    subject: object,
    result: type[Result],
    waivers: Waivers = NO_WAIVERS,
    locate: Callable[[Finding], Finding] = lambda finding: finding,
) -> tuple[Result, ...]:
    """Judge a subject by each check, and return a `result` for each, in the order given.

    `locate` gives a finding the place and the subject by which waivers and requirements recognize it.
    """
    runs = [_Run(check, subject, waivers, locate) for check in checks]
    by_name = {run.check.name: run for run in runs}
    return tuple(run.result(result, by_name) for run in runs)


class _Run:
    """One check on one subject, before its requirements are looked at."""

    def __init__(
        self, check: Check[Any], subject: object, waivers: Waivers, locate: Callable[[Finding], Finding]
    ) -> None:
        self.check = check
        self.unknown: dict[Unknown, None] = {}
        self.error: str | None = None
        self.applies = True
        self._requirements: dict[Finding, RuleName | None] = {}  # each finding, and the check that may report its cause
        # Whatever a check raises is our own fault: it lets nothing pass, and does not stop the other checks.
        try:
            self.applies = check.applies(subject)
            for judgment in check.judge(subject) if self.applies else ():
                self._add(judgment)
        except Exception as error:  # noqa: BLE001 - as above
            self.error = describe_fault(error)
        self._located = {finding: locate(finding) for finding in self._requirements}
        self._matches = {each: waivers.matches(check.name, each, at) for each, at in self._located.items()}
        self._waived = {each: match for each, found in self._matches.items() if (match := _longest_active(found))}
        self.standing = [finding for finding in self._requirements if finding not in self._waived]
        self.places = {_place(self._located[finding]) for finding in self.standing}

    def _add(self, judgment: Judgment) -> None:
        match judgment:
            case Finding():
                self._requirements[judgment] = None
            case Consequence(requirement=requirement, finding=finding):
                self._requirements.setdefault(finding, requirement)
            case Unknown():
                self.unknown[judgment] = None

    def result(self, result: type[Result], runs: "Mapping[RuleName, _Run]") -> Result:
        """Leave out the findings whose cause another run reports; an unknown requirement leaves this check unknown too."""
        left_out = {each: cause for each in self.standing if (cause := self._reported_cause(each, runs))}
        return result(
            self.check,
            tuple(finding for finding in self.standing if finding not in left_out),
            tuple(self.unknown | dict.fromkeys(self._unknown_requirements(runs))),
            self.error,
            tuple(self._waived.values()),
            tuple(match for each in self.standing for match in self._matches[each]),
            tuple(dict.fromkeys(left_out.values())),
            self.applies,
        )

    def _reported_cause(self, finding: Finding, runs: "Mapping[RuleName, _Run]") -> RuleName | None:
        """Return the requirement that reports the cause of a finding: on the same publication, and not in a weaker mode."""
        cause = self._requirements[finding]
        other = runs.get(cause) if cause is not None else None
        if other is None or other.check.mode.rank < self.check.mode.rank:
            return None
        return cause if _place(self._located[finding]) in other.places else None

    def _unknown_requirements(self, runs: "Mapping[RuleName, _Run]") -> Iterator[Unknown]:
        if self.standing or not self.applies:
            return
        for name in self.check.requires:
            other = runs.get(name)
            if other is not None and not other.standing:
                yield from other.unknown
                if other.error is not None:
                    yield Unknown(f"whether {name} holds", "Wharfinger failed to judge it")


def _place(located: Finding) -> _Place:
    about = located.subject
    return located.location.file, about.job, about.environment and about.environment.casefold()


def _longest_active(matches: Iterable[WaiverMatch]) -> WaiverMatch | None:
    active = (each for each in matches if each.status in _ACTIVE_STATUSES)
    return max(active, key=lambda each: each.waiver.expires, default=None)
