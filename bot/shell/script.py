"""Shell commands as values: what a step's script runs, with what in its environment, and what it writes.

The room's one door is `bot.shell.read_script(text, shell, variables, expand) -> Script`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
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
