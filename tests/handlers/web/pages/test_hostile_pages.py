"""Whatever repositories, people and environments are called: on no page does it come alive, and every page shows it."""

from collections.abc import Callable

import pytest
from redis import Redis
from starlette.responses import Response

from bot.identities.publishing_identity import NOUNS
from bot.model.core_types import FullName
from bot.registries import load_catalogue
from bot.rendering.markdown import plain
from bot.rendering.register_report import register_of
from handlers.config.settings import Settings
from handlers.web.pages import (
    alarms,
    gates_page,
    identity,
    identity_pages,
    organization_pages,
    repository,
    setup_page,
    versions,
)
from handlers.web.pages.addresses import decision, file_on_github
from handlers.web.pages.page_context import Page, Shelf
from handlers.web.pages.paper import printed, said
from handlers.web.pages.standings import standing_of
from tests.bot.rendering.test_hostile_issues import MORE
from tests.bot.rendering.test_reports import HOSTILE, hostile
from tests.handlers.web.pages.page_reader import Read
from tests.handlers.web.pages.stored_records import KEY, NOW, WEB, keep

CATALOGUE = load_catalogue()


def _version(shelf: Shelf) -> str:
    (row,) = versions.newest(shelf, standing_of(shelf, "acme", "widgets"))
    return row.page.rpartition("/")[2]


SHOWN: dict[str, Callable[[Shelf], Page]] = {
    "set-up": setup_page.show,
    "organisation": lambda shelf: organization_pages.show(shelf, "ACME"),
    "inventory": lambda shelf: identity_pages.show(shelf, "acme"),
    "alarms": lambda shelf: alarms.show(shelf, "acme"),
    "gates": lambda shelf: gates_page.show_all(shelf, "acme"),
    "decision": lambda shelf: gates_page.show_one(shelf, KEY),
    "version": lambda shelf: versions.show(shelf, "acme", "widgets", _version(shelf)),
    "repository": lambda shelf: repository.show(shelf, "acme", "Widgets"),
}


EACH = pytest.mark.parametrize("words", [*HOSTILE, *MORE], ids=lambda words: plain(words[:30]))


def an_identity(words: str) -> Page:
    """The page of an identity of which everything is called that."""
    line = register_of(hostile(words)).lines[0]
    shown = identity.Shown(FullName(f"acme/{words}"), line, NOUNS[line.identity.kind], (words,), "machine")
    return Page("identity.html", words, shown, words, "identities")


def read(answer: Response) -> Read:
    """Read an answer, and hold that nothing on it is strange: no element, attribute, address or character of others."""
    text = bytes(answer.body).decode()
    assert all(char.isprintable() or char == "\n" for char in text)
    page = Read.of(text)
    assert page.strange == []
    assert {link for link in page.links if not link.startswith(("/", "?page=", f"{WEB}/"))} <= {WEB}
    return page


@EACH
def test_every_page_says_it_and_does_nothing(redis: Redis, settings: Settings, words: str) -> None:
    keep(redis, words[:5000])  # longer ones only take time
    for room, show in SHOWN.items():
        page = show(Shelf(redis, CATALOGUE, settings, NOW))
        assert " ".join(plain(words[:30]).split()) in read(printed(page, NOW)).words, room


@EACH
def test_an_identity_says_it_and_does_nothing(words: str) -> None:
    assert " ".join(plain(words[:30]).split()) in read(printed(an_identity(words), NOW)).words


@EACH
def test_a_sentence_says_it_and_does_nothing(words: str) -> None:
    assert read(said(words, words, 404)).links == ["/", "/"]


@EACH
def test_an_address_is_one_whatever_it_names(words: str) -> None:
    for address in (decision(words), file_on_github(WEB, words, words[:50], 3)):
        assert address.isascii()
        assert not set(address) & set("\"'<>\\ ?&") | ({"#"} & set(address.removesuffix("#L3")))
    assert (
        file_on_github("javascript:alert(1)", words, words[:50], 3) == file_on_github(WEB, words, "x" * 5000, 3) == ""
    )
