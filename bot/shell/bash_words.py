"""Reads bash words and simple commands: quoting, variables, assignments, redirections, substitutions."""

import re
import sys
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tree_sitter import Node

from bot.shell.interpreter import (
    EMPTY_CONTEXT,
    UNKNOWN_VARIABLE_PREFIX,
    Interpreter,
    ShellExitError,
    StatementContext,
    run_alternatives,
)
from bot.shell.script import (
    EMPTY_TEXT,
    MAX_WORDS,
    Alternatives,
    Redirect,
    ScriptSource,
    UnknownKind,
    UnknownPart,
    Word,
    WordBreak,
    WordOrigin,
    WordValue,
    combine_alternatives,
    join_pieces,
    join_words,
    literal_word,
    make_word,
    read_text_with_expressions,
    shorten,
    split_at_breaks,
    split_at_whitespace,
    unknown_word,
)
from bot.shell.variables import Binding
from bot.shell.wrappers import read_assignment_word

_EXPANSIONS = {
    "simple_expansion",
    "expansion",
    "command_substitution",
    "process_substitution",
    "arithmetic_expansion",
}
_DEFAULT_OPERATORS = {":-", "-", ":=", "=", ":?", "?"}
_ALTERNATIVE_OPERATORS = {":+", "+"}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}
_ANSI_ESCAPE = re.compile(
    r"\\(?:x(?P<hex>[0-9a-fA-F]{1,2})|(?:u|U(?=[0-9a-fA-F]{5}))(?P<unicode>[0-9a-fA-F]{1,8})|(?P<octal>[0-7]{1,3})|(?P<sign>.))",
    re.DOTALL,
)
_SURROGATES = range(0xD800, 0xE000)


def unescape(text: str, only: str = "") -> str:
    """Take backslashes off: before every character, or before those of `only`; one before a line's end takes that away."""
    if "\\" not in text:
        return text
    pieces = text.split("\\")
    made = [pieces[0]]
    index = 1
    while index < len(pieces):
        piece = pieces[index]
        index += 1
        if not piece:  # a backslash before a backslash
            made.append("\\")
            if index < len(pieces):
                made.append(pieces[index])
                index += 1
        elif piece[0] == "\n":
            made.append(piece[1:])
        elif only and piece[0] not in only:
            made.append("\\" + piece)
        else:
            made.append(piece)
    return "".join(made)


