"""Escapes untrusted text for Markdown and encodes hidden metadata and checkboxes in issues."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

# GitHub links these wherever they stand in prose: a mention, an issue, an advisory.
AUTOLINKED = re.compile(r"[@#]|\b(?:GH|GHSA|CVE)-(?=\w)", re.IGNORECASE)
WORD_JOINER = "\u2060"  # takes no room, and ends what GitHub would link

# Marks that mean something to Markdown, GitHub's dialect or HTML wherever they stand, as character references: Markdown takes
# none of those for its own (CommonMark 0.31, 2.5), tables are split at a written `|` only, `&#60;` begins no HTML.
CHARACTER_REFERENCES = {ord(mark): f"&#{ord(mark)};" for mark in '"!#$&*:<>@[\\]^_`{|}~'}

# What means something where a line begins (lists, headings), and the one link that GitHub makes without a colon.
LINE_START_MARKUP = re.compile(r"^\s*([-+=]|\d+[.)])|\bwww\.", re.IGNORECASE)

MAX_LENGTH = 1_000


class Markdown(str):
    """Markdown that may stand as it is: text of others in it is escaped. A template escapes everything else."""

    __slots__ = ()


def plain_line(text: str, max_length: int = MAX_LENGTH) -> str:
    r"""Give one line in which control, bidirectional and other unknown characters are written as `\u….`; cut when too long."""
    cut = text if len(text) <= max_length else text[: max_length - 1] + "…"
    if cut.isprintable():  # most are, and a report asks thousands of times
        return cut
    return "".join(char if char.isprintable() else _unicode_escape(char) for char in cut)


def _unicode_escape(char: str) -> str:
    return f"\\u{ord(char):04x}" if ord(char) <= 0xFFFF else f"\\U{ord(char):08x}"  # noqa: PLR2004 - the last that four digits can write


def markdown_text(text: str) -> Markdown:
    """Escape text for a Markdown sentence or table cell: no markup, no HTML, no link, no mention."""
    return _escape_markdown(AUTOLINKED.sub(lambda live: live[0] + WORD_JOINER, plain_line(text)))


def inline_code(text: str) -> Markdown:
    """Write text as code in Markdown, tables included; GitHub links nothing inside code."""
    return Markdown(f"<code>{_escape_markdown(plain_line(text))}</code>")


def prose(text: str) -> Markdown:
    """Escape text as `markdown_text` does, and write what stands between backticks as code."""
    parts = plain_line(text).split("`")
    if len(parts) % 2 == 0:  # a backtick without its other: none means anything
        return markdown_text(text)
    return Markdown(
        "".join(inline_code(part) if index % 2 else markdown_text(part) for index, part in enumerate(parts))
    )


def _escape_markdown(text: str) -> Markdown:
    escaped = text.translate(CHARACTER_REFERENCES)
    return Markdown(LINE_START_MARKUP.sub(lambda found: found[0][:-1] + f"&#{ord(found[0][-1])};", escaped))


def code_block(lines: Iterable[str], language: str = "text") -> Markdown:
    """Write lines as a fenced block of Markdown whose fence is longer than any inside."""
    shown = [plain_line(line, max_length=1_000) for line in lines]
    runs = [len(run) for line in shown for run in re.findall(r"`+", line)]
    fence = "`" * max(3, *(length + 1 for length in runs), 3)
    return Markdown("\n".join([fence + language, *shown, fence]))


PUBLISHING_ISSUE = "publishing"  # the kind of an issue about what publishes from one repository
DIGEST_ISSUE = "digest"  # the kind of an issue about a whole organization
CHANGE_ALERT_ISSUE = "change-alert"  # the kind of an issue about a change that people have to hear of
PACKAGE_ALERT_ISSUE = "package-alert"  # the kind of an issue about a published version, or what else cannot wait

# On a line of its own. Text of repositories never makes one: its `<` is written as a character reference.
METADATA_PATTERN = re.compile(
    r"^<!-- wharfinger ([a-z-]{1,40}) ([\w./-]{1,200})((?: [a-z]{1,20}=[\w.,:-]{0,2000}){0,20}) -->$", re.MULTILINE
)
FIELDS_PATTERN = re.compile(r" ([a-z]+)=([\w.,:-]*)")


@dataclass(frozen=True, slots=True)
class HiddenMetadata:
    """Names an issue: its kind ("publishing", "digest" …) and subject ("repository-31"), with notes to ourselves.

    Whoever can edit the issue can edit the marker too: notes are read as text that somebody else may have written.
    """

    kind: str
    subject: str
    fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What it is found by."""
        return f"{self.kind} {self.subject}"

    def __str__(self) -> str:
        notes = "".join(f" {key}={value}" for key, value in self.fields.items())
        text = f"<!-- wharfinger {self.name}{notes} -->"
        if METADATA_PATTERN.fullmatch(text) is None:
            raise ValueError("a marker is made of plain words only")
        return text

    def attach_to(self, body: str) -> str:
        """Put this marker on a text, in place of the one that it has."""
        return f"{self}\n{METADATA_PATTERN.sub('', body).lstrip()}"

    @classmethod
    def parse(cls, body: str) -> "HiddenMetadata | None":
        """Read the first marker of a text; None where it has none."""
        found = METADATA_PATTERN.search(body.replace("\r\n", "\n"))  # GitHub's form for editing sends these
        return cls(found[1], found[2], dict(FIELDS_PATTERN.findall(found[3]))) if found else None


