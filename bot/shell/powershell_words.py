"""Words of PowerShell: read from the script's own text, since the grammar takes many arguments apart that are one word."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.shell.fences import FENCE
from bot.shell.interpreter import HIDDEN, Session
from bot.shell.script import Hole, HoleKind
from bot.shell.words import NONE, Alternatives, Gap, Origin, cross, fence_values, shorten, split

# Arguments that the grammar cannot read, all taken for one word: `--source=https://…`, `-p:Version=$v`, `@scope/name`, `$dir/x`,
# `` `--option``. A mask of letters in their place keeps every offset.
_HARD = re.compile(
    rb"`?--[A-Za-z]|[-/][A-Za-z][\w-]{0,60}[=:]\S|@\w[\w.-]{0,99}/|\$(?:\{[^}\s]{0,99}\}|(?:env:)?\w{1,99})[/\\]|\./\S",
    re.IGNORECASE,
)
_START = b" \t\n,("
_END = b" \t\r\n;|)}&"
_VARIABLE = re.compile(r"\$(?:\{([^}\s]{0,99})\}|((?:env|script|global|local|private):)?([\w?^$]+))", re.IGNORECASE)
_ACCESS = re.compile(r"(?:\.[A-Za-z_]\w*|\[[^\]\s]{0,99}\]|\(\s{0,9}\))++")
_MENTIONED = re.compile(r"\$\{?(?:(env):)?(\w+)", re.IGNORECASE)
_SCOPES = ("script:", "global:", "local:", "private:")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0"}
LOCAL = "local:"  # in front of the names of PowerShell's own variables, which are not the environment's


def harden(text: bytes) -> bytes:
    """Mask what the grammar cannot read."""
    if not _HARD.search(text):
        return text
    masked = bytearray(text)
    for start, end in _tokens(text):
        if _HARD.match(text, start, end) and (end - start > 1):
            masked[start:end] = b"w" * (end - start)
    return bytes(masked)


def _tokens(text: bytes) -> Iterator[tuple[int, int]]:
    """Yield the words of a script outside of comments and strings, each with its own strings in it."""
    index = 0
    while index < len(text):
        char = text[index : index + 1]
        if char == b"#":
            index = _after(text, b"\n", index)
        elif text.startswith(b"<#", index):
            index = _after(text, b"#>", index)
        elif text.startswith((b'@"', b"@'"), index):
            index = _after(text, b"\n" + text[index + 1 : index + 2] + b"@", index + 2)
        elif char in _START + _END + b"{":
            index += 1
        else:
            end = _end(text, index)
            if index == 0 or text[index - 1] in _START:
                yield index, end
            index = max(end, index + 1)


def _after(text: bytes, mark: bytes, index: int) -> int:
    found = text.find(mark, index)
    return len(text) if found < 0 else found + len(mark)


def _end(text: bytes, index: int) -> int:
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
        elif char in _END and not depth:
            return index
        index += 1
    return len(text)


@dataclass(slots=True)
class TextReader:
    """Reads one word's text."""

    session: Session
    text: str
    origin: Origin
    index: int = 0
    found: Alternatives = NONE

    def read(self) -> Alternatives:
        """Return what the text may come to."""
        text = self.text
        if text[:2] in ('@"', "@'"):
            self._add([("",)])
            inside = text[2:-2].strip("\r").removeprefix("\n").removesuffix("\n")
            self._inner(inside, expand=text[1] == '"')
            return self.found
        while self.index < len(text):
            char = text[self.index]
            if char == "'":
                self._single()
            elif char in '"“”':
                self._double()
            elif char in "({" or text.startswith("@(", self.index):
                self._output(text[self.index :])
                self.index = len(text)
            elif char == "@" and self.index == 0 and text[1:].isidentifier():
                self._add(self.variable(text[1:], many=True, quoted=False))
                self.index = len(text)
            else:
                self._bare(quoted=False)
        return self.found

    def _add(self, more: Alternatives) -> None:
        self.found = cross(self.found, more)

    def _single(self) -> None:
        end = self.index + 1
        while (end := self.text.find("'", end)) >= 0 and self.text.startswith("''", end):
            end += 2
        end = len(self.text) if end < 0 else end
        self._add([("",)])
        self._inner(self.text[self.index + 1 : end].replace("''", "'"), expand=False)
        self.index = end + 1

    def _double(self) -> None:
        self._add([("",)])
        self.index += 1
        while self.index < len(self.text) and self.text[self.index] not in '"“”':
            self._bare(quoted=True)
        self.index += 1

    def _inner(self, text: str, *, expand: bool) -> None:
        """Read text in which quotes mean nothing."""
        inner = TextReader(self.session, text, self.origin)
        while inner.index < len(text):
            if expand:
                inner._bare(quoted=True)
            elif not inner._fence(quoted=True):
                following = text.find("${{", inner.index + 1)
                end = len(text) if following < 0 else following
                inner._add([(text[inner.index : end],)])
                inner.index = end
        self._add(inner.found)

    def _fence(self, *, quoted: bool) -> bool:
        """Read an expression of GitHub's, if one stands here."""
        if not self.text.startswith("${{", self.index):
            return False
        fence = FENCE.match(self.text, self.index)
        if not fence:
            return False
        expression = fence[1].strip()
        self._add(fence_values(expression, self.session.expand(expression), self.origin, quoted=quoted))
        self.index = fence.end()
        return True

    def _bare(self, *, quoted: bool) -> None:
        """Read one variable, escape, expression or run of letters."""
        text, index = self.text, self.index
        if self._fence(quoted=quoted):
            return
        if text[index] == "`":
            char = text[index + 1 : index + 2]
            self._add([("" if char == "\n" else _ESCAPES.get(char, char),)])
            self.index += 2
        elif text.startswith("$(", index):
            end = self._closing(index + 1)
            self._output(text[index + 2 : end])
            self.index = end + 1
        elif text[index] == "$" and (found := _VARIABLE.match(text, index)):
            self.index = found.end()
            name = (found[1] if found[1] is not None else (found[2] or "") + found[3]) or ""
            access = None if quoted else _ACCESS.match(text, self.index)
            if access:
                self.index = access.end()
                self.variable(name, quoted=quoted)
                self._add([(Hole(HoleKind.OTHER, shorten(found[0] + access[0])),)])
            else:
                self._add(self.variable(name, quoted=quoted))
        else:
            end = index + 1
            while end < len(text) and text[end] not in "`$\"'“”" and not (not quoted and text[end] in "({"):
                end += 1
            self._add([(text[index:end],)])
            self.index = end

    def _closing(self, index: int) -> int:
        """Return where the parenthesis closes that opens here."""
        depth = 0
        for position in range(index, len(self.text)):
            depth += (self.text[position] == "(") - (self.text[position] == ")")
            if not depth:
                return position
        return len(self.text)

    def _output(self, text: str) -> None:
        """Stand a hole for what commands or expressions would give, with the variables that they mention."""
        if plain := _VARIABLE.fullmatch(text):
            self._add(self.variable(plain[1] if plain[1] is not None else (plain[2] or "") + plain[3], quoted=True))
            return
        for environment, name in _MENTIONED.findall(text[:10_000]):
            self.variable(("env:" if environment else "") + name, quoted=True)
        inside = text.removeprefix("@").removeprefix("(").removesuffix(")")
        self._add([(Hole(HoleKind.OUTPUT, shorten(inside)),)])

    def variable(self, name: str, *, quoted: bool, many: bool = False) -> Alternatives:
        """Read a variable; its name may have a scope in front."""
        lowered = name.lower()
        if lowered.startswith("env:"):
            plain, key = name[4:], name[4:]
        else:
            plain = lowered[lowered.index(":") + 1 :] if lowered.startswith(_SCOPES) else lowered
            key = name if name.startswith(HIDDEN) else LOCAL + plain
        if lowered in ("true", "false", "null"):
            return [("" if lowered == "null" else name.title(),)]
        binding = self.session.scope.find(key)
        if key == plain and not name.startswith(HIDDEN):
            self.origin.variables.add(plain)
        if binding is None:
            self.origin.variables.add(plain)
            return [(Hole(HoleKind.VARIABLE, plain),)]
        if isinstance(binding, tuple):
            found: Alternatives = NONE
            for index, word in enumerate(binding):
                self.origin.add(word)
                found = cross(found, [(Gap.GAP, *value) for value in word.values] if index else word.values)
            return found if many or not quoted else found[:1]
        self.origin.add(binding)
        return (
            binding.values
            if quoted
            else [value or ("",) for value in binding.values]
            if not many
            else list(map(split, binding.values))
        )
