"""Shows an organization's pending deployments and gate decisions with their reasons."""

from dataclasses import dataclass
from datetime import UTC, datetime

from bot.model.core_types import FullName
from bot.rendering.links import decision_url, github_url
from handlers.records.gate_store import GateStore, StoredGateDecision, WaitingDeployment, WaitState
from handlers.records.installation_store import InstallationRepositoryStore
from handlers.records.report_store import ReportStore
from handlers.web.pages.organization_pages import find_organization
from handlers.web.pages.page_context import MAX_ROWS, ListPage, Page, PageContext, PageNotFoundError


@dataclass(frozen=True, slots=True)
class WaitingRow:
    """A deployment that waits."""

    gate: WaitingDeployment
    since: datetime
    attempts: int
    reasons: tuple[str, ...]  # what was said of it, line by line


@dataclass(frozen=True, slots=True)
class GatesView:
    """What waits, and the latest decisions, each with its page."""

    waiting: tuple[WaitingRow, ...]
    decisions: ListPage[tuple[str, StoredGateDecision]]


@dataclass(frozen=True, slots=True)
class DecisionView:
    """One decision, and its run on GitHub."""

    decision: StoredGateDecision
    run_url: str


def gates_page(context: PageContext, login: str) -> Page:
    """Show an organization's gates, the newest decisions first."""
    found = find_organization(context, login)
    book = GateStore(context.records)
    waits = tuple(_waiting_row(*each) for each in book.waiting_of(found.installation))
    page = book.latest_decisions(found.installation, "installation", MAX_ROWS, context.offset)
    decided = tuple((decision_url(key), decision) for key, decision in page)
    return Page(
        "gates.html",
        f"Gates of {found.login}",
        GatesView(waits, ListPage(decided, book.count_decisions(found.installation), context.page_number)),
        found.login,
        "gates",
    )


def decision_page(context: PageContext, key: str) -> Page:
    """Show a decision; raises NothingThereError."""
    decided = GateStore(context.records).get_decision(key)
    if decided is None:
        raise PageNotFoundError("No such decision is kept; it may be older than WHARFINGER_RETENTION_DAYS.")
    owner = decided.repository.partition("/")[0]
    title = f"{decided.repository} → {decided.environment}"
    shown = DecisionView(decided, _run_url(context, decided.repository, decided.run))
    return Page("decision.html", title, shown, owner, "gates")


def _waiting_row(gate: WaitingDeployment, state: WaitState) -> WaitingRow:
    return WaitingRow(gate, datetime.fromtimestamp(state.since, UTC), state.attempts, state.reasons)


def _run_url(context: PageContext, name: FullName, run: int) -> str:
    standing = ReportStore(context.records).find(name)
    if standing is None:
        return ""
    web = InstallationRepositoryStore(context.records).html_url(standing.id)
    return github_url(web, f"actions/runs/{run}")
