"""Apply waivers to what a rule found: what is waived, by which waiver, and which waivers have lost their force."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from bot.detection import Publication
from bot.model.core_types import RuleName
from bot.model.findings import About, Finding
from bot.policy.model import Policy
from bot.policy.waiver import Standing, Waiver
from bot.snapshot.repository_snapshot import Snapshot

IN_FORCE = (Standing.FOLLOWED, Standing.ENDING)


@dataclass(frozen=True, slots=True)
class Waived:
    """A finding, a waiver that covers it, and where the waiver stands on the day of the snapshot."""

    finding: Finding
    waiver: Waiver
    standing: Standing


@dataclass(frozen=True, slots=True)
class Sorted:
    """A rule's findings, sorted: those that stand, those that are waived, and waivers that no longer help those that stand."""

    standing: tuple[Finding, ...]
    waived: tuple[Waived, ...]
    lapsed: tuple[Waived, ...]


def sort_out(rule: RuleName, findings: Iterable[Finding], snapshot: Snapshot, policy: Policy) -> Sorted:
    """Sort a rule's findings by the policy's waivers, on the day on which the snapshot was taken."""
    standing: list[Finding] = []
    waived: list[Waived] = []
    lapsed: list[Waived] = []
    day = snapshot.taken_at.date()
    mine = [waiver for waiver in policy.waivers if waiver.rule == rule]
    for finding in findings:
        about = about_of(finding, snapshot) if mine else finding.about
        covering = [
            Waived(finding, waiver, waiver.standing(day, policy.max_waiver_duration))
            for waiver in mine
            if waiver.covers(rule, finding.place, about)
        ]
        helping = [each for each in covering if each.standing in IN_FORCE]
        if helping:
            waived.append(max(helping, key=lambda each: each.waiver.expires))
        else:
            standing.append(finding)
            lapsed += covering
    return Sorted(tuple(standing), tuple(waived), tuple(lapsed))


def waiver_for(name: RuleName, finding: Finding, policy: Policy, day: date) -> Waiver | None:
    """Return a waiver in force on a day that covers what a condition or a signal says; None where there is none."""
    for waiver in policy.waivers:
        if (
            waiver.covers(name, finding.place, finding.about)
            and waiver.standing(day, policy.max_waiver_duration) in IN_FORCE
        ):
            return waiver
    return None


def about_of(finding: Finding, snapshot: Snapshot) -> About:
    """Say what a finding is about: as its rule says, and where that is silent as its place does."""
    said, place = finding.about, finding.place
    workflow = snapshot.workflows.get(place.file)
    jobs = workflow.jobs.values() if workflow else ()
    job = next((job for job in jobs if job.line <= place.line <= job.end_line), None)
    here = [each for each in snapshot.publications if _at(each, finding)]
    environment = job.environment.value if job and job.environment else None
    return replace(
        said,
        job=said.job or (job.id if job else None),
        secrets=said.secrets or tuple(dict.fromkeys(name for each in here for name in each.secrets)),
        environment=said.environment or environment,
    )


def _at(publication: Publication, finding: Finding) -> bool:
    place = finding.place
    return publication.file == place.file and place.line <= publication.end_line and publication.line <= place.end_line
