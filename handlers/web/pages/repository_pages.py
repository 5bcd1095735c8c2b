"""Shows a repository's latest report and the traces of its published versions."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import islice, pairwise

from bot.checks.rules import RULES
from bot.json_access import JsonObject, get_int, get_object, get_objects, get_str, get_strings
from bot.model.core_types import Credential, FullName, Outcome, RepositoryId, RuleName, Severity
from bot.packages.versions import PackageVersion
from bot.registries import Catalog
from bot.rendering.digest_facts import DigestIdentity, RepositoryStatus
from bot.rendering.links import decision_url, github_file_url, github_url, version_url
from bot.rendering.phrases import CREDENTIAL_TEXTS, OUTCOME_TEXTS, missing_permission
from bot.rendering.release import TraceLink, trace_links
from bot.tracing import VersionTrace
from handlers.config.database import storable
from handlers.records.gate_store import GateStore, StoredGateDecision
from handlers.records.installation_store import InstallationRepositoryStore
from handlers.records.report_store import DigestFactStore, OutcomeChange, StoredReport
from handlers.records.trace_store import TraceStore, VersionName
from handlers.web.pages.page_context import Page, PageContext, PageNotFoundError, find_report

TITLES = {str(rule.name): rule.title() for rule in RULES}


@dataclass(frozen=True, slots=True)
class PublicationRow:
    """A step that publishes."""

    registry: str
    credential: str
    secrets: tuple[str, ...]
    environment: str
    job: str
    position: str
    link: str
    confidence: str


@dataclass(frozen=True, slots=True)
class FindingRow:
    """A finding; with a waiver's owner, reason and end where one covers it."""

    rule: str
    severity: Severity
    position: str
    link: str  # to the line on GitHub, where it is one
    message: str
    fix: str
    since: date | None
    waiver: "WaiverRow | None" = None


@dataclass(frozen=True, slots=True)
class WaiverRow:
    """Why a finding is accepted for a while."""

    position: str
    owner: str
    reason: str
    expires: str
    standing: str  # followed, ending, ended, too long, not approved


@dataclass(frozen=True, slots=True)
class UnknownFactRow:
    """A fact that was not seen, and the rules that needed it."""

    fact: str
    reason: str
    permission: str  # that would show it, where the reason does not name it
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RuleRow:
    """What became of one rule."""

    rule: str
    title: str
    outcome: Outcome
    outcome_text: str


def publication_rows(stored_report: StoredReport, web: str, catalog: Catalog) -> Iterator[PublicationRow]:
    """Yield what is published, in the order of the files."""
    known = {str(key): registry.name for key, registry in catalog.registries.items()}
    for each in get_objects(stored_report.report, "publications"):
        registry = get_str(each, "registry")
        yield PublicationRow(
            registry=known.get(registry, registry),
            credential=CREDENTIAL_TEXTS[Credential(get_str(each, "credential"))],
            secrets=get_strings(each, "secrets"),
            environment=get_str(each, "environment"),
            job=get_str(each, "job"),
            position=_position(each),
            link=_source_url(each, stored_report, web),
            confidence=get_str(each, "confidence"),
        )


def finding_rows(stored_report: StoredReport, web: str, digest_facts: RepositoryStatus | None) -> Iterator[FindingRow]:
    """Yield the findings that stand, the worst first, each with the day on which it was first made."""
    since = (
        {(str(each.rule), each.file, each.message): each.since for each in digest_facts.findings}
        if digest_facts
        else {}
    )
    found = [_finding_row(each, stored_report, web) for each in get_objects(stored_report.report, "findings")]
    dated = [
        (each, since.get((each.rule, get_str(said, "file"), each.message)))
        for each, said in zip(found, get_objects(stored_report.report, "findings"), strict=True)
    ]
    for each, day in sorted(dated, key=lambda pair: -pair[0].severity.rank):
        yield FindingRow(each.rule, each.severity, each.position, each.link, each.message, each.fix, day)


def waived_rows(stored_report: StoredReport, web: str) -> Iterator[FindingRow]:
    """Yield what a waiver covers."""
    yield from _with_waivers("waived", stored_report, web)


def lapsed_rows(stored_report: StoredReport, web: str) -> Iterator[FindingRow]:
    """Yield what a waiver names that is not followed, any more or yet; it is among the findings too."""
    yield from _with_waivers("lapsed", stored_report, web)


