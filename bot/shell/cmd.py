"""Reads cmd.exe scripts line by line, without a grammar."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bot.shell.interpreter import (
    UNKNOWN_VARIABLE_PREFIX,
    Interpreter,
    ShellExitError,
    StatementContext,
    run_alternatives,
)
from bot.shell.script import (
    EMPTY_TEXT,
    Alternatives,
    Redirect,
    ScriptSource,
    UnknownKind,
    UnknownPart,
    Word,
    WordOrigin,
    combine_alternatives,
    join_pieces,
    make_word,
    read_source,
    read_text_with_expressions,
    shorten,
    unknown_word,
)
from bot.shell.strip_wrappers import lowercase_name, with_value

_OPERATORS = ("&&", "||", "&", "|", "\n")
_SEPARATORS = b" \t\r\n&|<>()"  # and the end, which is part of any text
_REDIRECTION_SIGNS = (b">", b"<")
_COMPARISONS = ("==", "equ", "neq", "lss", "leq", "gtr", "geq")


@dataclass(frozen=True, slots=True)
class CmdToken:
    """One word, operator or redirection of a line; `start` and `end` are offsets."""

    kind: str  # "word", or the operator itself: && || & | ( ) > >> <
    start: int
    end: int


def read_cmd(interpreter: Interpreter, text: str, rows: Sequence[int]) -> list[Word]:
    """Read a script of cmd; returns what it prints when somebody wants to know."""
    return CmdReader(interpreter, read_source(text, interpreter.expand), rows).run_script()


def tokenize_cmd(source: ScriptSource) -> Iterator[CmdToken]:
    """Split a script: quotes keep together, `^` takes the meaning off one character, or continues the line."""
    text = source.masked
    index, start, quoted = 0, -1, False
    while index <= len(text):
        char = text[index : index + 1]
        if quoted and char not in (b"", b"\n"):
            quoted = char != b'"'
            index += 1
            continue
        quoted = char == b'"'
        continued = next((mark for mark in (b"^\r\n", b"^\n") if text.startswith(mark, index)), b"")
        if not continued and char not in _SEPARATORS:
            start = index if start < 0 else start
            index += 2 if char == b"^" else 1
            continue
        if char == b"(" and start >= 0:  # inside a word it means nothing
            index += 1
            continue
        if start >= 0:
            if char not in _REDIRECTION_SIGNS or not text[start:index].isdigit():  # the 2 of `2>&1`
                yield CmdToken("word", start, index)
            start = -1
        if text.startswith((b">&", b"<&"), index):
            index += 3
            continue
        operator = next((mark for mark in (b"&&", b"||", b">>") if text.startswith(mark, index)), char)
        if not continued and operator.strip(b" \t\r"):
            yield CmdToken(operator.decode(), index, index + len(operator))
        index += max(len(continued or operator), 1)


@dataclass(slots=True)
class CmdReader:
    """Runs the commands of one text in order."""

    interpreter: Interpreter
    source: ScriptSource
    rows: Sequence[int]

    def run_script(self) -> list[Word]:
        """Read all commands; those in parentheses or behind `if`, `for`, `&&`, `||` may not run."""
        printed: list[Word] = []
        line: list[CmdToken] = []
        depth = 0
        before = "\n"
        listing = False
        stdin: Word | None = None
        for token in [*tokenize_cmd(self.source), CmdToken("\n", len(self.source.original), len(self.source.original))]:
            if token.kind in ("(", ")") and (listing or self.starts_for_list(line)):  # the list of `for %%f in (…)`
                listing = token.kind == "("
                continue
            if token.kind not in (*_OPERATORS, "(", ")"):
                line.append(token)
                continue
            piped = token.kind == "|"
            self.interpreter.capturing += piped
            found = self.run_line(line, StatementContext(stdin=stdin), conditional=depth > 0 or before in ("&&", "||"))
            self.interpreter.capturing -= piped
            stdin = found or unknown_word(UnknownKind.OUTPUT, "a command") if piped else None
            printed += [found] if found and not piped else []
            depth = max(0, depth + (token.kind == "(") - (token.kind == ")"))
            before = token.kind if token.kind not in "()" else before
            line = []
        return printed

    def starts_for_list(self, line: Sequence[CmdToken]) -> bool:
        """Whether a line is a `for` whose list begins."""
        return bool(line) and self.text(line[0]).lstrip("@").lower() == "for" and self.text(line[-1]).lower() == "in"

    def run_line(self, line: Sequence[CmdToken], context: StatementContext, *, conditional: bool) -> Word | None:
        """Run one command of a line."""
        words: list[CmdToken] = []
        redirects: list[Redirect] = []
        rest = list(line)
        while rest:
            token = rest.pop(0)
            if token.kind == "word":
                words.append(token)
            elif rest:
                redirects.append(Redirect(self.word(rest.pop(0)), token.kind))
        if not words:
            return None
        depth = int(conditional)
        while words:
            name = self.text(words[0]).lstrip("@").lower()
            if name in ("rem", "::") or name.startswith((":", "::")):
                return None
            skip = self.prefix_length(name, words)
            if skip == 0:
                break
            depth = 1
            words = words[skip:]
        if not words:
            return None
        self.interpreter.conditional += depth
        try:
            return self.run(words, StatementContext(context.env, context.stdin, tuple(redirects)))
        finally:
            self.interpreter.conditional -= depth

    def prefix_length(self, name: str, words: Sequence[CmdToken]) -> int:
        """Return how many words of `if …`, `else`, `for … do` stand in front of the command."""
        texts = [self.text(word).lower() for word in words]
        if name in ("else", "do"):
            return 1
        if name == "for":
            return texts.index("do") + 1 if "do" in texts else len(words)
        if name != "if":
            return 0
        index = 1
        while index < len(texts) and texts[index] in ("/i", "not"):
            index += 1
        if index < len(texts) and texts[index] in ("exist", "defined", "errorlevel"):
            return index + 2
        if index + 1 < len(texts) and texts[index + 1] in _COMPARISONS:
            return index + 3
        return index + 1

    def text(self, token: CmdToken) -> str:
        return self.source.original[token.start : token.end].decode("utf-8", "replace")

    def run(self, words: Sequence[CmdToken], context: StatementContext) -> Word | None:
        """Run a command, or set a variable."""
        name = self.text(words[0]).lstrip("@").lower()
        if name == "set":
            self.assign(words[1:])
            return None
        if name == "exit" and not self.interpreter.conditional:
            raise ShellExitError
        read = map(self.word, words)
        forms = self.interpreter.combine_words(
            [[replace(word, values=(value,))] for value in word.values] for word in read
        )
        text = self.source.original[words[0].start : words[-1].end].decode("utf-8", "replace")
        line = self.rows[min(self.source.row(words[0].start), len(self.rows) - 1)]
        commands = [
            self.interpreter.make_command(
                (with_value(form[0], lowercase_name(form[0]).lstrip("@")), *form[1:]), line, text, context
            )
            for form in forms
            if str(form[0])
        ]
        return run_alternatives(self.interpreter, commands)

    def assign(self, words: Sequence[CmdToken]) -> None:
        """`set NAME=value`, `set "NAME=value"`: the rest of the line is the value."""
        words = [word for word in words if self.text(word).lower() not in ("/a", "/p")]
        if not words:
            return
        token = CmdToken("word", words[0].start, words[-1].end)
        name, equals, value = self.text(token).partition("=")
        if equals:
            start = token.start + len((name + "=").encode("utf-8", "replace"))
            end = token.end - (name.startswith('"') and value.endswith('"'))
            self.interpreter.variables.assign(
                name.strip('" '), self.word(CmdToken("word", start, max(start, end))), export=True
            )

    def word(self, token: CmdToken) -> Word:
        """Read a word: quotes off, `%NAME%` and `!NAME!` put in."""
        origin = WordOrigin()
        found: Alternatives = EMPTY_TEXT
        for pieces in read_text_with_expressions(self.source, token.start, token.end, origin):
            one: Alternatives = EMPTY_TEXT
            for piece in pieces:
                one = combine_alternatives(
                    one, self.expand_variables(piece, origin) if isinstance(piece, str) else [(piece,)]
                )
            found = one if found is EMPTY_TEXT else [*found, *one]
        return make_word(shorten(self.text(token)), map(join_pieces, found), origin)

    def expand_variables(self, text: str, origin: WordOrigin) -> Alternatives:
        found: Alternatives = EMPTY_TEXT
        text = text.replace('"', "").replace("^", "")
        while text:
            index = min((place for place in map(text.find, "%!") if place >= 0), default=-1)
            if index < 0:
                return combine_alternatives(found, [(text,)])
            found = combine_alternatives(found, [(text[:index],)] if index else EMPTY_TEXT)
            end = text.find(text[index], index + 1)
            name = text[index + 1 : end] if end > 0 else ""
            if name.replace("_", "").isalnum():
                found = combine_alternatives(found, self.variable(name, origin))
                text = text[end + 1 :]
            else:
                following = text[index + 1 : index + 3]
                if following[:1] == "%" or following[:1].isalnum():  # %%f of a loop, %1 of the script
                    width = 2 if following[:1] == "%" else 1
                    found = combine_alternatives(
                        found,
                        [(UnknownPart(UnknownKind.VARIABLE, text[index + 1 : index + 1 + width].strip("%") or "1"),)],
                    )
                    text = text[index + 1 + width :]
                else:
                    found = combine_alternatives(found, [(text[index],)])
                    text = text[index + 1 :]
        return found

    def variable(self, name: str, origin: WordOrigin) -> Alternatives:
        if not name.startswith(UNKNOWN_VARIABLE_PREFIX):
            origin.variables.add(name)
        binding = self.interpreter.variables.find(name)
        if isinstance(binding, Word):
            origin.add(binding)
            return binding.values
        return [(UnknownPart(UnknownKind.VARIABLE, name),)]
