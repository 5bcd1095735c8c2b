"""Defines scripts, commands and words, including the `${{ }}` expressions in a script.

GitHub inserts expression values before the shell runs, so each expression is masked by as many letters.

Other packages call `bot.shell.read_script(text, shell, variables, expand) -> Script`.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from itertools import accumulate, product
from types import MappingProxyType
from typing import TypeAlias

# The possible values of an environment variable, each as written in the workflow: a value may hold `${{ … }}`.
PossibleValues: TypeAlias = tuple[str, ...]

# Asked with the text between `${{` and `}}`; answers its possible values (literals), or None when they cannot be known.
ExpandExpression: TypeAlias = Callable[[str], PossibleValues | None]


class UnknownKind(StrEnum):
    """Where an unknown part of a word would have come from."""

    VARIABLE = "variable"  # `$NAME`, not assigned in sight; also `$1` and `$@`
    EXPRESSION = "expression"  # `${{ … }}` that `expand` could not answer
    OUTPUT = "output"  # what a command would have printed: `$(…)`, a pipe
    OTHER = "other"  # arithmetic, `${X//a/b}`, a PowerShell method call …


@dataclass(frozen=True, slots=True)
class UnknownPart:
    """A part of a word that stays unknown; `name` is the variable, or the expression or command as written."""

    kind: UnknownKind
    name: str

    def __str__(self) -> str:
        shown = {UnknownKind.VARIABLE: f"${self.name}", UnknownKind.EXPRESSION: f"${{{{ {self.name} }}}}"}
        return shown.get(self.kind, f"$({self.name})")


WordPart: TypeAlias = str | UnknownPart
WordValue: TypeAlias = tuple[WordPart, ...]  # one possible value: its parts put together; () is the empty text


def value_text(value: WordValue) -> str:
    """Put a value together as text, its holes as `$NAME`, `${{ … }}` or `$(…)`."""
    return "".join(map(str, value))


@dataclass(frozen=True, slots=True)
class Word:
    """One word after the shell took its quotes off: its possible values (at least one), and all that it was made from.

    `variables` and `expressions` name everything that was read on the way, resolved or not: after `T=$NPM_TOKEN`, the word
    `--token=$T` has the variables T and NPM_TOKEN, and `secrets.X` among its expressions if that is what NPM_TOKEN holds.
    """

    text: str  # as written, quotes included
    values: tuple[WordValue, ...]
    variables: frozenset[str] = frozenset()
    expressions: frozenset[str] = frozenset()  # the text between the fences, trimmed

    @property
    def literals(self) -> tuple[str, ...]:
        """The possible values that are known to the last character."""
        return tuple(
            value_text(value) for value in self.values if not any(isinstance(part, UnknownPart) for part in value)
        )

    @property
    def literal(self) -> str | None:
        """The value, when there is only one and all of it is known."""
        found = self.literals
        return found[0] if len(self.values) == 1 and found else None

    @property
    def unknown_parts(self) -> tuple[UnknownPart, ...]:
        """The parts that stay unknown, over all values."""
        return tuple(part for value in self.values for part in value if isinstance(part, UnknownPart))

    def __str__(self) -> str:
        """Show the first possible value, with holes as in `show`."""
        return value_text(self.values[0])


WordsByName: TypeAlias = Mapping[str, Word]
NO_WORDS: WordsByName = MappingProxyType({})


def _no_words() -> WordsByName:
    """Stand for NOTHING in dataclasses, which Python 3.11 refuses as a default because it cannot be hashed."""
    return NO_WORDS


@dataclass(frozen=True, slots=True)
class Redirect:
    """`> file`, `>> file`, `2> file`, `< file`; a duplicated descriptor (`2>&1`) is not one."""

    target: Word
    operator: str  # as written: ">", ">>", "<", "&>" …
    descriptor: str = ""  # the number in front, if any


@dataclass(frozen=True, slots=True)
class Command:
    """One command that the script may run; wrappers and runners are taken off, so `argv[0]` is the tool that acts.

    Where an argument has several possible values the command stands once for each (up to a bound, beyond which the word keeps
    them all in `values`), so that `npm publish ${{ inputs.dry && '--dry-run' || '' }}` is two commands with the same line.
    `argv[0]` has neither folder (that is in `path`) nor `.exe`, `.cmd`, `.bat`, nor a package's scope and version.
    `bash FILE`, `python FILE` and `npm run NAME` stay as they are, to be followed by whoever has the files.
    """

    argv: tuple[Word, ...]
    line: int  # 0-based in the script
    text: str  # as written, at most 500 characters
    env: WordsByName = field(
        default_factory=_no_words
    )  # assigned in front (`FOO=1 npm`, `env FOO=1 npm`), or exported earlier in the script
    stdin: Word | None = None  # a heredoc, a here-string, or what is piped in
    redirects: tuple[Redirect, ...] = ()
    conditional: bool = False  # stands in if, &&, ||, a loop, a case or a function: may not run, or run several times
    wrappers: tuple[
        str, ...
    ] = ()  # what was taken off, outermost first: ("sudo", "yarn run"); then argv[0] may be a script's name
    wrapper_options: tuple[Word, ...] = ()  # options of those wrappers: `--with x` of `uv run --with x twine`
    path: str | None = None  # the tool as the script has it, where it has a folder: "scripts/publish"
    package: str | None = None  # that a runner was asked for, without its version: "@changesets/cli"
    version: str | None = None  # of that package: "11" of `npx npm@11 publish`
    directory: Word | None = None  # where an earlier `cd` of the script went, or a runner's own `--directory`
    image: Word | None = None  # it runs in a container of this image (`docker run IMAGE …`)

    @property
    def tool(self) -> str:
        """The name of the tool; `$NAME` or `${{ … }}` when it is unknown."""
        return str(self.argv[0])


@dataclass(frozen=True, slots=True)
class FileWrite:
    """Text that the script puts into a file: `echo … >> ~/.npmrc`, `cat > f <<EOF`, `tee`, `Set-Content`."""

    target: Word  # `$GITHUB_ENV` is a word with one hole of that name, unless the caller gave it a value
    content: Word
    append: bool
    line: int  # 0-based in the script


@dataclass(frozen=True, slots=True)
class Script:
    """All that was found in one script; with `partial` it is not all that is there, and the reason is said."""

    commands: tuple[Command, ...] = ()
    exports: WordsByName = field(default_factory=_no_words)  # environment variables at the end of the script
    variables: WordsByName = field(default_factory=_no_words)  # other variables assigned in the script
    github_env: WordsByName = field(default_factory=_no_words)  # written to $GITHUB_ENV: the environment of later steps
    github_output: WordsByName = field(
        default_factory=_no_words
    )  # written to $GITHUB_OUTPUT (or `::set-output`): steps.<id>.outputs
    functions: frozenset[str] = field(default_factory=frozenset)  # defined in the script, called or not
    file_writes: tuple[FileWrite, ...] = ()
    incomplete_reason: str | None = None  # "the script is larger than 256 KiB", "broken syntax near line 3" …


# A fence ends at the first `}}` outside a quoted string of the expression, as in GitHub's own lexer. Another `${{` cannot
# stand in it, which also keeps the search linear when none is ever closed.
EXPRESSION_PATTERN = re.compile(r"\$\{\{((?:[^'}$]|'[^']*+'|\}(?!\})|\$(?!\{\{))*+)\}\}")
_EXPRESSION_BYTES_PATTERN = re.compile(EXPRESSION_PATTERN.pattern.encode())

_MAX_EXPRESSIONS = 2_000
_MAX_EXPRESSION_VALUES = 16
# With one of these in it, a value changes the script's structure and has to be read in its place.
_STRUCTURAL_CHARACTERS = re.compile(r"[^\w\s.,:/@%+=~^*?!\[\]-]|[\r\n]")


@dataclass(frozen=True, slots=True)
class ScriptExpression:
    """One `${{ … }}`: its bytes in the script, and what it may be."""

    start: int
    end: int
    expression: str  # between the fences, trimmed
    values: PossibleValues | None  # None when it cannot be known


@dataclass(frozen=True, slots=True)
class ScriptSource:
    """A script as bytes with its fences, sorted; `masked` is what a grammar may read."""

    original: bytes
    masked: bytes
    expressions: tuple[ScriptExpression, ...]
    expression_starts: tuple[int, ...]
    line_ends: tuple[int, ...]  # of the lines

    def row(self, offset: int) -> int:
        """Return the 0-based row of an offset."""
        return bisect_right(self.line_ends, offset)

    def expressions_between(self, start: int, end: int) -> Iterator[ScriptExpression]:
        """Yield the fences that stand wholly between two offsets."""
        index = bisect_right(self.expression_starts, start - 1)
        while index < len(self.expressions) and self.expressions[index].start < end:
            if self.expressions[index].end <= end:
                yield self.expressions[index]
            index += 1


def read_source(text: str, expand: ExpandExpression) -> ScriptSource:
    """Find the fences of a script and ask `expand` for their values."""
    original = text.encode("utf-8", "replace")
    ends = tuple(accumulate(len(line) + 1 for line in original.split(b"\n")))
    if b"${{" not in original:
        return ScriptSource(original, original, (), (), ends)
    fences: list[ScriptExpression] = []
    masked = bytearray(original)
    for match in _EXPRESSION_BYTES_PATTERN.finditer(original):
        if len(fences) == _MAX_EXPRESSIONS:
            break
        expression = match[1].decode("utf-8", "replace").strip()
        values = expand(expression)
        if values is not None and not 0 < len(values) <= _MAX_EXPRESSION_VALUES:
            values = None
        fences.append(ScriptExpression(match.start(), match.end(), expression, values))
        masked[match.start() : match.end()] = b"w" * (match.end() - match.start())
    return ScriptSource(original, bytes(masked), tuple(fences), tuple(fence.start for fence in fences), ends)


def first_structural_expression(source: ScriptSource) -> ScriptExpression | None:
    """Return the first fence that may bring quotes, operators or lines with it, or None."""
    for fence in source.expressions:
        if fence.values is not None and any(_STRUCTURAL_CHARACTERS.search(value) for value in fence.values):
            return fence
    return None


MAX_WORD_VALUES = 16  # of one word, and of one command; beyond it a hole says that there are more
MAX_WORDS = 5_000  # of one command or array
_MAX_PIECES = 2_000  # of one word
_MAX_VALUE_LENGTH = 128 * 1024  # characters of one value: with them a variable that doubles itself ends
_MORE_VALUES = UnknownPart(UnknownKind.OTHER, "one of many values")
_LONG_TEXT: WordValue = (UnknownPart(UnknownKind.OTHER, "a long text"),)
_MAX_SHOWN_LENGTH = 500  # characters of a command or hole that are kept as written


class WordBreak(Enum):
    """The place where the shell splits a word into two."""

    BREAK = 0


Piece: TypeAlias = WordPart | WordBreak
Pieces: TypeAlias = tuple[Piece, ...]
Alternatives: TypeAlias = Sequence[Pieces]  # what a piece of text may come to, at least one

EMPTY_TEXT: Alternatives = ((),)


@dataclass(slots=True)
class WordOrigin:
    """Collects what a word is made from while it is read."""

    variables: set[str] = field(default_factory=set)
    expressions: set[str] = field(default_factory=set)

    def add(self, word: Word) -> None:
        self.variables |= word.variables
        self.expressions |= word.expressions


def shorten(text: str) -> str:
    """Keep the beginning of a text that is only shown."""
    return text if len(text) <= _MAX_SHOWN_LENGTH else text[:_MAX_SHOWN_LENGTH] + "…"


def combine_alternatives(left: Alternatives, right: Alternatives) -> Alternatives:
    """Put two texts together: each alternative of one with each of the other, up to the bound."""
    if len(left[0]) > _MAX_PIECES:
        return left if left[0][-1] == _LONG_TEXT[0] else [one + _LONG_TEXT for one in left]
    if len(right) == 1:
        return [one + right[0] for one in left] if right[0] else left
    if len(left) * len(right) <= MAX_WORD_VALUES:
        return [one + two for one, two in product(left, right)]
    return [*(left[0] + two for two in right[: MAX_WORD_VALUES - 1]), (_MORE_VALUES,)]


def unique_word_values(*many: Iterable[WordValue]) -> tuple[WordValue, ...]:
    """Unite possible values, each once, up to the bound."""
    found = tuple(dict.fromkeys(value for values in many for value in values))
    return found if len(found) <= MAX_WORD_VALUES else (*found[: MAX_WORD_VALUES - 1], (_MORE_VALUES,))


def join_pieces(pieces: Iterable[Piece]) -> WordValue:
    """Make one value of pieces: neighbouring texts put together, gaps as a space."""
    value: list[WordPart] = []
    length = 0
    for piece in pieces:
        length += len(piece) if isinstance(piece, str) else 1
        if length > _MAX_VALUE_LENGTH:
            return _LONG_TEXT
        part = " " if isinstance(piece, WordBreak) else piece
        if isinstance(part, str) and value and isinstance(value[-1], str):
            value[-1] += part
        elif part != "":
            value.append(part)
    return tuple(value)


def split_at_breaks(pieces: Pieces) -> tuple[WordValue, ...]:
    """Split pieces at their gaps into the words that the command will get."""
    if WordBreak.BREAK not in pieces:
        return (join_pieces(pieces),) if pieces else ()
    found: list[list[Piece]] = [[]]
    for piece in pieces:
        if isinstance(piece, WordBreak):
            found.append([])
        else:
            found[-1].append(piece)
    return tuple(join_pieces(one) for one in found if one)


def split_at_whitespace(value: WordValue) -> Pieces:
    """Let the shell split an unquoted expansion at white space."""
    pieces: list[Piece] = []
    for part in value:
        if isinstance(part, UnknownPart) or not _WHITESPACE.search(part):
            pieces += [part] if part else []
            continue
        for index, text in enumerate(_WHITESPACE.split(part)):
            if index:
                pieces.append(WordBreak.BREAK)
            if text:
                pieces.append(text)
    return tuple(pieces)


_WHITESPACE = re.compile(r"\s+")


def make_word(text: str, values: Iterable[WordValue], origin: WordOrigin) -> Word:
    """Make a word of values and origin."""
    return Word(text, unique_word_values(values), frozenset(origin.variables), frozenset(origin.expressions))


def literal_word(text: str) -> Word:
    """Make a word of a text that is known."""
    return Word(text, ((text,) if text else (),))


def unknown_word(kind: UnknownKind, name: str, origin: WordOrigin | None = None) -> Word:
    """Make a word of which nothing is known but where it comes from."""
    hole = UnknownPart(kind, shorten(name))
    made = origin or WordOrigin({name} if kind is UnknownKind.VARIABLE else set())
    return make_word(str(hole), [(hole,)], made)


def merge_words(words: Sequence[Word], text: str = "") -> Word:
    """Make one word that may be any of several."""
    origin = WordOrigin()
    for word in words:
        origin.add(word)
    return make_word(text or words[0].text, (value for word in words for value in word.values), origin)


def join_words(words: Sequence[Word], separator: str = " ") -> Word:
    """Put words together into one."""
    if len(words) == 1:
        return words[0]
    origin = WordOrigin()
    alternatives: Alternatives = EMPTY_TEXT
    for index, word in enumerate(words):
        origin.add(word)
        if index and separator:
            alternatives = combine_alternatives(alternatives, [(separator,)])
        alternatives = combine_alternatives(alternatives, word.values)
    return make_word(shorten(separator.join(word.text for word in words)), map(join_pieces, alternatives), origin)


def read_text_with_expressions(
    source: ScriptSource, start: int, end: int, origin: WordOrigin, *, quoted: bool = True
) -> Alternatives:
    """Read bytes that hold nothing but text and fences."""
    alternatives: Alternatives = EMPTY_TEXT
    for fence in source.expressions_between(start, end):
        text = source.original[start : fence.start].decode("utf-8", "replace")
        alternatives = combine_alternatives(alternatives, [(text,)] if text else EMPTY_TEXT)
        alternatives = combine_alternatives(
            alternatives, expression_alternatives(fence.expression, fence.values, origin, quoted=quoted)
        )
        start = fence.end
    text = source.original[start:end].decode("utf-8", "replace")
    return combine_alternatives(alternatives, [(text,)] if text else EMPTY_TEXT)


def expression_alternatives(
    expression: str, values: PossibleValues | None, origin: WordOrigin, *, quoted: bool
) -> Alternatives:
    """Return what an expression may come to; unquoted, the shell splits it at white space."""
    origin.expressions.add(expression)
    if values is None:
        return [(UnknownPart(UnknownKind.EXPRESSION, expression),)]
    return [((value,) if value else ()) if quoted else split_at_whitespace((value,)) for value in values]


def word_of_values(values: PossibleValues, expand: ExpandExpression) -> Word:
    """Make a word of an environment variable's values, which may hold fences."""
    origin = WordOrigin()
    found: list[WordValue] = []
    for value in values:
        source = read_source(value, expand)
        found += map(join_pieces, read_text_with_expressions(source, 0, len(source.original), origin))
    return make_word(" ".join(values), found or [()], origin)