def _with_waivers(which: str, stored_report: StoredReport, web: str) -> Iterator[FindingRow]:
    for each in get_objects(stored_report.report, which):
        said = get_object(each, "waiver")
        words = [get_str(said, name) for name in ("owner", "reason", "expires", "standing")]
        waiver = WaiverRow(_position(said), *words)
        found = _finding_row(each, stored_report, web)
        yield FindingRow(found.rule, found.severity, found.position, found.link, found.message, found.fix, None, waiver)


def unknown_facts(stored_report: StoredReport) -> Iterator[UnknownFactRow]:
    """Yield what could not be seen or read, the same thing once for all rules."""
    rules: dict[tuple[str, str, str], list[str]] = {}
    for each in get_objects(stored_report.report, "unknown"):
        fact = (get_str(each, "what"), get_str(each, "reason"), get_str(each, "permission"))
        rules.setdefault(fact, []).append(get_str(each, "rule"))
    for (what, reason, permission), needing in rules.items():
        yield UnknownFactRow(what, reason, missing_permission(reason, permission), tuple(dict.fromkeys(needing)))


def partly_understood(stored_report: StoredReport) -> Iterator[tuple[str, str]]:
    """Yield the scripts of which not every command was understood, and why."""
    for each in get_objects(stored_report.report, "partly"):
        yield _position(each), get_str(each, "reason")


def rule_rows(stored_report: StoredReport) -> Iterator[RuleRow]:
    """Yield what became of each rule in force, what does not hold first."""
    outcomes = get_object(stored_report.report, "outcomes")
    order = list(_OUTCOME_ORDER)
    judged = [(str(name), Outcome(str(outcome))) for name, outcome in outcomes.items()]
    for name, outcome in sorted(judged, key=lambda each: order.index(each[1])):
        yield RuleRow(name, TITLES.get(name, ""), outcome, OUTCOME_TEXTS[outcome])


def policy_files_in_force(stored_report: StoredReport) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the policy files in force, and what of them was not followed."""
    return get_strings(stored_report.report, "policy", "files"), get_strings(stored_report.report, "policy", "notes")


_OUTCOME_ORDER = (
    Outcome.FAILED,
    Outcome.ERROR,
    Outcome.UNKNOWN,
    Outcome.WAIVED,
    Outcome.PASSED,
    Outcome.NOT_APPLICABLE,
)


def _finding_row(each: JsonObject, stored_report: StoredReport, web: str) -> FindingRow:
    return FindingRow(
        rule=get_str(each, "rule"),
        severity=Severity(get_str(each, "severity")),
        position=_position(each),
        link=_source_url(each, stored_report, web),
        message=get_str(each, "message"),
        fix=get_str(each, "fix"),
        since=None,
    )


def _position(each: JsonObject) -> str:
    line = get_int(each, "line")
    return f"{get_str(each, 'file')}:{line}" if line else get_str(each, "file")


def _source_url(each: JsonObject, stored_report: StoredReport, web: str) -> str:
    """Return the line on GitHub; of a page of settings none is known."""
    line = get_int(each, "line")
    return github_file_url(web, stored_report.commit, get_str(each, "file"), line) if line else ""


def changed_rules(
    before: Mapping[RuleName, Outcome], after: Mapping[RuleName, Outcome]
) -> Iterator[tuple[str, str, str]]:
    """Yield each rule that came out otherwise than before: what it was, and what it is now."""
    for rule, outcome in after.items():
        was = before.get(rule)
        if was is not outcome:
            yield str(rule), OUTCOME_TEXTS[was] if was else "not in force", OUTCOME_TEXTS[outcome]


MAX_VERSIONS = 10  # of the newest versions on a repository's page


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A version on a repository's page, and the page that it has itself."""

    trace: VersionTrace
    registry: str
    page: str


@dataclass(frozen=True, slots=True)
class VersionView:
    """One version."""

    repository: FullName
    trace: VersionTrace
    registry: str
    links: tuple[TraceLink, ...]


def newest_versions(context: PageContext, stored_report: StoredReport) -> Iterator[VersionRow]:
    """Yield the newest versions of a repository's packages that are accounted for, or are to be."""
    for account in TraceStore(context.records).of_repository(stored_report.id, MAX_VERSIONS):
        page = version_url(stored_report.repository, _version_key(_name_of(account.version)))
        yield VersionRow(account, _registry_name(context, account.version), page)


