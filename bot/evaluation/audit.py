"""Lists for auditors what happened in a period: per requirement of a framework what was demanded, found, changed, waived and reviewed."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.checks.frameworks import checks_by_requirement
from bot.checks.rules import RULES
from bot.evaluation.gate_decision import GateVerdict
from bot.model.core_types import FullName, Mode, Outcome, RuleName
from bot.model.findings import Known
from bot.model.identity_register import AccessReview
from bot.model.waiver import Waiver
from bot.packages.versions import PublisherKind, TraceStatus
from bot.tracing import VersionTrace

FAILING = frozenset({Outcome.FAILED})
NOT_KNOWN = frozenset({Outcome.UNKNOWN, Outcome.ERROR})


@dataclass(frozen=True, slots=True)
class AuditPeriod:
    """From a moment on, until before another."""

    begin: datetime
    end: datetime

    def contains(self, moment: datetime) -> bool:
        return self.begin <= moment < self.end


@dataclass(frozen=True, slots=True)
class DemandedPolicy:
    """A version of an organization's policy that was in force in the period."""

    subject: str  # the organization's login
    commit: str | None
    sha256: str
    valid_from: datetime
    valid_to: datetime | None  # None: it is in force
    modes: Mapping[RuleName, Mode]  # of the rules that are on, for repositories of which nothing special is said
    waivers: tuple[Waiver, ...]
    unreadable: str = ""  # why this version of Wharfinger cannot read it


@dataclass(frozen=True, slots=True)
class RecordedOutcomes:
    """What became of each rule at a moment in which that was news."""

    changed_at: datetime
    commit: str | None
    outcomes: Mapping[RuleName, Outcome]


@dataclass(frozen=True, slots=True)
class RepositoryHistory:
    """What was found in one repository."""

    repository: FullName
    at_begin: RecordedOutcomes | None  # None: it was not evaluated before the period
    changes: tuple[RecordedOutcomes, ...]  # in the period, oldest first

    @property
    def at_end(self) -> RecordedOutcomes | None:
        return self.changes[-1] if self.changes else self.at_begin


@dataclass(frozen=True, slots=True)
class RecordedRevocation:
    """A credential that somebody had deleted."""

    repository: FullName
    identity: str
    requested_by: str
    requested_at: datetime
    state: str  # requested, deleted, verified as gone, or there again


@dataclass(frozen=True, slots=True)
class RecordedDecision:
    """What the gate said of one deployment."""

    at: datetime
    repository: FullName
    environment: str
    run: int
    commit: str
    verdict: GateVerdict
    reasons: tuple[str, ...]
    waivers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AuditRecords:
    """All that is kept of an organization and a period."""

    organization: str
    period: AuditPeriod
    made_at: datetime
    policies: tuple[DemandedPolicy, ...]
    repositories: tuple[RepositoryHistory, ...]
    reviews: tuple[AccessReview, ...]
    revocations: tuple[RecordedRevocation, ...]
    decisions: tuple[RecordedDecision, ...]
    publications: tuple[VersionTrace, ...]


@dataclass(frozen=True, slots=True)
class RuleEvidence:
    """What is known of one rule in the period."""

    rule: RuleName
    modes: tuple[str, ...]  # as the policies in force demanded it, oldest first: observe, enforce, off
    judged: int  # repositories to which it applied at the end
    failing_at_begin: int
    failing_at_end: int
    unknown_at_end: int
    fixed: int  # times that it stopped failing
    broke: int  # times that it began to fail
    waived: int  # repositories in which a waiver covered it at the end


@dataclass(frozen=True, slots=True)
class ControlEvidence:
    """One requirement of a framework, with its rules."""

    framework: str
    requirement: str
    rules: tuple[RuleEvidence, ...]


@dataclass(frozen=True, slots=True)
class AuditFigure:
    """One figure, as a share of a number of things. Its definition stands in docs/evidence.md."""

    name: str
    count: int
    of: int


def control_evidence(records: AuditRecords) -> tuple[ControlEvidence, ...]:
    """Return each requirement that rules map to, with what is known of its rules."""
    evidence = {name: _rule_evidence(name, records) for name in (rule.name for rule in RULES)}
    return tuple(
        ControlEvidence(framework, requirement, tuple(evidence[RuleName(name)] for name in names))
        for (framework, requirement), names in checks_by_requirement(RULES).items()
    )


def _rule_evidence(rule: RuleName, records: AuditRecords) -> RuleEvidence:
    begin = [_outcome(each.at_begin, rule) for each in records.repositories]
    end = [_outcome(each.at_end, rule) for each in records.repositories]
    turns = [turn for each in records.repositories for turn in _turns(each, rule)]
    modes = [str(each.modes.get(rule, "off")) for each in records.policies if not each.unreadable]
    return RuleEvidence(
        rule=rule,
        modes=tuple(dict.fromkeys(modes)) or (str(Mode.OBSERVE),),
        judged=sum(each not in (None, Outcome.NOT_APPLICABLE) for each in end),
        failing_at_begin=sum(each in FAILING for each in begin),
        failing_at_end=sum(each in FAILING for each in end),
        unknown_at_end=sum(each in NOT_KNOWN for each in end),
        fixed=turns.count(False),
        broke=turns.count(True),
        waived=end.count(Outcome.WAIVED),
    )


def _outcome(recorded: RecordedOutcomes | None, rule: RuleName) -> Outcome | None:
    return recorded.outcomes.get(rule) if recorded else None


def _turns(history: RepositoryHistory, rule: RuleName) -> Iterator[bool]:
    """Yield whether it failed afterwards, for each change of that; what is unknown between two answers turns nothing."""
    before: bool | None = None
    for recorded in (history.at_begin, *history.changes):
        outcome = _outcome(recorded, rule)
        if outcome is None or outcome in NOT_KNOWN:
            continue
        failing = outcome in FAILING
        if before is not None and failing is not before:
            yield failing
        before = failing


def audit_figures(records: AuditRecords) -> tuple[AuditFigure, ...]:
    """Return the figures of the period, each a share; what is not known does not count as done."""
    published, total = records.publications, len(records.publications)

    def share(name: str, counted: Iterable[bool]) -> AuditFigure:
        return AuditFigure(name, sum(counted), total)

    evaluated = [each for each in records.repositories if each.at_end is not None]
    return (
        share("publications that are traced", (each.status is TraceStatus.TRACED for each in published)),
        share("publications with short-lived credentials", (_is_short_lived(each) for each in published)),
        share("publications with verified provenance", (_is_attested(each) for each in published)),
        share("publications that another person approved", (bool(each.independent_approvers) for each in published)),
        AuditFigure("reviews that kept the identity", sum(each.keep for each in records.reviews), len(records.reviews)),
        AuditFigure(
            "gate decisions that approved",
            sum(each.verdict is GateVerdict.APPROVED for each in records.decisions),
            len(records.decisions),
        ),
        AuditFigure(
            "repositories in which no rule fails at the end",
            sum(not FAILING & set(each.at_end.outcomes.values()) for each in evaluated if each.at_end),
            len(evaluated),
        ),
    )


def _is_short_lived(trace: VersionTrace) -> bool:
    return trace.version.publisher_kind is PublisherKind.TRUSTED_PUBLISHER or _is_attested(trace)


def _is_attested(trace: VersionTrace) -> bool:
    return isinstance(trace.provenance, Known) and bool(trace.provenance.value.verified)
