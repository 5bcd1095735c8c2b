"""Extracts the facts about one repository that a digest needs from its report."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from bot.evaluation.evaluate import Report, RuleResult
from bot.identities import PublishingIdentity, list_identities
from bot.model.core_types import FullName, Outcome, RuleName, Severity
from bot.model.findings import Finding
from bot.policy import WaiverStatus
from bot.rendering.markdown import text_fingerprint
from bot.rendering.phrases import credential_text

UNKNOWN_OUTCOMES = (Outcome.UNKNOWN, Outcome.ERROR)


@dataclass(frozen=True, slots=True)
class DigestFinding:
    """A finding, and the day on which it was first made."""

    rule: RuleName
    severity: Severity
    file: str
    line: int
    message: str
    since: date
    confirmed: bool = True  # False: its rule is unknown at present

    @property
    def key(self) -> str:
        """Name it by what it says, not by its line, which other changes move."""
        return text_fingerprint(f"{self.rule}\0{self.file}\0{self.message}")

    @property
    def location(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True, slots=True)
class DigestWaiver:
    """A finding that is waived."""

    rule: RuleName
    location: str
    message: str
    owner: str
    expires: date
    expires_soon: bool


@dataclass(frozen=True, slots=True)
class DigestUnknown:
    """A fact that a rule needed and that is unknown."""

    rule: RuleName
    fact: str
    reason: str
    permission: str | None


@dataclass(frozen=True, slots=True)
class DigestIdentity:
    """One publishing identity of the inventory; an organization's has the same key in each repository."""

    key: str
    kind: str
    description: str
    holder: str
    owner: str | None
    rotated: date | None  # or made, where it never was
    expires: date | None  # as declared, else by itself
    declared: bool


@dataclass(frozen=True, slots=True)
class RepositoryStatus:
    """One repository, as it was evaluated last."""

    repository: FullName
    evaluated_at: datetime
    outcomes: Mapping[RuleName, Outcome]
    findings: tuple[DigestFinding, ...]
    waivers: tuple[DigestWaiver, ...]
    unknown: tuple[DigestUnknown, ...]
    publications: tuple[tuple[str, ...], ...]  # registry and credential, in words
    identities: tuple[DigestIdentity, ...]


def repository_status(report: Report, previous: RepositoryStatus | None) -> RepositoryStatus:
    """Extract from a report what a digest needs; a finding that was there before keeps its day.

    A finding whose rule is unknown now is kept, and marked as not confirmed.
    """
    snapshot = report.snapshot
    published = ((snapshot.registries[each.registry].name, credential_text(each)) for each in snapshot.publications)
    return RepositoryStatus(
        repository=snapshot.repository,
        evaluated_at=snapshot.taken_at,
        outcomes=report.outcomes,
        findings=_digest_findings(report, previous.findings if previous else ()),
        waivers=tuple(each for result in report.results for each in _digest_waivers(result)),
        unknown=tuple(each for result in report.results for each in _unknown_facts(result)),
        publications=tuple(sorted(published)),
        identities=tuple(_digest_identity(each) for each in list_identities(snapshot).identities),
    )


def _digest_findings(report: Report, previous: tuple[DigestFinding, ...]) -> tuple[DigestFinding, ...]:
    today, known = report.snapshot.taken_at.date(), {each.key: each for each in previous}
    found = (_digest_finding(result, finding, today) for result in report.results for finding in result.findings)
    dated = {each.key: replace(each, since=known.get(each.key, each).since) for each in found}
    doubtful = {result.rule.name for result in report.results if result.outcome in UNKNOWN_OUTCOMES or result.unknown}
    kept = (each for key, each in known.items() if each.rule in doubtful and key not in dated)
    return (*dated.values(), *(replace(each, confirmed=False) for each in kept))


def _digest_finding(result: RuleResult, finding: Finding, today: date) -> DigestFinding:
    place = finding.location
    severity = result.severity_of(finding)
    return DigestFinding(result.rule.name, severity, place.file, place.line, finding.message, today)


def _digest_waivers(result: RuleResult) -> Iterator[DigestWaiver]:
    for each in result.waived:
        finding, waiver = each.finding, each.waiver
        ending = each.status is WaiverStatus.EXPIRING
        yield DigestWaiver(
            result.rule.name, str(finding.location), finding.message, waiver.owner, waiver.expires, ending
        )


def _unknown_facts(result: RuleResult) -> Iterator[DigestUnknown]:
    for each in result.unknown:
        yield DigestUnknown(result.rule.name, each.fact, each.reason, each.permission)
    if result.error:
        yield DigestUnknown(result.rule.name, "the rule itself", f"an error in Wharfinger: {result.error}", None)


def _digest_identity(identity: PublishingIdentity) -> DigestIdentity:
    rotated = identity.rotated_at or identity.created_at
    declared, own = identity.declared, identity.expires_at
    return DigestIdentity(
        key=identity.key,
        kind=identity.kind,
        description=identity.description,
        holder=identity.holder,
        owner=identity.owner,
        rotated=rotated.date() if rotated else None,
        expires=declared.expires if declared else own.date() if own else None,
        declared=declared is not None,
    )
