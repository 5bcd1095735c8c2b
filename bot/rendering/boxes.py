"""Boxes to tick in our issues: each with a hidden key, so that it is known what was ticked however the words around it change."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

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

    def markdown_line(self, label: str, *, checked: bool = False) -> str:
        """Write it as a line of Markdown; `words` are ours, text of others in them made inert."""
        return f"- [{'x' if checked else ' '}] {label} <!-- {self.action} {self.key} -->"

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
    """Read what `written` wrote."""
    return tuple(Checkbox(CheckboxAction(word), key) for word, key in _ENCODED_CHECKBOX.findall(text))


def uncheck(body: str, checkbox: Checkbox) -> str:
    """Take the tick out of a box."""
    marked = re.compile(rf"^([-*]) \[[xX]\]( [^\n]*<!-- {checkbox.action} {checkbox.key} -->[ \t\r]*)$", re.MULTILINE)
    return marked.sub(r"\1 [ ]\2", body)
