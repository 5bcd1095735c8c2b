"""Values of PowerShell: words of commands, texts, variables and lists; other expressions are not worked out."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from tree_sitter import Node

from bot.shell.fences import ScriptSource
from bot.shell.interpreter import EMPTY_CONTEXT, Interpreter, StatementContext
from bot.shell.powershell_words import LOCAL_PREFIX, PowerShellTextReader
from bot.shell.script import Word
from bot.shell.words import WordOrigin, join_words, literal_word, make_word, merge_words, shorten, split_at_breaks

_LITERAL_NODES = {"string_literal", "variable", "integer_literal", "real_literal"}
_OPAQUE_NODES = {"command", "invokation_expression", "member_access", "element_access", "hash_literal_expression"}


@dataclass(slots=True)
class PowerShellWordReader(ABC):
    """Reads the words of one text; statements are read by the class that stands on this one."""

    interpreter: Interpreter
    source: ScriptSource
    rows: Sequence[int]

    def node_text(self, node: Node) -> str:
        return self.source.original[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def line(self, node: Node) -> int:
        return self.rows[min(self.source.row(node.start_byte), len(self.rows) - 1)]

    @abstractmethod
    def sequence(self, nodes: Sequence[Node], context: StatementContext) -> list[Word]:
        """Walk statements one after the other."""

    def word(self, node: Node) -> Word:
        """Read a node as one word."""
        forms = self.word_forms(node.start_byte, node.end_byte)
        return merge_words([join_words(form) if form else literal_word("") for form in forms])

    def word_forms(self, start: int, end: int) -> list[list[Word]]:
        """Read a word's possible forms; an array makes several words of one."""
        text = self.source.original[start:end].decode("utf-8", "replace")
        origin = WordOrigin()
        found = dict.fromkeys(map(split_at_breaks, PowerShellTextReader(self.interpreter, text, origin).read()))
        return [[make_word(shorten(text), [value], origin) for value in values] for values in found]

    def run_blocks(self, node: Node) -> None:
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
                with self.interpreter.conditionally():
                    self.sequence(one.children, EMPTY_CONTEXT)
            else:
                waiting.extend(reversed(one.children))

    def value(self, node: Node) -> Word | None:
        """Return what an expression comes to when it is a text or a variable, else None."""
        while node.child_count == 1 and node.type not in _LITERAL_NODES:
            node = node.children[0]
        if node.type not in _LITERAL_NODES:
            return None
        self.run_blocks(node)
        return self.word(node)

    def values(self, node: Node) -> list[Word] | None:
        """Return the elements of a list of texts and variables, else None."""
        found: list[Word] = []
        waiting = [node]
        while waiting:
            one = waiting.pop()
            if one.type in _LITERAL_NODES:
                binding = (
                    self.interpreter.variables.find(LOCAL_PREFIX + self.node_text(one)[1:].lower())
                    if one.type == "variable"
                    else None
                )
                found += binding if isinstance(binding, tuple) else [self.word(one)]
            elif one.type in _OPAQUE_NODES or (one.is_named and not one.child_count):
                return None
            else:
                waiting.extend(reversed(one.children))
        return found or None
