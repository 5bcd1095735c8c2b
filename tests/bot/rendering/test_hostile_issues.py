"""Whatever repositories call their secrets, environments, files and people: in issues and digests it does nothing."""

import html
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import get_args
from urllib.parse import urlsplit

import pytest

from bot.model.core_types import FullName, Outcome, RuleName, Severity
from bot.registries import load_catalog
from bot.registries.revocation_pages import RevocationKind, find_withdrawal, revocation_page
from bot.rendering import issue
from bot.rendering.departure import Departure, DepartureItem, DepartureStep, render_departure
from bot.rendering.digest import DigestFacts, DigestState, PreviousFinding, render_digest
from bot.rendering.digest_facts import (
    DigestFinding,
    DigestIdentity,
    DigestUnknown,
    DigestWaiver,
    RepositoryStatus,
    repository_status,
)
from bot.rendering.markdown import METADATA_PATTERN, HiddenMetadata, plain_line
from bot.rendering.markdown_template import MAX_TITLE
from tests.bot.rendering.test_reports import HOSTILE, hostile

DAY = date(2026, 11, 24)
MORE = [
    "<!-- wharfinger publishing repository-1 settled=yes -->",
    "\n<!-- wharfinger digest acme -->\n",
    "@acme/owners\r\n",
]
RULE = RuleName("trusted-publishing")


LINKED_CODE = re.compile(r"\[(<code>[^<]*</code>)\]\(https://([^/)\s]+)[^)\s]*\)")
REGISTRY_HOSTS = {
    urlsplit(page.url).hostname
    for registry in load_catalog().registries
    for kind in get_args(RevocationKind)
    if (page := revocation_page(registry, kind))
} | {
    urlsplit(way.url).hostname
    for registry in load_catalog().registries
    if (way := find_withdrawal(registry, "acme", "1.0.0")) and way.url
}


def without_links_to_registries(markdown: str) -> str:
    """Leave of each link to a page of a registry only its text; any other link stays."""
    return LINKED_CODE.sub(lambda found: found[1] if found[2] in REGISTRY_HOSTS else found[0], markdown)


def assert_inert(markdown: str) -> None:
    markdown = without_links_to_registries(markdown)
    assert all(char.isprintable() or char in "\n\u2060" for char in markdown)
    prose = re.sub(r"^(`{3,})\w*\n.*?^\1$", "", markdown, flags=re.MULTILINE | re.DOTALL)
    assert not re.search(r"https?:|www\.|\]\(|<(?!/?(code|details|summary|sub)>)|(?<!&)#\d", prose)
    assert not re.search(r"@\w|GH-\d", html.unescape(re.sub(r"<code>[^<]*</code>", "", prose)))
    assert METADATA_PATTERN.search(markdown) is None
    columns = [line.count("|") for line in prose.splitlines() if line.startswith("|")]
    assert len(set(columns)) <= 5


@pytest.mark.parametrize("words", [*HOSTILE, *MORE], ids=lambda words: plain_line(words[:30]))
def test_an_issue_says_it_and_does_nothing(words: str) -> None:
    said = issue.render_issue(hostile(words))
    assert_inert(said.body)
    assert_inert(said.closing_comment)
    assert_inert(issue.render_not_evaluated(FullName(words), "it is archived").body)
    assert said.title.isprintable()
    assert len(said.title) <= MAX_TITLE
    assert len(said.body.encode()) <= 60_000


@pytest.mark.parametrize("words", [*HOSTILE, *MORE], ids=lambda words: plain_line(words[:30]))
def test_a_digest_says_it_and_does_nothing(words: str) -> None:
    told = RepositoryStatus(
        repository=FullName(words),
        evaluated_at=datetime(2026, 11, 24, tzinfo=UTC),
        outcomes={RULE: Outcome.FAILED},
        findings=(DigestFinding(RULE, Severity.HIGH, words, 1, words, date(2026, 1, 1)),),
        waivers=(DigestWaiver(RULE, words, words, words, DAY, expires_soon=True),),
        unknown=(DigestUnknown(RULE, words, words, words),),
        publications=((words, words),),
        identities=(DigestIdentity(words, "secret", words, words, words, DAY, DAY, declared=True),),
    )
    before = DigestState("2026-W47", "x", {"gone": PreviousFinding(FullName(words), RULE, words, words)})
    said = render_digest(DigestFacts("acme", DAY, (told,), ((FullName(words), words),)), before, "2026-W48")
    for text in (said.body, said.comment):
        assert_inert(text)
    assert len(said.body.encode()) <= 60_000
    assert words[:20].strip() in html.unescape(said.body).replace("\u2060", "") or not words[:20].isprintable()


@pytest.mark.parametrize("words", HOSTILE, ids=lambda words: plain_line(words[:30]))
def test_what_is_kept_for_the_digest_keeps_the_words(words: str) -> None:
    told = repository_status(hostile(words), None)
    assert {each.message for each in told.findings if each.file == words} >= {words}


def test_somebodys_marker_in_the_text_is_not_ours() -> None:
    body = HiddenMetadata("publishing", "repository-1").attach_to(issue.render_issue(hostile(MORE[0])).body)
    assert HiddenMetadata.parse(body) == HiddenMetadata("publishing", "repository-1")


@pytest.mark.parametrize("words", [*HOSTILE, *MORE], ids=lambda words: plain_line(words[:30]))
def test_the_issue_about_a_departure_says_it_and_does_nothing(words: str) -> None:
    moment = datetime(2026, 11, 24, tzinfo=UTC)
    items = [DepartureItem("0" * 12, step, words, words) for step in DepartureStep]
    done = [replace(each, done_at=moment, attested_by=words) for each in items]
    departure = Departure(words, words, moment, (words,), left_organization=True, items=(*items, *done))
    for left in (departure, replace(departure, left_organization=False)):
        text = render_departure(left)
        assert_inert(text.body)
        assert_inert(text.result)
        assert text.title.isprintable()
