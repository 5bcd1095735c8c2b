"""Reads PowerShell words and values: arguments, quoted text, variables and lists."""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tree_sitter import Node

from bot.shell.interpreter import EMPTY_CONTEXT, UNKNOWN_VARIABLE_PREFIX, Interpreter, StatementContext
from bot.shell.script import (
    EMPTY_TEXT,
    EXPRESSION_PATTERN,
    Alternatives,
    ScriptSource,
    UnknownKind,
    UnknownPart,
    Word,
    WordBreak,
    WordOrigin,
    combine_alternatives,
    expression_alternatives,
    join_words,
    literal_word,
    make_word,
    merge_words,
    shorten,
    split_at_breaks,
    split_at_whitespace,
)

# Arguments that the grammar cannot read, all taken for one word: `--source=https://…`, `-p:Version=$v`, `@scope/name`, `$dir/x`,
# `` `--option``. A mask of letters in their place keeps every offset.
_UNREADABLE_WORD = re.compile(
    rb"`?--[A-Za-z]|[-/][A-Za-z][\w-]{0,60}[=:]\S|@\w[\w.-]{0,99}/|\$(?:\{[^}\s]{0,99}\}|(?:env:)?\w{1,99})[/\\]|\./\S",
    re.IGNORECASE,
)
_WORD_STARTS = b" \t\n,("
_WORD_ENDS = b" \t\r\n;|)}&"
_VARIABLE = re.compile(r"\$(?:\{([^}\s]{0,99})\}|((?:env|script|global|local|private):)?([\w?^$]+))", re.IGNORECASE)
_MEMBER_ACCESS = re.compile(r"(?:\.[A-Za-z_]\w*|\[[^\]\s]{0,99}\]|\(\s{0,9}\))++")
_MENTIONED = re.compile(r"\$\{?(?:(env):)?(\w+)", re.IGNORECASE)
_SCOPE_PREFIXES = ("script:", "global:", "local:", "private:")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0"}
LOCAL_PREFIX = "local:"  # in front of the names of PowerShell's own variables, which are not the environment's


def mask_unreadable_words(text: bytes) -> bytes:
    """Mask what the grammar cannot read."""
    if not _UNREADABLE_WORD.search(text):
        return text
    masked = bytearray(text)
    for start, end in _word_spans(text):
        if _UNREADABLE_WORD.match(text, start, end) and (end - start > 1):
            masked[start:end] = b"w" * (end - start)
    return bytes(masked)


def _word_spans(text: bytes) -> Iterator[tuple[int, int]]:
    """Yield the words of a script outside of comments and strings, each with its own strings in it."""
    index = 0
    while index < len(text):
        char = text[index : index + 1]
        if char == b"#":
            index = _index_after(text, b"\n", index)
        elif text.startswith(b"<#", index):
            index = _index_after(text, b"#>", index)
        elif text.startswith((b'@"', b"@'"), index):
            index = _index_after(text, b"\n" + text[index + 1 : index + 2] + b"@", index + 2)
        elif char in _WORD_STARTS + _WORD_ENDS + b"{":
            index += 1
        else:
            end = _word_end(text, index)
            if index == 0 or text[index - 1] in _WORD_STARTS:
                yield index, end
            index = max(end, index + 1)


def _index_after(text: bytes, mark: bytes, index: int) -> int:
    found = text.find(mark, index)
    return len(text) if found < 0 else found + len(mark)


def _word_end(text: bytes, index: int) -> int:
    """Return where the word ends that begins here."""
    quote = b""
    depth = 0
    while index < len(text):
        char = text[index : index + 1]
        if char == b"`" and quote != b"'":
            index += 1
        elif quote:
            quote = b"" if char == quote else quote
        elif char in (b'"', b"'"):
            quote = char
        elif char in b"({":
            depth += 1
        elif char in b")}" and depth:
            depth -= 1
        elif char in _WORD_ENDS and not depth:
            return index
        index += 1
    return len(text)


