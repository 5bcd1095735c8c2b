"""The template environment: no way of writing a value leaves it unescaped, and a name that is missing is an error."""

import re

import pytest
from jinja2 import UndefinedError

from bot.rendering.markdown import Markdown, markdown_text, prose
from bot.rendering.markdown_template import ENVIRONMENT, MAX_TITLE, fit_title, render_markdown
from tests.bot.rendering.test_hostile_issues import MORE, assert_inert
from tests.bot.rendering.test_reports import HOSTILE

HOSTILE_TEXT = "<b>@acme</b> [x](https://evil.example) | **y**"
WAYS = [
    "{{ text }}",
    "{{ text|safe }}",
    "{{ text|e }}",
    "{{ text|string|trim }}",
    "{{ text ~ text }}",
    "{{ text + text }}",
    "{{ own ~ text }}",
    "{{ own + text }}",
    "{{ '%s'|format(text) }}",
    "{{ own|replace('own', text) }}",
    "{{ [own, text]|join('<br>') }}",
    "{{ [text]|map('upper')|join }}",
    "{% set copy = text %}{{ copy }}",
    "{% set block %}{{ text }}<i>{% endset %}{{ block }}",
    "{% macro show(value) %}{{ value|safe }}{% endmacro %}{{ show(text) }}",
    "{{ text|sentence }}",
    "{{ text|brief(20) }}",
    "{{ text|code }}",
    "{{ [text, text]|codes }}",
    "{{ text if text else '' }}",
]


@pytest.mark.parametrize("template", WAYS)
def test_no_way_of_writing_a_value_leaves_it_unescaped(template: str) -> None:
    shown = ENVIRONMENT.from_string(template).render(text=HOSTILE_TEXT, own=Markdown("*own*"))

    assert shown
    assert not re.search(r"<(?!/?code>)|@a|\]\(|\*\*", shown)


def test_our_own_markdown_and_numbers_stand_as_they_are() -> None:
    template = ENVIRONMENT.from_string("{{ own }} {{ 12345 }} {{ none }} {{ 2|count('entry') }}")

    assert template.render(own=Markdown("**own**")) == "**own** 12,345  2 entries"


def test_what_is_missing_is_an_error() -> None:
    with pytest.raises(UndefinedError, match="repository"):
        render_markdown("issue", "not_evaluated", reason="it is archived")


@pytest.mark.parametrize("words", [*HOSTILE, *MORE])
def test_backticks_of_others_make_code_and_nothing_else(words: str) -> None:
    assert_inert(prose(words))
    assert_inert(prose(f"set `{words}` and `other`"))
    assert prose("set `id-token` now") == f"set <code>id-token</code> {markdown_text('now')}"


def test_the_first_title_that_fits_is_taken() -> None:
    assert fit_title("x" * 81, "fits", "f") == "fits"
    assert len(fit_title("x" * 81, "y" * 200)) == MAX_TITLE
