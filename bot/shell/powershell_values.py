"""Values of PowerShell: words of commands, texts, variables and lists; other expressions are not worked out."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from tree_sitter import Node

from bot.shell.fences import Source
from bot.shell.interpreter import QUIET, Io, Session
from bot.shell.powershell_words import LOCAL, TextReader
from bot.shell.script import Word
from bot.shell.words import Origin, fields, join, make_word, merge, plain, shorten

_LITERALS = {"string_literal", "variable", "integer_literal", "real_literal"}
_OPAQUE = {"command", "invokation_expression", "member_access", "element_access", "hash_literal_expression"}


@dataclass(slots=True)
class TextWords(ABC):
    """Reads the words of one text; statements are read by the class that stands on this one."""

    session: Session
    source: Source
    rows: Sequence[int]

    def slice(self, node: Node) -> str:
        return self.source.original[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def line(self, node: Node) -> int:
        return self.rows[min(self.source.row(node.start_byte), len(self.rows) - 1)]

    @abstractmethod
    def sequence(self, nodes: Sequence[Node], io: Io) -> list[Word]:
        """Walk statements one after the other."""

    def word(self, node: Node) -> Word:
        """Read a node as one word."""
        forms = self.forms(node.start_byte, node.end_byte)
        return merge([join(form) if form else plain("") for form in forms])

    def forms(self, start: int, end: int) -> list[list[Word]]:
        """Read a word's possible forms; an array makes several words of one."""
        text = self.source.original[start:end].decode("utf-8", "replace")
        origin = Origin()
        found = dict.fromkeys(map(fields, TextReader(self.session, text, origin).read()))
        return [[make_word(shorten(text), [value], origin) for value in values] for values in found]

    def blocks(self, node: Node) -> None:
        """Walk the commands inside a command's own words: `{ … }`, `$( … )`, `( … )`."""
        waiting = [child for child in reversed(node.children) if child.type != "command_name"]
        while waiting:
            one = waiting.pop()
            if one.type in (
                "script_block_expression",
                "sub_expression",
                "parenthesized_expression",
                "array_expression",
            ):
                with self.session.maybe():
                    self.sequence(one.children, QUIET)
            else:
                waiting.extend(reversed(one.children))

    def value(self, node: Node) -> Word | None:
        """Return what an expression comes to when it is a text or a variable, else None."""
        while node.child_count == 1 and node.type not in _LITERALS:
            node = node.children[0]
        if node.type not in _LITERALS:
            return None
        self.blocks(node)
        return self.word(node)

    def values(self, node: Node) -> list[Word] | None:
        """Return the elements of a list of texts and variables, else None."""
        found: list[Word] = []
        waiting = [node]
        while waiting:
            one = waiting.pop()
            if one.type in _LITERALS:
                binding = (
                    self.session.scope.find(LOCAL + self.slice(one)[1:].lower()) if one.type == "variable" else None
                )
                found += binding if isinstance(binding, tuple) else [self.word(one)]
            elif one.type in _OPAQUE or (one.is_named and not one.child_count):
                return None
            else:
                waiting.extend(reversed(one.children))
        return found or None
