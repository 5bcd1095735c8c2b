"""Whatever repositories, people and environments are called: on no page does it come alive, and every page shows it."""

from collections.abc import Callable

import pytest
from redis import Redis
from starlette.responses import Response

from bot.identities.publishing_identity import KIND_NAMES
from bot.model.core_types import FullName
from bot.registries import load_catalog
from bot.rendering.links import decision_url, github_file_url
from bot.rendering.markdown import plain_line
from bot.rendering.register_report import build_register
from handlers.config.database import Database
from handlers.config.settings import Settings
from handlers.web.pages import (
    gates_page,
    identity_pages,
    organization_pages,
    repository_pages,
    setup_page,
)
from handlers.web.pages.page_context import Page, PageContext, find_report
from handlers.web.pages.routes import message_page, render_page
from tests.bot.rendering.test_hostile_issues import MORE
from tests.bot.rendering.test_reports import HOSTILE, hostile
from tests.handlers.web.pages.page_reader import ParsedPage
from tests.handlers.web.pages.stored_records import KEY, NOW, WEB, store_records

CATALOG = load_catalog()


def _version(shelf: PageContext) -> str:
    (row,) = repository_pages.newest_versions(shelf, find_report(shelf, "acme", "widgets"))
    return row.page.rpartition("/")[2]


SHOWN: dict[str, Callable[[PageContext], Page]] = {
    "set-up": setup_page.setup_page,
    "organization": lambda shelf: organization_pages.organization_page(shelf, "ACME"),
    "inventory": lambda shelf: identity_pages.inventory_page(shelf, "acme"),
    "alerts": lambda shelf: organization_pages.alerts_page(shelf, "acme"),
    "gates": lambda shelf: gates_page.gates_page(shelf, "acme"),
    "decision": lambda shelf: gates_page.decision_page(shelf, KEY),
    "version": lambda shelf: repository_pages.version_page(shelf, "acme", "widgets", _version(shelf)),
    "repository": lambda shelf: repository_pages.repository_page(shelf, "acme", "Widgets"),
}


EACH = pytest.mark.parametrize("words", [*HOSTILE, *MORE], ids=lambda words: plain_line(words[:30]))


def an_identity(words: str) -> Page:
    """The page of an identity of which everything is called that."""
    line = build_register(hostile(words)).entries[0]
    shown = identity_pages.IdentityView(
        FullName(f"acme/{words}"), line, KIND_NAMES[line.identity.kind], (words,), "machine"
    )
    return Page("identity.html", words, shown, words, "identities")


def read(answer: Response) -> ParsedPage:
    """Read an answer, and hold that nothing on it is strange: no element, attribute, address or character of others."""
    text = bytes(answer.body).decode()
    assert all(char.isprintable() or char == "\n" for char in text)
    page = ParsedPage.of(text)
    assert page.strange == []
    assert {link for link in page.links if not link.startswith(("/", "?page=", f"{WEB}/"))} <= {WEB}
    return page


@EACH
def test_every_page_says_it_and_does_nothing(records: Database, redis: Redis, settings: Settings, words: str) -> None:
    store_records(records, redis, words[:5000])  # longer ones only take time
    for room, show in SHOWN.items():
        page = show(PageContext(redis, records, CATALOG, settings, NOW))
        assert " ".join(plain_line(words[:30]).split()) in read(render_page(page, NOW)).words, room


@EACH
def test_an_identity_says_it_and_does_nothing(words: str) -> None:
    assert " ".join(plain_line(words[:30]).split()) in read(render_page(an_identity(words), NOW)).words


@EACH
def test_a_sentence_says_it_and_does_nothing(words: str) -> None:
    assert read(message_page(words, words, 404)).links == ["/", "/"]


@EACH
def test_an_address_is_one_whatever_it_names(words: str) -> None:
    for address in (decision_url(words), github_file_url(WEB, words, words[:50], 3)):
        assert address.isascii()
        assert not set(address) & set("\"'<>\\ ?&") | ({"#"} & set(address.removesuffix("#L3")))
    assert (
        github_file_url("javascript:alert(1)", words, words[:50], 3) == github_file_url(WEB, words, "x" * 5000, 3) == ""
    )
