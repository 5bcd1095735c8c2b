"""Judgement: a snapshot and a policy in, a report out; every other text is made from that report."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.errors import fault_of
from bot.findings import Finding, Unseen
from bot.names import Conclusion, Mode, Outcome, RuleName
from bot.policy import Policy
from bot.repository import Snapshot
from bot.rule import Rule


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one rule; a broken rule keeps the findings it made before."""

    rule: Rule
    outcome: Outcome
    findings: tuple[Finding, ...] = ()
    unseen: tuple[Unseen, ...] = ()
    fault: str | None = None  # of a broken rule: the kind of error and where in our code, never its text


@dataclass(frozen=True, slots=True)
class Report:
    """The one result tree: a snapshot, the policy it was judged by, and what became of each rule, in the policy's order."""

    snapshot: Snapshot
    policy: Policy
    results: tuple[Result, ...]

    @property
    def outcomes(self) -> Mapping[RuleName, Outcome]:
        """What became of each rule that is in force, by name."""
        return {result.rule.name: result.outcome for result in self.results}

    @property
    def conclusion(self) -> Conclusion:
        """What the check run says: the worst of what each rule's mode asks for (docs/decisions.md)."""
        said = {_asked(result) for result in self.results}
        worst = (Conclusion.FAILURE, Conclusion.ACTION_REQUIRED, Conclusion.NEUTRAL, Conclusion.SUCCESS)
        return next((conclusion for conclusion in worst if conclusion in said), Conclusion.NEUTRAL)


def evaluate(snapshot: Snapshot, policy: Policy) -> Report:
    """Judge a snapshot by a policy. Pure; a rule that raises is `broken` and does not take the others with it."""
    return Report(snapshot, policy, tuple(_judge(rule, snapshot) for rule in policy.rules))


def _judge(rule: Rule, snapshot: Snapshot) -> Result:
    findings: list[Finding] = []
    # What could not be read may hold what this rule looks for.
    unseen = [Unseen(what=file.file, reason=file.reason) for file in snapshot.unreadable]
    fault, applies = snapshot.fault, True
    try:
        applies = rule.applies(snapshot)
        for said in rule.check(snapshot) if applies else ():
            if isinstance(said, Finding):
                findings.append(said)
            else:
                unseen.append(said)
    except Exception as error:  # noqa: BLE001 - whatever a rule raises, the other rules' verdicts and its own findings stand
        fault = fault_of(error)
    outcome = _outcome(findings=bool(findings), broken=fault is not None, unseen=bool(unseen), applies=applies)
    return Result(rule, outcome, tuple(dict.fromkeys(findings)), tuple(dict.fromkeys(unseen)), fault)


def _outcome(*, findings: bool, broken: bool, unseen: bool, applies: bool) -> Outcome:
    """Give the worst that is so: failed, broken, unseen, (waived,) passed, not-applicable."""
    if findings:
        return Outcome.FAILED
    if broken:
        return Outcome.BROKEN
    if unseen:
        return Outcome.UNSEEN
    return Outcome.PASSED if applies else Outcome.NOT_APPLICABLE


def _asked(result: Result) -> Conclusion | None:
    match result.outcome:
        case Outcome.FAILED:
            return Conclusion.FAILURE if result.rule.mode is Mode.ENFORCE else Conclusion.NEUTRAL
        case Outcome.UNSEEN | Outcome.BROKEN:
            # Grey lets a merge through. Where a rule is enforced, not knowing has to stop it, or hiding would be a way round.
            return Conclusion.ACTION_REQUIRED if result.rule.mode is Mode.ENFORCE else Conclusion.NEUTRAL
        case Outcome.PASSED | Outcome.WAIVED:
            return Conclusion.SUCCESS
        case Outcome.NOT_APPLICABLE:
            return None
