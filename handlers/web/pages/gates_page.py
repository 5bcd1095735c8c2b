"""Shows an organization's pending deployments and gate decisions with their reasons."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

from bot.model.core_types import FullName
from bot.rendering.links import decision_url, github_url
from handlers.records.gate_store import GateStore, StoredGateDecision, WaitingDeployment, WaitState
from handlers.records.report_store import ReportStore
from handlers.web.pages.organization_pages import find_organization, installed_organizations
from handlers.web.pages.page_context import ListPage, Page, PageContext, PageNotFoundError, list_page

MAX_DECISIONS_READ = 2_000  # of the latest decisions of all organizations are looked through


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
    waits = tuple(_waiting_row(*each) for each in book.waiting() if each[0].installation == found.installation)
    decided = list(_decisions(book, found.login))
    return Page(
        "gates.html",
        f"Gates of {found.login}",
        GatesView(waits, list_page(decided, context.page_number)),
        found.login,
        "gates",
    )


def decision_page(context: PageContext, key: str) -> Page:
    """Show a decision; raises NothingThereError."""
    decided = GateStore(context.records).get_decision(key)
    if decided is None:
        raise PageNotFoundError("No such decision is kept; the latest ten thousand are.")
    owner = decided.repository.partition("/")[0]
    title = f"{decided.repository} → {decided.environment}"
    shown = DecisionView(decided, _run_url(context, decided.repository, decided.run))
    return Page("decision.html", title, shown, owner, "gates")


def _decisions(store: GateStore, login: str) -> Iterator[tuple[str, StoredGateDecision]]:
    for key, decided in islice(store.decisions_by_key(), MAX_DECISIONS_READ):
        if decided.repository.partition("/")[0].lower() == login.lower():
            yield decision_url(key), decided


def _waiting_row(gate: WaitingDeployment, state: WaitState) -> WaitingRow:
    return WaitingRow(gate, datetime.fromtimestamp(state.since, UTC), state.attempts, state.reasons)


def _run_url(context: PageContext, name: FullName, run: int) -> str:
    standing = ReportStore(context.records).find(name)
    if standing is None:
        return ""
    webs = [
        each.repository_web(standing.id)
        for each in installed_organizations(context)
        if each.installation == standing.installation
    ]
    return github_url(webs[0], f"actions/runs/{run}") if webs else ""