@dataclass(slots=True)
class PowerShellTextReader:
    """Reads one word's text."""

    interpreter: Interpreter
    text: str
    origin: WordOrigin
    index: int = 0
    alternatives: Alternatives = EMPTY_TEXT

    def read(self) -> Alternatives:
        """Return what the text may come to."""
        text = self.text
        if text[:2] in ('@"', "@'"):
            self._append([("",)])
            inside = text[2:-2].strip("\r").removeprefix("\n").removesuffix("\n")
            self._read_quoted_text(inside, expand=text[1] == '"')
            return self.alternatives
        while self.index < len(text):
            char = text[self.index]
            if char == "'":
                self._read_single_quoted()
            elif char in '"“”':
                self._read_double_quoted()
            elif char in "({" or text.startswith("@(", self.index):
                self._append_unknown_output(text[self.index :])
                self.index = len(text)
            elif char == "@" and self.index == 0 and text[1:].isidentifier():
                self._append(self.variable(text[1:], splat=True, quoted=False))
                self.index = len(text)
            else:
                self._read_piece(quoted=False)
        return self.alternatives

    def _append(self, more: Alternatives) -> None:
        self.alternatives = combine_alternatives(self.alternatives, more)

    def _read_single_quoted(self) -> None:
        end = self.index + 1
        while (end := self.text.find("'", end)) >= 0 and self.text.startswith("''", end):
            end += 2
        end = len(self.text) if end < 0 else end
        self._append([("",)])
        self._read_quoted_text(self.text[self.index + 1 : end].replace("''", "'"), expand=False)
        self.index = end + 1

    def _read_double_quoted(self) -> None:
        self._append([("",)])
        self.index += 1
        while self.index < len(self.text) and self.text[self.index] not in '"“”':
            self._read_piece(quoted=True)
        self.index += 1

    def _read_quoted_text(self, text: str, *, expand: bool) -> None:
        """Read text in which quotes mean nothing."""
        inner = PowerShellTextReader(self.interpreter, text, self.origin)
        while inner.index < len(text):
            if expand:
                inner._read_piece(quoted=True)
            elif not inner._read_expression(quoted=True):
                following = text.find("${{", inner.index + 1)
                end = len(text) if following < 0 else following
                inner._append([(text[inner.index : end],)])
                inner.index = end
        self._append(inner.alternatives)

    def _read_expression(self, *, quoted: bool) -> bool:
        """Read an expression of GitHub's, if one stands here."""
        if not self.text.startswith("${{", self.index):
            return False
        fence = EXPRESSION_PATTERN.match(self.text, self.index)
        if not fence:
            return False
        expression = fence[1].strip()
        self._append(
            expression_alternatives(expression, self.interpreter.expand(expression), self.origin, quoted=quoted)
        )
        self.index = fence.end()
        return True

    def _read_piece(self, *, quoted: bool) -> None:
        """Read one variable, escape, expression or run of letters."""
        text, index = self.text, self.index
        if self._read_expression(quoted=quoted):
            return
        if text[index] == "`":
            char = text[index + 1 : index + 2]
            self._append([("" if char == "\n" else _ESCAPES.get(char, char),)])
            self.index += 2
        elif text.startswith("$(", index):
            end = self._closing_parenthesis(index + 1)
            self._append_unknown_output(text[index + 2 : end])
            self.index = end + 1
        elif text[index] == "$" and (found := _VARIABLE.match(text, index)):
            self.index = found.end()
            name = (found[1] if found[1] is not None else (found[2] or "") + found[3]) or ""
            access = None if quoted else _MEMBER_ACCESS.match(text, self.index)
            if access:
                self.index = access.end()
                self.variable(name, quoted=quoted)
                self._append([(UnknownPart(UnknownKind.OTHER, shorten(found[0] + access[0])),)])
            else:
                self._append(self.variable(name, quoted=quoted))
        else:
            end = index + 1
            while end < len(text) and text[end] not in "`$\"'“”" and not (not quoted and text[end] in "({"):
                end += 1
            self._append([(text[index:end],)])
            self.index = end

    def _closing_parenthesis(self, index: int) -> int:
        """Return where the parenthesis closes that opens here."""
        depth = 0
        for position in range(index, len(self.text)):
            depth += (self.text[position] == "(") - (self.text[position] == ")")
            if not depth:
                return position
        return len(self.text)

    def _append_unknown_output(self, text: str) -> None:
        """Stand a hole for what commands or expressions would give, with the variables that they mention."""
        if plain := _VARIABLE.fullmatch(text):
            self._append(self.variable(plain[1] if plain[1] is not None else (plain[2] or "") + plain[3], quoted=True))
            return
        for environment, name in _MENTIONED.findall(text[:10_000]):
            self.variable(("env:" if environment else "") + name, quoted=True)
        inside = text.removeprefix("@").removeprefix("(").removesuffix(")")
        self._append([(UnknownPart(UnknownKind.OUTPUT, shorten(inside)),)])

    def variable(self, name: str, *, quoted: bool, splat: bool = False) -> Alternatives:
        """Read a variable; its name may have a scope in front."""
        lowered = name.lower()
        if lowered.startswith("env:"):
            plain, key = name[4:], name[4:]
        else:
            plain = lowered[lowered.index(":") + 1 :] if lowered.startswith(_SCOPE_PREFIXES) else lowered
            key = name if name.startswith(UNKNOWN_VARIABLE_PREFIX) else LOCAL_PREFIX + plain
        if lowered in ("true", "false", "null"):
            return [("" if lowered == "null" else name.title(),)]
        binding = self.interpreter.variables.find(key)
        if key == plain and not name.startswith(UNKNOWN_VARIABLE_PREFIX):
            self.origin.variables.add(plain)
        if binding is None:
            self.origin.variables.add(plain)
            return [(UnknownPart(UnknownKind.VARIABLE, plain),)]
        if isinstance(binding, tuple):
            found: Alternatives = EMPTY_TEXT
            for index, word in enumerate(binding):
                self.origin.add(word)
                found = combine_alternatives(
                    found, [(WordBreak.BREAK, *value) for value in word.values] if index else word.values
                )
            return found if splat or not quoted else found[:1]
        self.origin.add(binding)
        return (
            binding.values
            if quoted
            else [value or ("",) for value in binding.values]
            if not splat
            else list(map(split_at_whitespace, binding.values))
        )


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
