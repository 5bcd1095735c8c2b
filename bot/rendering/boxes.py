"""Boxes to tick in our issues: each with a hidden key, so that it is known what was ticked however the words around it change."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

MOST = 100  # boxes of one change; people tick a few
KEY = r"[0-9a-f]{12}"

# On a line of its own. Text of repositories never makes one: its `<` is written as a character reference.
_BOX = re.compile(rf"^[-*] \[([ xX])\] [^\n]*<!-- (keep|drop|delete) ({KEY}) -->[ \t\r]*$", re.MULTILINE)
_SAID = re.compile(rf"(keep|drop|delete)-({KEY})")


class Word(StrEnum):
    """What ticking a box says."""

    KEEP = "keep"
    DROP = "drop"
    DELETE = "delete"  # the stored secret


@dataclass(frozen=True, slots=True, order=True)
class Box:
    """A box: what ticking it says, of what."""

    word: Word
    key: str

    def line(self, words: str, *, ticked: bool = False) -> str:
        """Write it as a line of Markdown; `words` are ours, text of others in them made inert."""
        return f"- [{'x' if ticked else ' '}] {words} <!-- {self.word} {self.key} -->"

    def __str__(self) -> str:
        return f"{self.word}-{self.key}"


def ticked(body: str) -> frozenset[Box]:
    """Return the boxes that are ticked in an issue's body."""
    return frozenset(Box(Word(word), key) for mark, word, key in _BOX.findall(body) if mark != " ")


def newly_ticked(before: str, after: str) -> tuple[Box, ...]:
    """Return the boxes that a change of the body ticked, in order; of a text that was not ours nothing follows."""
    return tuple(sorted(ticked(after) - ticked(before)))[:MOST]


def written(boxes: Iterable[Box]) -> str:
    """Write boxes as the argument of a job."""
    return ",".join(map(str, boxes))


def read(text: str) -> tuple[Box, ...]:
    """Read what `written` wrote."""
    return tuple(Box(Word(word), key) for word, key in _SAID.findall(text))


def untick(body: str, box: Box) -> str:
    """Take the tick out of a box."""
    marked = re.compile(rf"^([-*]) \[[xX]\]( [^\n]*<!-- {box.word} {box.key} -->[ \t\r]*)$", re.MULTILINE)
    return marked.sub(r"\1 [ ]\2", body)
