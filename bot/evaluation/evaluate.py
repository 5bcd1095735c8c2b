"""Evaluates the rules of a policy for a snapshot of a repository and returns the report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bot.checks.check import Rule
from bot.checks.engine import CheckResult, run_checks
from bot.detection import Publication
from bot.model.core_types import Conclusion, Confidence, Outcome, RuleName, Severity, conclusion_of
from bot.model.findings import Finding, FindingSubject, Known, Unknown
from bot.policy import Policy, Waiver
from bot.snapshot.repository_snapshot import Snapshot


class RuleResult(CheckResult[Rule]):
    """What became of one rule."""

    __slots__ = ()

    @property
    def rule(self) -> Rule:
        """The rule that was judged."""
        return self.check

    def severity_of(self, finding: Finding) -> Severity:
        """Return how bad a finding is: the rule's severity, or the next lower one where the finding is only probable."""
        return self.rule.severity.next_lower if finding.probable else self.rule.severity


@dataclass(frozen=True, slots=True)
class Report:
    """The one result tree: a snapshot, the policy it was judged by, and what became of each rule, in the policy's order."""

    snapshot: Snapshot
    policy: Policy
    results: tuple[RuleResult, ...]

    @property
    def outcomes(self) -> Mapping[RuleName, Outcome]:
        """What became of each rule that is in force, by name."""
        return {result.rule.name: result.outcome for result in self.results}

    @property
    def unused_waivers(self) -> tuple[Waiver, ...]:
        """The policy's waivers that cover nothing, though their rule was judged whole: they can be taken out."""
        judged = {
            result.rule.name: {each.waiver for each in (*result.waived, *result.ineffective_waivers)}
            for result in self.results
            if not result.see and result.outcome not in (Outcome.UNKNOWN, Outcome.ERROR)
        }
        return tuple(waiver for waiver in self.policy.waivers if waiver not in judged.get(waiver.rule, {waiver}))

    @property
    def conclusion(self) -> Conclusion:
        """What the check run says: the worst of what each rule's mode asks for (docs/decisions.md)."""
        said = {_conclusion_of(result) for result in self.results}
        worst = (Conclusion.FAILURE, Conclusion.ACTION_REQUIRED, Conclusion.NEUTRAL, Conclusion.SUCCESS)
        return next((conclusion for conclusion in worst if conclusion in said), Conclusion.NEUTRAL)


def evaluate_repository(snapshot: Snapshot, policy: Policy) -> Report:
    """Judge a snapshot by a policy, without network access or a clock. A rule that raises does not stop the others."""
    whole = replace(
        snapshot,
        declared_identities=policy.identities,
        declared_people=policy.people,
        attestations=policy.lock_down,
    )
    day = snapshot.taken_at.date()
    judged = run_checks(
        policy.rules, whole, RuleResult, policy.waivers_on(day), lambda finding: _locate(finding, whole)
    )
    marked = (_with_probable_findings(each, whole) for each in judged)
    return Report(whole, policy, tuple(_with_unreadable_files(each, whole) for each in marked))


def _with_probable_findings(result: RuleResult, snapshot: Snapshot) -> RuleResult:
    """Mark findings that rest on publications of medium confidence, and say why those are not certain."""
    if not result.rule.judges_publications or all(each.confidence is Confidence.HIGH for each in snapshot.publications):
        return result
    return replace(result, findings=tuple(_with_probability(each, snapshot) for each in result.findings))


def _with_probability(finding: Finding, snapshot: Snapshot) -> Finding:
    basis = _publications_behind(finding, snapshot)
    if not basis or any(each.confidence is Confidence.HIGH for each in basis):
        return finding
    why = basis[0].why.replace("; ", ", ") or "the step was not read in full"
    doubt = "" if why in finding.message else f" ({why})"
    return replace(finding, message=f"{finding.message}{doubt}", probable=True)


def _publications_behind(finding: Finding, snapshot: Snapshot) -> Sequence[Publication]:
    """Return the publications that a finding is about: those at its lines, else of its job, its file or the repository."""
    job = subject_of_finding(finding, snapshot).job
    in_file = [each for each in snapshot.publications if each.file == finding.location.file]
    at_line = [each for each in in_file if _is_at_finding(each, finding)]
    return at_line or [each for each in in_file if each.job == job] or in_file or snapshot.publications


def _with_unreadable_files(result: RuleResult, snapshot: Snapshot) -> RuleResult:
    """Add what could not be read: it may hold what any rule looks for."""
    unread = [Unknown(fact=file.file, reason=file.reason) for file in snapshot.unreadable]
    if result.rule.judges_publications:
        unread += (Unknown(fact=each.fact, reason=each.reason) for each in snapshot.unexplained)
    if not unread and not snapshot.error:
        return result
    return replace(
        result, unknown=tuple(dict.fromkeys((*unread, *result.unknown))), error=result.error or snapshot.error
    )


def _conclusion_of(result: RuleResult) -> Conclusion | None:
    approved = all(isinstance(each.waiver.approval, Known) for each in result.waived)
    return conclusion_of(result.outcome, result.rule.mode, waivers_approved=approved)


def _locate(finding: Finding, snapshot: Snapshot) -> Finding:
    return replace(finding, subject=subject_of_finding(finding, snapshot))


def subject_of_finding(finding: Finding, snapshot: Snapshot) -> FindingSubject:
    """Return what a finding is about: as its rule says, and completed from its place in the file."""
    about, place = finding.subject, finding.location
    workflow = snapshot.workflows.get(place.file)
    jobs = workflow.jobs.values() if workflow else ()
    job = next((job for job in jobs if job.line <= place.line <= job.end_line), None)
    here = [each for each in snapshot.publications if _is_at_finding(each, finding)]
    environment = job.environment.value if job and job.environment else None
    return replace(
        about,
        job=about.job or (job.id if job else None),
        secrets=about.secrets or tuple(dict.fromkeys(name for each in here for name in each.secrets)),
        environment=about.environment or environment,
    )


def _is_at_finding(publication: Publication, finding: Finding) -> bool:
    place = finding.location
    return publication.file == place.file and place.line <= publication.end_line and publication.line <= place.end_line