def text_fingerprint(text: str) -> str:
    """Name a text by what it says, in 16 letters."""
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()[:16]


MAX_CHECKBOXES = 100  # boxes of one change; people tick a few
KEY_PATTERN = r"[0-9a-f]{12}"

# On a line of its own. Text of repositories never makes one: its `<` is written as a character reference.
_CHECKBOX = re.compile(rf"^[-*] \[([ xX])\] [^\n]*<!-- (keep|drop|delete) ({KEY_PATTERN}) -->[ \t\r]*$", re.MULTILINE)
_ENCODED_CHECKBOX = re.compile(rf"(keep|drop|delete)-({KEY_PATTERN})")


class CheckboxAction(StrEnum):
    """What ticking a box says."""

    KEEP = "keep"
    DROP = "drop"
    DELETE = "delete"  # the stored secret


@dataclass(frozen=True, slots=True, order=True)
class Checkbox:
    """A box: what ticking it says, of what."""

    action: CheckboxAction
    key: str

    def markdown_line(self, label: str, *, checked: bool = False) -> Markdown:
        """Write it as a line of Markdown; `label` is our own text, with text of others in it escaped."""
        return Markdown(f"- [{'x' if checked else ' '}] {label} <!-- {self.action} {self.key} -->")

    def __str__(self) -> str:
        return f"{self.action}-{self.key}"


def checked_boxes(body: str) -> frozenset[Checkbox]:
    """Return the boxes that are ticked in an issue's body."""
    return frozenset(Checkbox(CheckboxAction(word), key) for mark, word, key in _CHECKBOX.findall(body) if mark != " ")


def newly_checked(before: str, after: str) -> tuple[Checkbox, ...]:
    """Return the boxes that a change of the body ticked, in order; of a text that was not ours nothing follows."""
    return tuple(sorted(checked_boxes(after) - checked_boxes(before)))[:MAX_CHECKBOXES]


def encode_checkboxes(checkboxes: Iterable[Checkbox]) -> str:
    """Write boxes as the argument of a job."""
    return ",".join(map(str, checkboxes))


def decode_checkboxes(text: str) -> tuple[Checkbox, ...]:
    """Read what `encode_checkboxes` wrote."""
    return tuple(Checkbox(CheckboxAction(word), key) for word, key in _ENCODED_CHECKBOX.findall(text))


def uncheck(body: str, checkbox: Checkbox) -> str:
    """Take the tick out of a box."""
    marked = re.compile(rf"^([-*]) \[[xX]\]( [^\n]*<!-- {checkbox.action} {checkbox.key} -->[ \t\r]*)$", re.MULTILINE)
    return marked.sub(r"\1 [ ]\2", body)
