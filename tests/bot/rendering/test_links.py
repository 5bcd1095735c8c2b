"""Holds that reports lead to the line, the rule and the page they speak of, and nowhere else whatever a repository calls itself."""

import re

import pytest

from bot.model.core_types import FullName
from bot.model.findings import Location, settings_location
from bot.rendering.check_run import render_check_run
from bot.rendering.issue import render_issue
from bot.rendering.links import Links, github_file_url
from bot.rendering.markdown import plain_line
from tests.bot.rendering.test_hostile_issues import MORE, assert_inert
from tests.bot.rendering.test_reports import HOSTILE, hostile

LINKS = Links("https://github.example", "https://wharfinger.example/app", pages=True)
WIDGETS = FullName("acme/widgets")
RELEASE = Location(".github/workflows/release.yml", 19, 19)
FENCED = re.compile(r"^(`{3,})\w*\n.*?^\1$", re.MULTILINE | re.DOTALL)
TARGET = re.compile(r"\]\((https://(?:github\.example|wharfinger\.example)/[\w./%~-]*(?:#L\d+)?)\)")


def test_a_place_leads_to_its_line_at_the_commit() -> None:
    shown = LINKS.location(WIDGETS, RELEASE, "c0ffee")
    assert shown.endswith("](https://github.example/acme/widgets/blob/c0ffee/.github/workflows/release.yml#L19)")
    assert shown.startswith("[<code>.github/workflows/release.yml&#58;19</code>]")


def test_a_page_of_settings_leads_below_the_repository_or_the_organization() -> None:
    repositories = LINKS.location(WIDGETS, settings_location("settings/keys"))
    organizations = LINKS.location(WIDGETS, settings_location("organizations/acme/settings/secrets/actions"))
    assert repositories.endswith("](https://github.example/acme/widgets/settings/keys)")
    assert organizations.endswith("](https://github.example/organizations/acme/settings/secrets/actions)")


def test_a_rule_leads_to_its_documentation_and_a_repository_to_its_page() -> None:
    assert LINKS.check("pinned-actions").endswith("](https://wharfinger.example/app/documentation/pinned-actions)")
    assert LINKS.repository(WIDGETS).endswith("](https://wharfinger.example/app/repositories/acme/widgets)")
    assert LINKS.report(WIDGETS) == "https://wharfinger.example/app/repositories/acme/widgets"


def test_without_pages_a_repository_leads_to_github_and_a_check_run_to_no_page() -> None:
    closed = Links("https://github.example", "https://wharfinger.example")
    assert closed.repository(WIDGETS).endswith("](https://github.example/acme/widgets)")
    assert closed.report(WIDGETS) == ""


def test_without_addresses_nothing_is_linked() -> None:
    nowhere = Links()
    texts = [nowhere.location(WIDGETS, RELEASE), nowhere.check("pinned-actions"), nowhere.repository(WIDGETS)]
    assert [text for text in texts if "](" in text] == []


def test_a_name_that_no_disk_can_hold_is_not_linked() -> None:
    assert github_file_url("https://github.example/acme/widgets", "c0ffee", "a" * 4097, 1) == ""


@pytest.mark.parametrize("words", [*HOSTILE, *MORE], ids=lambda words: plain_line(words[:30]))
def test_no_name_leads_elsewhere(words: str) -> None:
    report = hostile(words)
    check_run, issue = render_check_run(report, LINKS), render_issue(report, links=LINKS)
    for text in (check_run.summary, check_run.text, issue.body):
        prose = FENCED.sub("", text)
        assert TARGET.search(prose)
        assert [each for each in re.findall(r"\]\([^)]*\)", prose) if not TARGET.fullmatch(each)] == []
    assert_inert(re.sub(rf"\[(<code>[^<]*</code>){TARGET.pattern}", r"\1", issue.body))
