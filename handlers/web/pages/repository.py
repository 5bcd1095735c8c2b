"""A repository's page: what is published and how, what does not hold, what could not be seen, and how that changed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice, pairwise

from bot.json_access import get_objects
from bot.model.core_types import FullName
from bot.rendering.digest_facts import DigestIdentity
from handlers.records.gate_store import GateStore, StoredGateDecision
from handlers.records.report_store import StoredReport
from handlers.records.told import DigestFactStore, OutcomeChange
from handlers.web.pages.addresses import decision_url, github_url
from handlers.web.pages.organization_pages import find_organization
from handlers.web.pages.page_context import Page, PageContext
from handlers.web.pages.repository_pages import (
    FindingRow,
    PublicationRow,
    RuleRow,
    UnknownFactRow,
    changed_rules,
    finding_rows,
    lapsed_rows,
    partly_understood,
    policy_files_in_force,
    publication_rows,
    rule_rows,
    unknown_facts,
    waived_rows,
)
from handlers.web.pages.standings import find_report
from handlers.web.pages.versions import VersionRow, newest_versions

MAX_CHANGES = 20
MAX_DECISIONS = 5
MAX_DECISIONS_READ = 2_000  # decisions, for those of one repository


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
    web = find_organization(context, standing.repository.partition("/")[0]).repository_web(standing.id)
    book = DigestFactStore(context.redis, standing.installation)
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
        decisions=tuple(islice(_decisions(context, standing.repository), MAX_DECISIONS)),
        outcome_changes=tuple(islice(_outcome_changes(book.changes(standing.id)), MAX_CHANGES)),
        policy_files=files,
        policy_notes=notes,
    )
    return Page("repository.html", standing.repository, shown, standing.repository.partition("/")[0], "repositories")


def _decisions(context: PageContext, name: FullName) -> Iterator[tuple[str, StoredGateDecision]]:
    for key, decided in islice(GateStore(context.redis).decisions_by_key(), MAX_DECISIONS_READ):
        if decided.repository.lower() == name.lower():
            yield decision_url(key), decided


def _outcome_changes(changes: tuple[OutcomeChange, ...]) -> Iterator[OutcomeChangeRow]:
    """Yield what changed from each moment to the next, the latest first; the first look has nothing before it."""
    for after, before in pairwise(changes):
        if turned := tuple(changed_rules(before.outcomes, after.outcomes)):
            yield OutcomeChangeRow(after.changed_at, after.commit or "", turned)