@dataclass(slots=True)
class BashWordReader(ABC):
    """Reads the words of one text; statements are read by the class that stands on this one."""

    interpreter: Interpreter
    source: ScriptSource
    rows: Sequence[int]

    @abstractmethod
    def command_substitution(self, node: Node) -> Word:
        """Walk the commands of `$(…)` and return what they print."""

    def node_text(self, node: Node) -> str:
        """Return a node's text as written."""
        return self.source.original[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def line(self, node: Node) -> int:
        row = self.source.row(node.start_byte)
        return self.rows[min(row, len(self.rows) - 1)]

    def word(self, node: Node) -> Word:
        """Read a node as one word that is not split: an assignment's value, a redirect's target."""
        origin = WordOrigin()
        return make_word(
            shorten(self.node_text(node)), map(join_pieces, self.pieces(node, origin, quoted=True)), origin
        )

    def arguments(self, nodes: Sequence[Node]) -> list[list[Word]]:
        """Read a command's words: once for each of its possible forms, up to the bound."""
        return self.interpreter.combine_words(map(self._word_forms, nodes))

    def _word_forms(self, node: Node) -> list[list[Word]]:
        """Read one word's possible forms, each a list of words after splitting."""
        text = self.node_text(node)
        if node.type in ("word", "number") and not self.source.expressions and "\\" not in text:
            return [[Word(text, ((text,),))]]
        origin = WordOrigin()
        alternatives = self.pieces(node, origin, quoted=False)
        variables, expressions = frozenset(origin.variables), frozenset(origin.expressions)
        forms: dict[tuple[WordValue, ...], None] = dict.fromkeys(split_at_breaks(pieces) for pieces in alternatives)
        return [[Word(shorten(text), (value,), variables, expressions) for value in form] for form in forms]

    def pieces(self, node: Node, origin: WordOrigin, *, quoted: bool) -> Alternatives:  # noqa: PLR0911 - one answer for each kind of node
        """Read any part of a word."""
        match node.type:
            case "string" | "translated_string":
                return self._string(node, origin)
            case "raw_string":
                inside = read_text_with_expressions(self.source, node.start_byte + 1, node.end_byte - 1, origin)
                return combine_alternatives([("",)], inside)
            case "ansi_c_string":
                return [(_decode_ansi_string(self.node_text(node)[2:-1]),)]
            case "command_name":
                return self.pieces(node.children[0], origin, quoted=quoted) if node.children else EMPTY_TEXT
            case "concatenation":
                return self._concatenation(node, origin, quoted=quoted)
            case "simple_expansion":
                name = self.node_text(node)[1:]
                return self.variable(name, origin, quoted=quoted)
            case "expansion":
                with self.interpreter.nested_construct() as fine:
                    return self._expansion(node, origin, quoted=quoted) if fine else EMPTY_TEXT
            case "command_substitution" | "process_substitution":
                word = self.command_substitution(node)
                origin.add(word)
                return word.values if quoted else [split_at_whitespace(value) for value in word.values]
            case "arithmetic_expansion":
                return [(UnknownPart(UnknownKind.OTHER, shorten(self.node_text(node))),)]
            case _:
                return self.text(node.start_byte, node.end_byte, origin, quoted=False)

    def text(self, start: int, end: int, origin: WordOrigin, *, quoted: bool) -> Alternatives:
        """Read text between expansions; what a backslash means depends on the quotes."""
        if start >= end:
            return EMPTY_TEXT
        found = read_text_with_expressions(self.source, start, end, origin, quoted=quoted)
        only = '$`"\\' if quoted else ""
        return [tuple(unescape(piece, only) if isinstance(piece, str) else piece for piece in one) for one in found]

    def _string(self, node: Node, origin: WordOrigin) -> Alternatives:
        end = node.end_byte - (node.children[-1].type == '"' and node.child_count > 1)
        start = node.start_byte + 1 + (node.type == "translated_string")
        return combine_alternatives([("",)], self.expanded(node, start, end, origin))

    def expanded(self, node: Node, start: int, end: int, origin: WordOrigin) -> Alternatives:
        """Read a double-quoted string or a heredoc: text with expansions in it, nothing split."""
        found: Alternatives = EMPTY_TEXT
        for child in node.children:
            if child.type in _EXPANSIONS:
                found = combine_alternatives(found, self.text(start, child.start_byte, origin, quoted=True))
                found = combine_alternatives(found, self.pieces(child, origin, quoted=True))
                start = child.end_byte
        return combine_alternatives(found, self.text(start, max(start, end), origin, quoted=True))

    def _concatenation(self, node: Node, origin: WordOrigin, *, quoted: bool) -> Alternatives:
        found: Alternatives = EMPTY_TEXT
        position = node.start_byte
        for child in node.children:
            if child.start_byte > position:
                found = combine_alternatives(found, self.text(position, child.start_byte, origin, quoted=quoted))
            found = combine_alternatives(found, self.pieces(child, origin, quoted=quoted))
            position = child.end_byte
        return found

    def variable(self, name: str, origin: WordOrigin, *, quoted: bool, all_elements: bool = False) -> Alternatives:
        """Read a variable, the script's own words included; `every` is for arrays: `${name[@]}`."""
        if name in ("@", "*", "#") or name.isdecimal():
            return self._positional(name, origin, quoted=quoted)
        if not name.startswith(UNKNOWN_VARIABLE_PREFIX):
            origin.variables.add(name)
        binding = self.interpreter.variables.find(name)
        if binding is None:
            return [(UnknownPart(UnknownKind.VARIABLE, name),)]
        if isinstance(binding, tuple):
            return self._join_array(binding if all_elements else binding[:1], origin, quoted=quoted)
        origin.add(binding)
        return binding.values if quoted else [split_at_whitespace(value) for value in binding.values]

    def _positional(self, name: str, origin: WordOrigin, *, quoted: bool) -> Alternatives:
        words = self.interpreter.variables.positional
        if words is None or name == "0":
            return [(UnknownPart(UnknownKind.VARIABLE, name),)]
        if name == "#":
            return [(str(len(words)),)]
        if name.isdecimal():
            return (
                self._join_array(words[int(name) - 1 : int(name)], origin, quoted=quoted)
                if len(name) < 4  # noqa: PLR2004 - nobody has a thousand words
                else EMPTY_TEXT
            )
        return self._join_array(words, origin, quoted=quoted)

    @staticmethod
    def _join_array(words: Sequence[Word], origin: WordOrigin, *, quoted: bool) -> Alternatives:
        """Read several words side by side."""
        found: Alternatives = EMPTY_TEXT
        for index, word in enumerate(words):
            origin.add(word)
            values: Alternatives = (
                [value or ("",) for value in word.values] if quoted else list(map(split_at_whitespace, word.values))
            )
            found = combine_alternatives(found, [(WordBreak.BREAK, *value) for value in values] if index else values)
        return found

    def _expansion(self, node: Node, origin: WordOrigin, *, quoted: bool) -> Alternatives:
        """Read `${NAME}`, `${NAME:-default}`, `${NAME[@]}`; what changes the value makes it unknown."""
        inside = [child for child in node.children if child.type not in ("${", "}")]
        if not inside:
            return [(UnknownPart(UnknownKind.OTHER, shorten(self.node_text(node))),)]
        first, *rest = inside
        name = self.node_text(first)
        every = False
        if first.type == "subscript":
            name, _, index = name.partition("[")
            every = index.rstrip("]") in ("@", "*")
        if first.type in ("variable_name", "special_variable_name", "subscript") and not rest:
            return self.variable(name, origin, quoted=quoted, all_elements=every)
        if first.type in ("variable_name", "subscript") and rest[0].type in _DEFAULT_OPERATORS | _ALTERNATIVE_OPERATORS:
            own = self.variable(name, origin, quoted=quoted, all_elements=every)
            return self._default(name, own, rest, origin, quoted=quoted)
        origin.variables |= {self.node_text(child) for child in inside if child.type == "variable_name"}
        return [(UnknownPart(UnknownKind.OTHER, shorten(self.node_text(node))),)]

    def _default(
        self, name: str, own: Alternatives, rest: Sequence[Node], origin: WordOrigin, *, quoted: bool
    ) -> Alternatives:
        """Read `${NAME:-other}` and `${NAME:+other}`; a variable that nobody in sight has set counts as not set."""
        operator, *operands = rest
        other: Alternatives = EMPTY_TEXT
        for child in operands:
            other = combine_alternatives(other, self.pieces(child, origin, quoted=quoted))
        positional = self.interpreter.variables.positional is not None and name.isdecimal()
        known = positional or self.interpreter.variables.find(name) is not None
        empty = ((), ("",))
        if operator.type in _ALTERNATIVE_OPERATORS:
            if not known:
                return [*other, ()]
            return [one for value in own for one in (EMPTY_TEXT if value in empty else other)]
        if not known:
            return own if operator.type in (":?", "?") or other[0] in empty else other
        return [one for value in own for one in (other if value in empty else [value])]


def _decode_ansi_string(text: str) -> str:
    r"""Read `$'…'`, also what stands in it by its number: `$'\x6e'` is n (bash manual, 3.1.2.4)."""
    return _ANSI_ESCAPE.sub(_decode_ansi_escape, text)


def _decode_ansi_escape(escape: re.Match[str]) -> str:
    number, digits = escape["hex"] or escape["unicode"], escape["octal"]
    if number or digits:
        code = int(number, 16) if number else int(digits, 8) % 256
        return "" if code == 0 or code in _SURROGATES or code > sys.maxunicode else chr(code)
    return _ESCAPES.get(escape["sign"], escape["sign"])


_SUBSTITUTIONS = ("command_substitution", "process_substitution")
_MAX_REDIRECTS = 50
_SKIPPED_IN_HEREDOC = ("heredoc_end", "comment")


class BashCommandReader(BashWordReader):
    """Runs what has no statements in it but those of a substitution."""

    @abstractmethod
    def statement(self, node: Node, context: StatementContext = EMPTY_CONTEXT) -> list[Word]:
        """Walk one statement; returns what it prints, as far as somebody wants to know."""

    @abstractmethod
    def is_statement(self, node: Node) -> bool:
        """Whether `statement` has a way to walk a node."""

    def sequence(self, nodes: Sequence[Node], context: StatementContext) -> list[Word]:
        """Walk statements one after the other."""
        printed: list[Word] = []
        for node in nodes:
            if node.is_named:
                printed += self.statement(node, context)
        return printed

    def find_commands(self, node: Node) -> None:
        """Find the commands that stand inside something else: tests, arithmetic, what the grammar did not understand."""
        waiting = list(reversed(node.children))
        while waiting:
            one = waiting.pop()
            if one.type in _SUBSTITUTIONS:
                self.command_substitution(one)
            elif self.is_statement(one):
                self.statement(one)
            elif one.child_count:
                waiting += reversed(one.children)

    def command_substitution(self, node: Node) -> Word:
        printed: list[Word] = []
        branches = self.interpreter.branches
        with self.interpreter.nested_construct() as fine, self.interpreter.variables.branch(discard=True):
            self.interpreter.capturing += 1
            try:
                if fine:
                    printed = self.sequence(node.children, EMPTY_CONTEXT)
            except ShellExitError:
                pass
            finally:
                self.interpreter.capturing -= 1
        inside = self.node_text(node).removeprefix("$(").removeprefix("`").removeprefix("<(")[:-1].strip()
        if not printed:
            return unknown_word(UnknownKind.OUTPUT, inside)
        word = join_words(printed, "\n")
        values = tuple(
            (*value[:-1], value[-1].rstrip("\n")) if value and isinstance(value[-1], str) else value
            for value in word.values
        )
        if branches != self.interpreter.branches:  # not all of it is printed
            values = (*values, (UnknownPart(UnknownKind.OUTPUT, inside),))
        return Word(word.text, values, word.variables, word.expressions)

    def command(self, node: Node, context: StatementContext) -> list[Word]:
        """Run a simple command, in each of its possible forms."""
        env: dict[str, Word] = {}
        words: list[Node] = []
        for child in node.children:
            if child.type == "variable_assignment":
                name, binding = self.read_assignment(child)
                env[name] = binding if isinstance(binding, Word) else literal_word("")
            elif child.type in ("file_redirect", "herestring_redirect"):
                context = self.add_redirection(child, context)
            elif child.type == "ERROR":
                self.find_commands(child)
            elif child.is_named and child.type != "comment":
                words.append(child)
        if env:
            context = replace(context, env={**context.env, **env})
        words += context.words
        line, text = self.line(node), self.node_text(node)
        forms = self.arguments(words)
        printed = run_alternatives(
            self.interpreter,
            [
                self.interpreter.make_command(tuple(form), line, text, context)
                for form in forms
                if form and form[0].values[0]
            ],
        )
        return [printed] if printed is not None else []

    def read_assignment(self, node: Node) -> tuple[str, Binding]:
        """Read `NAME=value`, `NAME+=value`, `NAME=(…)`."""
        name = self.node_text(node.children[0]).partition("[")[0]
        value = node.children[-1]
        more = any(child.type == "+=" for child in node.children)
        before = self.interpreter.variables.find(name) if more else None
        if value.type == "array":
            named = [one for one in value.children if one.is_named and one.type != "comment"]
            words = tuple(self.arguments(named)[0])
            return name, (*before, *words)[:MAX_WORDS] if isinstance(before, tuple) else words[:MAX_WORDS]
        word = literal_word("") if value.type in ("=", "+=") else self.word(value)
        return name, join_words([before, word], "") if isinstance(before, Word) else word

    def assignments(self, node: Node, context: StatementContext) -> list[Word]:
        del context
        for child in [node] if node.type == "variable_assignment" else node.children:
            if child.type == "variable_assignment":
                self.interpreter.variables.assign(*self.read_assignment(child))
        return []

    def declaration(self, node: Node, context: StatementContext) -> list[Word]:
        """`export`, `declare`, `local`, `readonly`."""
        del context
        export = node.children[0].type == "export" or any(self.node_text(child) == "-x" for child in node.children)
        for child in node.children[1:]:
            if child.type == "variable_assignment":
                self.interpreter.variables.assign(*self.read_assignment(child), export=export)
            elif child.type == "variable_name" and export:
                self.interpreter.variables.export(self.node_text(child))
            elif child.is_named:
                word = self.word(child)
                pair = read_assignment_word(word)
                if pair:
                    self.interpreter.variables.assign(pair[0], pair[1], export=export)
        return []

    def unset(self, node: Node, context: StatementContext) -> list[Word]:
        del context
        for child in node.children[1:]:
            if child.type == "variable_name":
                self.interpreter.variables.assign(self.node_text(child), None)
        return []

    def add_redirection(self, node: Node, context: StatementContext) -> StatementContext:
        """Add one redirection to what a statement is given."""
        if len(context.redirects) > _MAX_REDIRECTS:
            self.interpreter.note_incomplete(f"a statement has more than {_MAX_REDIRECTS} redirections")
            return context
        if node.type == "herestring_redirect":
            return replace(context, stdin=self.word(node.children[-1]))
        descriptor = ""
        operator = ""
        named = []
        for child in node.children:
            if child.type == "file_descriptor":
                descriptor = self.node_text(child)
            elif child.is_named:
                named.append(child)
            else:
                operator = self.node_text(child)
        context = replace(context, words=(*context.words, *named[1:])) if len(named) > 1 else context
        if operator in (">&", "<&") or not named:
            return context
        word = self.word(named[0])
        if operator == "<":
            return self.add_input_redirection(node, named[0], word, context)
        return replace(context, redirects=(*context.redirects, Redirect(word, operator, descriptor)))

    def add_input_redirection(
        self, node: Node, target: Node, word: Word, context: StatementContext
    ) -> StatementContext:
        """Give a statement a file, or what commands print, on standard input."""
        before = node.prev_sibling
        if (
            before is not None and before.type == "ERROR" and self.node_text(before) == "<<"
        ):  # `> f <<< text`: the grammar slips
            return replace(context, stdin=word)
        if target.type == "process_substitution":
            return replace(context, stdin=word)
        content = self.interpreter.variables.files.get(str(word).removeprefix("./"))
        stdin = content or unknown_word(
            UnknownKind.OUTPUT, f"cat {word}", WordOrigin(set(word.variables), set(word.expressions))
        )
        return replace(context, stdin=stdin, redirects=(*context.redirects, Redirect(word, "<")))

    def heredoc(self, node: Node, context: StatementContext) -> tuple[StatementContext, list[Node]]:
        """Read a heredoc: its text, the redirections and statements on the line where it began."""
        tail: list[Node] = []
        raw = False
        body: Node | None = None
        for child in node.children:
            if child.type == "heredoc_start":
                raw = any(mark in self.node_text(child) for mark in "'\"\\")
            elif child.type == "heredoc_body":
                body = child
            elif child.type in ("file_redirect", "herestring_redirect"):
                context = self.add_redirection(child, context)
            elif child.is_named and child.type not in _SKIPPED_IN_HEREDOC:
                tail.append(child)
        if body is None:
            return replace(context, stdin=literal_word("")), tail
        origin = WordOrigin()
        head = max(child.end_byte for child in node.children if child.end_byte <= body.start_byte)
        start = self.source.original.find(b"\n", head) + 1  # the grammar leaves out empty lines at the beginning
        start = start if head < start < body.start_byte else body.start_byte
        if raw:
            found: Alternatives = read_text_with_expressions(self.source, start, body.end_byte, origin)
        else:
            found = self.expanded(body, start, body.end_byte, origin)
        word = make_word(shorten(self.node_text(body)), map(join_pieces, found), origin)
        return replace(context, stdin=word), tail
