"""One script being read: what was found so far, what the shell remembers, and how much work is left."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

from tree_sitter import Node

from bot.shell.files import FILES, read_assignments
from bot.shell.script import Command, Expand, Hole, HoleKind, Redirect, Value, Word, Words, Write
from bot.shell.strip_wrappers import Nested
from bot.shell.unwrap import unwrap
from bot.shell.variables import DIRECTORY, Scope
from bot.shell.words import MAX_VALUES, MAX_WORDS, Origin, join, make_word, merge, shorten, unknown

MAX_DEPTH = 40  # of constructs inside each other
_MAX_NESTED = 6  # scripts inside scripts
_MAX_FILES = 100
_MAX_FILE = 16 * 1024  # characters of a file that the script writes and may run
_MAX_PARTS = 100
_MAX_COMMANDS = 5_000
_MAX_WORK = 100_000  # commands and statements walked, functions counted at each call
HIDDEN = "__hole_"

Language: TypeAlias = Callable[["Session", str, Sequence[int]], list[Word]]


@dataclass(frozen=True, slots=True)
class Io:
    """What a statement is given by those around it."""

    env: Words = field(default_factory=dict)
    stdin: Word | None = None
    redirects: tuple[Redirect, ...] = ()
    words: tuple[Node, ...] = ()  # of the command, though they stand behind a redirection


QUIET = Io()


class EnoughError(Exception):
    """The script is too much; what was found so far stands, and `partial` says why it is not all."""


class EndedError(Exception):
    """The shell exits here for certain: what follows does not run."""


@dataclass(slots=True)
class Session:
    """All that readers of the languages share."""

    expand: Expand
    scope: Scope
    languages: Mapping[str, Language]
    effects: Mapping[str, Callable[["Session", Command], Word | None]]
    lines: int  # of the script
    commands: list[Command] = field(default_factory=list)
    writes: list[Write] = field(default_factory=list)
    environment: dict[str, Word] = field(default_factory=dict)
    outputs: dict[str, Word] = field(default_factory=dict)
    forgotten: set[str] = field(default_factory=set)
    functions: set[str] = field(default_factory=set)
    partial: str | None = None
    conditional: int = 0
    depth: int = 0
    nesting: int = 0
    work: int = 0
    splices: int = 0  # expressions whose values were put into the text and read in their place
    capturing: int = 0  # somebody wants to know what commands print
    around: Command | None = None  # the command whose script is being read

    def note(self, reason: str) -> None:
        """Remember the first reason why the result is not all."""
        self.partial = self.partial or reason

    def spend(self) -> None:
        """Count a step of work, and stop when it is too much."""
        self.work += 1
        if self.work > _MAX_WORK or len(self.commands) > _MAX_COMMANDS:
            self.note("the script does too much to be followed to its end")
            raise EnoughError

    @contextmanager
    def maybe(self) -> Iterator[None]:
        """Walk what may not run at all."""
        self.conditional += 1
        try:
            yield
        finally:
            self.conditional -= 1

    @contextmanager
    def deeper(self) -> Iterator[bool]:
        """Go into a construct; false when that is too deep."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.note(f"constructs stand more than {MAX_DEPTH} deep in each other")
        try:
            yield self.depth <= MAX_DEPTH
        finally:
            self.depth -= 1

    def command(self, argv: tuple[Word, ...], line: int, text: str, io: Io) -> Command:
        """Make a command in the present context."""
        exported = self.scope.environment
        directory = self.scope.find(DIRECTORY)
        around = self.around
        return Command(
            argv=argv,
            line=line,
            text=shorten(text),
            env={**exported, **io.env} if io.env and exported else io.env or exported,
            stdin=io.stdin,
            redirects=io.redirects,
            conditional=self.conditional > 0,
            through=around.through if around else (),
            options=around.options if around else (),
            directory=directory if isinstance(directory, Word) else None,
            image=around.image if around else None,
        )

    def forms(self, words: Iterable[list[list[Word]]]) -> list[list[Word]]:
        """Put a command's words together: once for each of its possible forms, up to the bound.

        Each word has options, which are lists because the shell may split one word into several, or drop it.
        """
        forms: list[list[Word]] = [[]]
        for options in words:
            if len(options) > 1 and len(forms) * len(options) <= MAX_VALUES:
                forms = [[*form, *option] for form in forms for option in options]
                continue
            added = options[0]
            if len(options) > 1 and all(len(option) == 1 for option in options):
                added = [merge([option[0] for option in options], added[0].text)]
            elif len(options) > 1:
                self.note("a command has too many possible forms")
            for form in forms:
                form.extend(added)
            if len(forms[0]) > MAX_WORDS:
                self.note(f"a command has more than {MAX_WORDS} words")
                break
        return forms

    def run(self, command: Command) -> Word | None:
        """Run a command as far as it can be known; returns what it prints when somebody wants to know."""
        self.spend()
        name = command.argv[0].literal
        if name is not None and name in self.scope.functions:
            output = self._call(command, name)
        else:
            printed = [word for found in unwrap(command) if (word := self._act(found)) is not None]
            output = join(printed, "\n") if printed else None
        return self._redirect(command, output)

    def _act(self, found: Command | Nested) -> Word | None:
        if isinstance(found, Nested):
            return self.nested(found)
        self.commands.append(found)
        effect = self.effects.get(found.tool)
        if effect is not None:
            return effect(self, found)
        if found.path is not None and (content := self.scope.files.get(found.path.removeprefix("./"))):
            return self.nested(Nested("bash", content, found, found.argv[1:], elsewhere=True))
        return unknown(HoleKind.OUTPUT, found.text, self._taint(found)) if self.capturing or found.redirects else None

    @staticmethod
    def _taint(command: Command) -> Origin:
        """Return what a command's output may have been made from."""
        origin = Origin()
        for word in (*command.argv, *([command.stdin] if command.stdin else [])):
            origin.add(word)
        return origin

    def _call(self, command: Command, name: str) -> Word | None:
        """Walk a function's body with its arguments."""
        if self.nesting >= _MAX_NESTED:
            self.note(f"functions or scripts call each other more than {_MAX_NESTED} deep")
            return None
        before, self.scope.positional = self.scope.positional, command.argv[1:]
        self.nesting += 1
        try:
            with self.maybe():
                printed = self.scope.functions[name]()
        finally:
            self.nesting -= 1
            self.scope.positional = before
        return join(printed, "\n") if printed else None

    def nested(self, nested: Nested) -> Word | None:
        """Read a script that stands inside a command."""
        read = self.languages.get(nested.language)
        known = [value for value in nested.script.values if any(isinstance(part, str) for part in value)]
        if len(known) < len(nested.script.values) or read is None:
            self.commands.append(nested.around)
        if not known or read is None:
            return unknown(HoleKind.OUTPUT, nested.around.text, self._taint(nested.around))
        if self.nesting >= _MAX_NESTED:
            self.note(f"functions or scripts call each other more than {_MAX_NESTED} deep")
            return None
        around, positional = self.around, self.scope.positional
        self.around, self.nesting = nested.around, self.nesting + 1
        self.scope.positional = nested.positional or positional
        shared = nested.around.through[-1:] in (("eval",), ("source",), (".",))
        try:
            return self._read_nested(read, nested, known, shared=shared)
        finally:
            self.around, self.nesting, self.scope.positional = around, self.nesting - 1, positional

    def _read_nested(self, read: Language, nested: Nested, known: list[Value], *, shared: bool) -> Word | None:
        printed: list[Word] = []
        for value in known:
            text = self._script_text(value, nested)
            first = nested.around.line + text.endswith("\n")  # a heredoc begins on the next line
            count = text.count("\n") + 1
            rows: Sequence[int] = range(first, first + count)
            if nested.elsewhere or first + count > self.lines:  # escapes may have made more lines than the script has
                rows = [min(nested.around.line if nested.elsewhere else row, self.lines - 1) for row in rows]
            if shared:
                printed += read(self, text, rows)
                continue
            with self.scope.branch(forget=True):
                for name, word in nested.around.env.items():
                    self.scope.assign(name, word, export=True)
                if nested.around.directory is not None:
                    self.scope.assign(DIRECTORY, nested.around.directory)
                try:
                    printed += read(self, text, rows)
                except EndedError:
                    continue
        return join(printed, "\n") if printed else None

    def _script_text(self, value: Value, nested: Nested) -> str:
        """Write a script's text anew, with its unknown parts as variables and fences that will be read again."""
        text = ""
        for part in value:
            if isinstance(part, str):
                text += part
            elif part.kind is HoleKind.EXPRESSION:
                text += str(part)
            elif part.kind is HoleKind.VARIABLE and nested.language == "bash":
                text += f"${{{part.name}}}"
            else:
                text += self._hide(part, nested)
        return text

    def _hide(self, hole: Hole, nested: Nested) -> str:
        """Stand a variable for something unknown that the next reader must not read a second time."""
        name = f"{HIDDEN}{len(self.scope.bindings)}"
        origin = Origin(set(nested.script.variables), set(nested.script.expressions))
        self.scope.bindings[name] = make_word(str(hole), [(hole,)], origin)
        return {"bash": f"${{{name}}}", "pwsh": f"${{{name}}}", "cmd": f"%{name}%"}.get(nested.language, str(hole))

    def _redirect(self, command: Command, output: Word | None) -> Word | None:
        """Write a command's output where it is sent; returns what is left for others."""
        for redirect in command.redirects:
            if redirect.operator[:1] in (">", "&") and redirect.descriptor in ("", "1"):
                content = output or unknown(HoleKind.OUTPUT, command.text, self._taint(command))
                self.write(redirect.target, content, append=redirect.operator.endswith(">>"), line=command.line)
                return None
        return output

    def write(self, target: Word, content: Word, *, append: bool, line: int) -> None:
        """Remember text that goes into a file, and what that file means to later steps."""
        if target.literal == "/dev/null":
            return
        self.writes.append(Write(target, content, append, line))
        for name, values in ((FILES[0], self.environment), (FILES[1], self.outputs)):
            if name in target.variables:
                self.collect(values, read_assignments(content))
                return
        if (path := target.literal) is not None:
            self._keep(path.removeprefix("./"), content, append=append)

    def _keep(self, path: str, content: Word, *, append: bool) -> None:
        """Keep what a file holds, should the script run it later; a file that grows and grows is forgotten."""
        before = self.scope.files.get(path)
        if before is None and (len(self.scope.files) > _MAX_FILES or path in self.forgotten):
            return
        whole = join([before, content], "\n") if append and before else content
        if len(whole.values[0]) > _MAX_PARTS or len(str(whole)) > _MAX_FILE:
            self.forgotten.add(path)
            self.scope.files.pop(path, None)
        else:
            self.scope.files[path] = whole

    @staticmethod
    def collect(values: dict[str, Word], found: Sequence[tuple[str, Word]]) -> None:
        """Remember assignments for later steps; a name that was set before may be either."""
        for name, word in found:
            values[name] = merge([values[name], word]) if name in values else word


def run_all(session: Session, commands: Sequence[Command]) -> Word | None:
    """Run the alternatives of one command; it prints what one of them prints."""
    printed = [word for command in commands if (word := session.run(command)) is not None]
    return merge(printed) if len(printed) > 1 else printed[0] if printed else None
