"""Applies waivers to the findings of a rule, and reports expired and other ineffective waivers."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from bot.detection import Publication
from bot.model.core_types import RuleName
from bot.model.findings import Finding, FindingSubject
from bot.policy.policy_file import Policy
from bot.policy.waiver import Waiver, WaiverStatus
from bot.snapshot.repository_snapshot import Snapshot

ACTIVE_STATUSES = (WaiverStatus.ACTIVE, WaiverStatus.EXPIRING)


@dataclass(frozen=True, slots=True)
class WaiverMatch:
    """A finding, a waiver that covers it, and where the waiver stands on the day of the snapshot."""

    finding: Finding
    waiver: Waiver
    status: WaiverStatus


@dataclass(frozen=True, slots=True)
class SortedFindings:
    """A rule's findings, sorted: those that stand, those that are waived, and waivers that no longer help those that stand."""

    remaining: tuple[Finding, ...]
    waived: tuple[WaiverMatch, ...]
    ineffective_waivers: tuple[WaiverMatch, ...]


def apply_waivers(rule: RuleName, findings: Iterable[Finding], snapshot: Snapshot, policy: Policy) -> SortedFindings:
    """Sort a rule's findings by the policy's waivers, on the day on which the snapshot was taken."""
    standing: list[Finding] = []
    waived: list[WaiverMatch] = []
    lapsed: list[WaiverMatch] = []
    day = snapshot.taken_at.date()
    mine = [waiver for waiver in policy.waivers if waiver.rule == rule]
    for finding in findings:
        about = subject_of_finding(finding, snapshot) if mine else finding.subject
        covering = [
            WaiverMatch(finding, waiver, waiver.status(day, policy.max_waiver_duration))
            for waiver in mine
            if waiver.covers(rule, finding.location, about)
        ]
        helping = [each for each in covering if each.status in ACTIVE_STATUSES]
        if helping:
            waived.append(max(helping, key=lambda each: each.waiver.expires))
        else:
            standing.append(finding)
            lapsed += covering
    return SortedFindings(tuple(standing), tuple(waived), tuple(lapsed))


def active_waiver(name: RuleName, finding: Finding, policy: Policy, day: date) -> Waiver | None:
    """Return a waiver in force on a day that covers what a condition or an alert says; None where there is none."""
    for waiver in policy.waivers:
        if (
            waiver.covers(name, finding.location, finding.subject)
            and waiver.status(day, policy.max_waiver_duration) in ACTIVE_STATUSES
        ):
            return waiver
    return None


def subject_of_finding(finding: Finding, snapshot: Snapshot) -> FindingSubject:
    """Say what a finding is about: as its rule says, and where that is silent as its place does."""
    said, place = finding.subject, finding.location
    workflow = snapshot.workflows.get(place.file)
    jobs = workflow.jobs.values() if workflow else ()
    job = next((job for job in jobs if job.line <= place.line <= job.end_line), None)
    here = [each for each in snapshot.publications if _is_at_finding(each, finding)]
    environment = job.environment.value if job and job.environment else None
    return replace(
        said,
        job=said.job or (job.id if job else None),
        secrets=said.secrets or tuple(dict.fromkeys(name for each in here for name in each.secrets)),
        environment=said.environment or environment,
    )


def _is_at_finding(publication: Publication, finding: Finding) -> bool:
    place = finding.location
    return publication.file == place.file and place.line <= publication.end_line and publication.line <= place.end_line
