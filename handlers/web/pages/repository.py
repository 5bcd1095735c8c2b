"""A repository's page: what is published and how, what does not hold, what could not be seen, and how that changed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice, pairwise

from bot.json_access import records
from bot.model.core_types import FullName
from bot.rendering.digest_facts import Held
from handlers.records.gate_store import Decided, GateBook
from handlers.records.report_store import Standing
from handlers.records.told import Change, ToldBook
from handlers.web.pages.addresses import decision, on_github
from handlers.web.pages.organization_pages import organisation_of
from handlers.web.pages.page_context import Page, Shelf
from handlers.web.pages.repository_pages import (
    Found,
    Hidden,
    Leaving,
    Ruled,
    changed,
    findings,
    hidden,
    lapsed,
    partly,
    policy,
    publications,
    rules,
    waived,
)
from handlers.web.pages.standings import standing_of
from handlers.web.pages.versions import Row, newest

MOST_CHANGES = 20
MOST_DECISIONS = 5
MOST_LOOKED_AT = 2_000  # decisions, for those of one repository


@dataclass(frozen=True, slots=True)
class Turn:
    """What changed at a moment: rule, before, after."""

    at: datetime
    commit: str
    rules: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """Everything on a repository's page."""

    standing: Standing
    github: str  # its address there
    checks: str  # of the commit
    publications: tuple[Leaving, ...]
    unread: bool  # whether a file could not be read, which may publish
    findings: tuple[Found, ...]
    waived: tuple[Found, ...]
    lapsed: tuple[Found, ...]
    hidden: tuple[Hidden, ...]
    partly: tuple[tuple[str, str], ...]
    rules: tuple[Ruled, ...]
    identities: tuple[Held, ...]
    versions: tuple[Row, ...]
    decisions: tuple[tuple[str, Decided], ...]  # each with its page
    turns: tuple[Turn, ...]
    policy_files: tuple[str, ...]
    policy_notes: tuple[str, ...]


def show(shelf: Shelf, owner: str, name: str) -> Page:
    """Show a repository as it was judged last."""
    standing = standing_of(shelf, owner, name)
    web = organisation_of(shelf, standing.repository.partition("/")[0]).web(standing.id)
    book = ToldBook(shelf.redis, standing.installation)
    told = book.get(standing.id)
    files, notes = policy(standing)
    shown = Shown(
        standing=standing,
        github=on_github(web),
        checks=on_github(web, f"commit/{standing.commit}/checks"),
        publications=tuple(publications(standing, web, shelf.catalogue)),
        unread=bool(records(standing.report, "unreadable")),
        findings=tuple(findings(standing, web, told)),
        waived=tuple(waived(standing, web)),
        lapsed=tuple(lapsed(standing, web)),
        hidden=tuple(hidden(standing)),
        partly=tuple(partly(standing)),
        rules=tuple(rules(standing)),
        identities=told.identities if told else (),
        versions=tuple(newest(shelf, standing)),
        decisions=tuple(islice(_decisions(shelf, standing.repository), MOST_DECISIONS)),
        turns=tuple(islice(_turns(book.changes(standing.id)), MOST_CHANGES)),
        policy_files=files,
        policy_notes=notes,
    )
    return Page("repository.html", standing.repository, shown, standing.repository.partition("/")[0], "repositories")


def _decisions(shelf: Shelf, name: FullName) -> Iterator[tuple[str, Decided]]:
    for key, decided in islice(GateBook(shelf.redis).keyed(), MOST_LOOKED_AT):
        if decided.repository.lower() == name.lower():
            yield decision(key), decided


def _turns(changes: tuple[Change, ...]) -> Iterator[Turn]:
    """Yield what changed from each moment to the next, the latest first; the first look has nothing before it."""
    for after, before in pairwise(changes):
        if turned := tuple(changed(before.outcomes, after.outcomes)):
            yield Turn(after.at, after.commit or "", turned)
