"""Text of repositories made inert: nothing in it may act on the terminal, the page or the people that show it."""

import re

# GitHub links these wherever they stand in prose: a mention, an issue, an advisory.
AUTOLINKED = re.compile(r"[@#]|\b(?:GH|GHSA|CVE)-(?=\w)", re.IGNORECASE)
WORD_JOINER = "\u2060"  # takes no room, and ends what GitHub would link

# Marks that mean something to Markdown, GitHub's dialect or HTML wherever they stand, as character references: Markdown takes
# none of those for its own (CommonMark 0.31, 2.5), tables are split at a written `|` only, `&#60;` begins no HTML.
CHARACTER_REFERENCES = {ord(mark): f"&#{ord(mark)};" for mark in '"!#$&*:<>@[\\]^_`{|}~'}

# What means something where a line begins (lists, headings), and the one link that GitHub makes without a colon.
LINE_START_MARKUP = re.compile(r"^\s*([-+=]|\d+[.)])|\bwww\.", re.IGNORECASE)

MAX_LENGTH = 1_000


def plain_line(text: str, max_length: int = MAX_LENGTH) -> str:
    r"""Give one line in which control, bidirectional and other unknown characters are written as `\u….`; cut when too long."""
    cut = text if len(text) <= max_length else text[: max_length - 1] + "…"
    if cut.isprintable():  # most are, and a report asks thousands of times
        return cut
    return "".join(char if char.isprintable() else _unicode_escape(char) for char in cut)


def _unicode_escape(char: str) -> str:
    return f"\\u{ord(char):04x}" if ord(char) <= 0xFFFF else f"\\U{ord(char):08x}"  # noqa: PLR2004 - the last that four digits can write


def markdown_text(text: str) -> str:
    """Give text to stand in a Markdown sentence or table cell: no markup, no HTML, no link, no mention."""
    return _escape_markdown(AUTOLINKED.sub(lambda live: live[0] + WORD_JOINER, plain_line(text)))


def inline_code(text: str) -> str:
    """Give text to stand as code in Markdown, tables included; GitHub links nothing inside code."""
    return f"<code>{_escape_markdown(plain_line(text))}</code>"


def _escape_markdown(text: str) -> str:
    return LINE_START_MARKUP.sub(
        lambda found: found[0][:-1] + f"&#{ord(found[0][-1])};", text.translate(CHARACTER_REFERENCES)
    )


def code_block(lines: list[str], language: str = "text") -> str:
    """Give lines as a fenced block of Markdown whose fence is longer than any inside."""
    shown = [plain_line(line, max_length=1_000) for line in lines]
    runs = [len(run) for line in shown for run in re.findall(r"`+", line)]
    fence = "`" * max(3, *(length + 1 for length in runs), 3)
    return "\n".join([fence + language, *shown, fence])
