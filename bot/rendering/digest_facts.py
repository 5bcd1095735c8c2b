"""What a digest needs to know of one repository, taken from its report and carried from one judgement to the next. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from bot.evaluation.evaluate import Report, Result
from bot.identities import Identity, observe
from bot.model.core_types import FullName, Outcome, RuleName, Severity
from bot.model.findings import Finding
from bot.policy import Standing
from bot.rendering.marker import digest
from bot.rendering.phrases import credential

DOUBT = (Outcome.UNSEEN, Outcome.BROKEN)


@dataclass(frozen=True, slots=True)
class Known:
    """A finding, and the day on which it was first made."""

    rule: RuleName
    severity: Severity
    file: str
    line: int
    message: str
    since: date
    seen: bool = True  # False: its rule can not be judged at present; it was so when it could

    @property
    def key(self) -> str:
        """Name it by what it says, not by its line, which other changes move."""
        return digest(f"{self.rule}\0{self.file}\0{self.message}")

    @property
    def place(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True, slots=True)
class Excused:
    """A finding that is waived."""

    rule: RuleName
    place: str
    message: str
    owner: str
    expires: date
    ending: bool


@dataclass(frozen=True, slots=True)
class Hidden:
    """A fact that a rule needed and could not see."""

    rule: RuleName
    what: str
    reason: str
    permission: str | None


@dataclass(frozen=True, slots=True)
class Held:
    """One publishing identity of the inventory; an organisation's has the same key in each repository."""

    key: str
    kind: str
    words: str
    holder: str
    owner: str | None
    rotated: date | None  # or made, where it never was
    expires: date | None  # as declared, else by itself
    declared: bool


@dataclass(frozen=True, slots=True)
class Told:
    """One repository, as it was judged last."""

    repository: FullName
    judged_at: datetime
    outcomes: Mapping[RuleName, Outcome]
    findings: tuple[Known, ...]
    waived: tuple[Excused, ...]
    hidden: tuple[Hidden, ...]
    publications: tuple[tuple[str, ...], ...]  # registry and credential, in words
    identities: tuple[Held, ...]


def told_of(report: Report, before: Told | None) -> Told:
    """Take from a report what a digest tells; of a finding that was there before the day stays.

    What failed before and can not be judged now is carried along, as not seen.
    """
    today = report.snapshot.taken_at.date()
    known = {each.key: each for each in before.findings} if before else {}
    found = [_known(result, finding, today) for result in report.results for finding in result.findings]
    dated = {each.key: _since(each, known.get(each.key)) for each in found}
    doubtful = {result.rule.name for result in report.results if result.outcome in DOUBT or result.unseen}
    held = {key: _unseen(each) for key, each in known.items() if each.rule in doubtful and key not in dated}
    return Told(
        repository=report.snapshot.repository,
        judged_at=report.snapshot.taken_at,
        outcomes=report.outcomes,
        findings=(*dated.values(), *held.values()),
        waived=tuple(each for result in report.results for each in _excused(result)),
        hidden=tuple(each for result in report.results for each in _hidden(result)),
        publications=tuple(
            sorted(
                (report.snapshot.registries[each.registry].name, credential(each))
                for each in report.snapshot.publications
            )
        ),
        identities=tuple(_held(each) for each in observe(report.snapshot).identities),
    )


def _known(result: Result, finding: Finding, today: date) -> Known:
    place = finding.place
    return Known(result.rule.name, result.rule.severity, place.file, place.line, finding.message, today)


def _since(now: Known, before: Known | None) -> Known:
    since = min(now.since, before.since) if before else now.since
    return Known(now.rule, now.severity, now.file, now.line, now.message, since)


def _unseen(before: Known) -> Known:
    return Known(before.rule, before.severity, before.file, before.line, before.message, before.since, seen=False)


def _excused(result: Result) -> Iterator[Excused]:
    for each in result.waived:
        finding, waiver = each.finding, each.waiver
        ending = each.standing is Standing.ENDING
        yield Excused(result.rule.name, str(finding.place), finding.message, waiver.owner, waiver.expires, ending)


def _hidden(result: Result) -> Iterator[Hidden]:
    for each in result.unseen:
        yield Hidden(result.rule.name, each.what, each.reason, each.permission)
    if result.fault:
        yield Hidden(result.rule.name, "the rule itself", f"it broke ({result.fault}): our fault", None)


def _held(identity: Identity) -> Held:
    rotated = identity.rotated_at or identity.created_at
    declared, own = identity.declared, identity.expires_at
    return Held(
        key=identity.key,
        kind=identity.kind,
        words=identity.words,
        holder=identity.holder,
        owner=identity.owner,
        rotated=rotated.date() if rotated else None,
        expires=declared.expires if declared else own.date() if own else None,
        declared=declared is not None,
    )