def version_page(context: PageContext, owner: str, name: str, key: str) -> Page:
    """Show a version; raises NothingThereError."""
    standing = find_report(context, owner, name)
    traces = TraceStore(context.records)
    names = (each for each in traces.versions(standing.id) if _version_key(each) == key)
    account = next((traces.get(standing.id, each) for each in names), None)
    if account is None:
        raise PageNotFoundError(f"No record of such a version of {standing.repository} is kept.")
    version = account.version
    owner = standing.repository.partition("/")[0]
    web = InstallationRepositoryStore(context.records).html_url(standing.id)
    links = tuple(
        each if web and each.url.startswith(f"{web}/") else replace(each, url="") for each in trace_links(account)
    )
    shown = VersionView(standing.repository, account, _registry_name(context, version), links)
    return Page("version.html", f"{version.package.name} {version.number}", shown, owner, "repositories")


def _name_of(version: PackageVersion) -> VersionName:
    return VersionName(version.package.registry, version.package.name, version.number)


def _version_key(name: VersionName) -> str:
    """Name a version in twelve letters: its own name may hold anything."""
    return hashlib.sha256("\0".join(map(storable, name)).encode()).hexdigest()[:12]


def _registry_name(context: PageContext, version: PackageVersion) -> str:
    found = context.catalog.registries.get(version.package.registry)
    return found.name if found else version.package.registry


MAX_CHANGES = 20
MAX_DECISIONS = 5


@dataclass(frozen=True, slots=True)
class OutcomeChangeRow:
    """What changed at a moment: rule, before, after."""

    changed_at: datetime
    commit: str
    rules: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class RepositoryView:
    """Everything on a repository's page."""

    report: StoredReport
    web_url: str  # its address there
    checks_url: str  # of the commit
    publications: tuple[PublicationRow, ...]
    has_unreadable_files: bool  # whether a file could not be read, which may publish
    findings: tuple[FindingRow, ...]
    waived: tuple[FindingRow, ...]
    lapsed_waivers: tuple[FindingRow, ...]
    unknown_facts: tuple[UnknownFactRow, ...]
    partly_understood: tuple[tuple[str, str], ...]
    rules: tuple[RuleRow, ...]
    identities: tuple[DigestIdentity, ...]
    versions: tuple[VersionRow, ...]
    decisions: tuple[tuple[str, StoredGateDecision], ...]  # each with its page
    outcome_changes: tuple[OutcomeChangeRow, ...]
    policy_files: tuple[str, ...]
    policy_notes: tuple[str, ...]


def repository_page(context: PageContext, owner: str, name: str) -> Page:
    """Show a repository as it was judged last."""
    standing = find_report(context, owner, name)
    web = InstallationRepositoryStore(context.records).html_url(standing.id)
    book = DigestFactStore(context.records, standing.installation)
    told = book.get(standing.id)
    files, notes = policy_files_in_force(standing)
    shown = RepositoryView(
        report=standing,
        web_url=github_url(web),
        checks_url=github_url(web, f"commit/{standing.commit}/checks"),
        publications=tuple(publication_rows(standing, web, context.catalog)),
        has_unreadable_files=bool(get_objects(standing.report, "unreadable")),
        findings=tuple(finding_rows(standing, web, told)),
        waived=tuple(waived_rows(standing, web)),
        lapsed_waivers=tuple(lapsed_rows(standing, web)),
        unknown_facts=tuple(unknown_facts(standing)),
        partly_understood=tuple(partly_understood(standing)),
        rules=tuple(rule_rows(standing)),
        identities=told.identities if told else (),
        versions=tuple(newest_versions(context, standing)),
        decisions=_decisions(context, standing.id),
        outcome_changes=tuple(islice(_outcome_changes(book.changes(standing.id, MAX_CHANGES + 1)), MAX_CHANGES)),
        policy_files=files,
        policy_notes=notes,
    )
    return Page("repository.html", standing.repository, shown, standing.repository.partition("/")[0], "repositories")


def _decisions(context: PageContext, repository: RepositoryId) -> tuple[tuple[str, StoredGateDecision], ...]:
    latest = GateStore(context.records).latest_decisions(repository, "repository", MAX_DECISIONS)
    return tuple((decision_url(key), decision) for key, decision in latest)


def _outcome_changes(changes: tuple[OutcomeChange, ...]) -> Iterator[OutcomeChangeRow]:
    """Yield what changed from each moment to the next, the latest first; the first look has nothing before it."""
    for after, before in pairwise(changes):
        if turned := tuple(changed_rules(before.outcomes, after.outcomes)):
            yield OutcomeChangeRow(after.changed_at, after.commit or "", turned)
