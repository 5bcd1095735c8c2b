"""Tracks what one script defines and runs, and parses scripts within a processor time limit.

A few inputs, such as thousands of open brackets, take these grammars quadratic time.

The limit is this thread's processor time. A script that exceeds it is reported as partially read.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

from tree_sitter import Node, Parser

from bot.shell.script import (
    MAX_WORD_VALUES,
    MAX_WORDS,
    Command,
    ExpandExpression,
    FileWrite,
    Redirect,
    UnknownKind,
    UnknownPart,
    Word,
    WordOrigin,
    WordsByName,
    WordValue,
    join_words,
    make_word,
    merge_words,
    shorten,
    unknown_word,
)
from bot.shell.strip_wrappers import NestedScript, strip_wrappers
from bot.shell.variables import DIRECTORY_VARIABLE, GITHUB_FILES, Variables, read_assignments

MAX_DEPTH = 40  # of constructs inside each other
_MAX_NESTED = 6  # scripts inside scripts
_MAX_FILES = 100
_MAX_FILE = 16 * 1024  # characters of a file that the script writes and may run
_MAX_PARTS = 100
_MAX_COMMANDS = 5_000
_MAX_STEPS = 100_000  # commands and statements walked, functions counted at each call
UNKNOWN_VARIABLE_PREFIX = "__hole_"

ScriptReader: TypeAlias = Callable[["Interpreter", str, Sequence[int]], list[Word]]


@dataclass(frozen=True, slots=True)
class StatementContext:
    """What a statement is given by those around it."""

    env: WordsByName = field(default_factory=dict)
    stdin: Word | None = None
    redirects: tuple[Redirect, ...] = ()
    words: tuple[Node, ...] = ()  # of the command, though they stand behind a redirection


EMPTY_CONTEXT = StatementContext()


class ScriptLimitError(Exception):
    """The script is too much; what was found so far stands, and `partial` says why it is not all."""


class ShellExitError(Exception):
    """The shell exits here for certain: what follows does not run."""


@dataclass(slots=True)
class Interpreter:
    """All that readers of the languages share."""

    expand: ExpandExpression
    variables: Variables
    languages: Mapping[str, ScriptReader]
    builtins: Mapping[str, Callable[["Interpreter", Command], Word | None]]
    line_count: int  # of the script
    commands: list[Command] = field(default_factory=list)
    file_writes: list[FileWrite] = field(default_factory=list)
    github_env: dict[str, Word] = field(default_factory=dict)
    github_output: dict[str, Word] = field(default_factory=dict)
    untracked_files: set[str] = field(default_factory=set)
    functions: set[str] = field(default_factory=set)
    incomplete_reason: str | None = None
    conditional: int = 0
    depth: int = 0
    nesting: int = 0
    steps: int = 0
    branches: int = 0  # walked so far without knowing which of them runs
    inlined_expressions: int = 0  # expressions whose values were put into the text and read in their place
    capturing: int = 0  # somebody wants to know what commands print
    enclosing_command: Command | None = None  # the command whose script is being read

    def note_incomplete(self, reason: str) -> None:
        """Remember the first reason why the result is not all."""
        self.incomplete_reason = self.incomplete_reason or reason

    def count_step(self) -> None:
        """Count a step of work, and stop when it is too much."""
        self.steps += 1
        if self.steps > _MAX_STEPS or len(self.commands) > _MAX_COMMANDS:
            self.note_incomplete("the script does too much to be followed to its end")
            raise ScriptLimitError

    @contextmanager
    def conditionally(self) -> Iterator[None]:
        """Walk what may not run at all."""
        self.conditional += 1
        try:
            yield
        finally:
            self.conditional -= 1

    @contextmanager
    def nested_construct(self) -> Iterator[bool]:
        """Go into a construct; false when that is too deep."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.note_incomplete(f"constructs stand more than {MAX_DEPTH} deep in each other")
        try:
            yield self.depth <= MAX_DEPTH
        finally:
            self.depth -= 1

    def make_command(self, argv: tuple[Word, ...], line: int, text: str, context: StatementContext) -> Command:
        """Make a command in the present context."""
        exported = self.variables.environment
        directory = self.variables.find(DIRECTORY_VARIABLE)
        around = self.enclosing_command
        return Command(
            argv=argv,
            line=line,
            text=shorten(text),
            env={**exported, **context.env} if context.env and exported else context.env or exported,
            stdin=context.stdin,
            redirects=context.redirects,
            conditional=self.conditional > 0,
            wrappers=around.wrappers if around else (),
            wrapper_options=around.wrapper_options if around else (),
            directory=directory if isinstance(directory, Word) else None,
            image=around.image if around else None,
        )

    def combine_words(self, words: Iterable[list[list[Word]]]) -> list[list[Word]]:
        """Put a command's words together: once for each of its possible forms, up to the bound.

        Each word has options, which are lists because the shell may split one word into several, or drop it.
        """
        forms: list[list[Word]] = [[]]
        for options in words:
            if len(options) > 1 and len(forms) * len(options) <= MAX_WORD_VALUES:
                forms = [[*form, *option] for form in forms for option in options]
                continue
            added = options[0]
            if len(options) > 1 and all(len(option) == 1 for option in options):
                added = [merge_words([option[0] for option in options], added[0].text)]
            elif len(options) > 1:
                self.note_incomplete("a command has too many possible forms")
            for form in forms:
                form.extend(added)
            if len(forms[0]) > MAX_WORDS:
                self.note_incomplete(f"a command has more than {MAX_WORDS} words")
                break
        return forms

    def run(self, command: Command) -> Word | None:
        """Run a command as far as it can be known; returns what it prints when somebody wants to know."""
        self.count_step()
        name = command.argv[0].literal
        if name is not None and name in self.variables.functions:
            output = self._call_function(command, name)
        else:
            printed = [word for found in strip_wrappers(command) if (word := self._execute(found)) is not None]
            output = join_words(printed, "\n") if printed else None
        return self._redirect_output(command, output)

    def _execute(self, found: Command | NestedScript) -> Word | None:
        if isinstance(found, NestedScript):
            return self.run_nested(found)
        self.commands.append(found)
        effect = self.builtins.get(found.tool)
        if effect is not None:
            return effect(self, found)
        if found.path is not None and (content := self.variables.files.get(found.path.removeprefix("./"))):
            return self.run_nested(NestedScript("bash", content, found, found.argv[1:], written_elsewhere=True))
        return (
            unknown_word(UnknownKind.OUTPUT, found.text, self._origin_of(found))
            if self.capturing or found.redirects
            else None
        )

    @staticmethod
    def _origin_of(command: Command) -> WordOrigin:
        """Return what a command's output may have been made from."""
        origin = WordOrigin()
        for word in (*command.argv, *([command.stdin] if command.stdin else [])):
            origin.add(word)
        return origin

    def _call_function(self, command: Command, name: str) -> Word | None:
        """Walk a function's body with its arguments."""
        if self.nesting >= _MAX_NESTED:
            self.note_incomplete(f"functions or scripts call each other more than {_MAX_NESTED} deep")
            return None
        before, self.variables.positional = self.variables.positional, command.argv[1:]
        self.nesting += 1
        try:
            with self.conditionally():
                printed = self.variables.functions[name]()
        finally:
            self.nesting -= 1
            self.variables.positional = before
        return join_words(printed, "\n") if printed else None

    def run_nested(self, nested: NestedScript) -> Word | None:
        """Read a script that stands inside a command."""
        read = self.languages.get(nested.language)
        known = [value for value in nested.script.values if any(isinstance(part, str) for part in value)]
        if len(known) < len(nested.script.values) or read is None:
            self.commands.append(nested.command)
        if not known or read is None:
            return unknown_word(UnknownKind.OUTPUT, nested.command.text, self._origin_of(nested.command))
        if self.nesting >= _MAX_NESTED:
            self.note_incomplete(f"functions or scripts call each other more than {_MAX_NESTED} deep")
            return None
        around, positional = self.enclosing_command, self.variables.positional
        self.enclosing_command, self.nesting = nested.command, self.nesting + 1
        self.variables.positional = nested.positional or positional
        shared = nested.command.wrappers[-1:] in (("eval",), ("source",), (".",))
        try:
            return self._read_nested(read, nested, known, shared=shared)
        finally:
            self.enclosing_command, self.nesting, self.variables.positional = around, self.nesting - 1, positional

    def _read_nested(
        self, read: ScriptReader, nested: NestedScript, known: list[WordValue], *, shared: bool
    ) -> Word | None:
        printed: list[Word] = []
        for value in known:
            text = self._script_text(value, nested)
            first = nested.command.line + text.endswith("\n")  # a heredoc begins on the next line
            count = text.count("\n") + 1
            rows: Sequence[int] = range(first, first + count)
            if (
                nested.written_elsewhere or first + count > self.line_count
            ):  # escapes may have made more lines than the script has
                rows = [
                    min(nested.command.line if nested.written_elsewhere else row, self.line_count - 1) for row in rows
                ]
            if shared:
                printed += read(self, text, rows)
                continue
            with self.variables.branch(discard=True):
                for name, word in nested.command.env.items():
                    self.variables.assign(name, word, export=True)
                if nested.command.directory is not None:
                    self.variables.assign(DIRECTORY_VARIABLE, nested.command.directory)
                try:
                    printed += read(self, text, rows)
                except ShellExitError:
                    continue
        return join_words(printed, "\n") if printed else None

    def _script_text(self, value: WordValue, nested: NestedScript) -> str:
        """Write a script's text anew, with its unknown parts as variables and fences that will be read again."""
        text = ""
        for part in value:
            if isinstance(part, str):
                text += part
            elif part.kind is UnknownKind.EXPRESSION:
                text += str(part)
            elif part.kind is UnknownKind.VARIABLE and nested.language == "bash":
                text += f"${{{part.name}}}"
            else:
                text += self._hide_unknown_part(part, nested)
        return text

    def _hide_unknown_part(self, part: UnknownPart, nested: NestedScript) -> str:
        """Stand a variable for something unknown that the next reader must not read a second time."""
        name = f"{UNKNOWN_VARIABLE_PREFIX}{len(self.variables.bindings)}"
        origin = WordOrigin(set(nested.script.variables), set(nested.script.expressions))
        self.variables.bindings[name] = make_word(str(part), [(part,)], origin)
        return {"bash": f"${{{name}}}", "pwsh": f"${{{name}}}", "cmd": f"%{name}%"}.get(nested.language, str(part))

    def _redirect_output(self, command: Command, output: Word | None) -> Word | None:
        """Write a command's output where it is sent; returns what is left for others."""
        for redirect in command.redirects:
            if redirect.operator[:1] in (">", "&") and redirect.descriptor in ("", "1"):
                content = output or unknown_word(UnknownKind.OUTPUT, command.text, self._origin_of(command))
                self.write_file(redirect.target, content, append=redirect.operator.endswith(">>"), line=command.line)
                return None
        return output

    def write_file(self, target: Word, content: Word, *, append: bool, line: int) -> None:
        """Remember text that goes into a file, and what that file means to later steps."""
        if target.literal == "/dev/null":
            return
        self.file_writes.append(FileWrite(target, content, append, line))
        for name, values in ((GITHUB_FILES[0], self.github_env), (GITHUB_FILES[1], self.github_output)):
            if name in target.variables:
                self.merge_assignments(values, read_assignments(content))
                return
        if (path := target.literal) is not None:
            self._remember_file(path.removeprefix("./"), content, append=append)

    def _remember_file(self, path: str, content: Word, *, append: bool) -> None:
        """Keep what a file holds, should the script run it later; a file that grows and grows is forgotten."""
        before = self.variables.files.get(path)
        if before is None and (len(self.variables.files) > _MAX_FILES or path in self.untracked_files):
            return
        whole = join_words([before, content], "\n") if append and before else content
        if len(whole.values[0]) > _MAX_PARTS or len(str(whole)) > _MAX_FILE:
            self.untracked_files.add(path)
            self.variables.files.pop(path, None)
        else:
            self.variables.files[path] = whole

    @staticmethod
    def merge_assignments(values: dict[str, Word], found: Sequence[tuple[str, Word]]) -> None:
        """Remember assignments for later steps; a name that was set before may be either."""
        for name, word in found:
            values[name] = merge_words([values[name], word]) if name in values else word


def run_alternatives(interpreter: Interpreter, commands: Sequence[Command]) -> Word | None:
    """Run the alternatives of one command; it prints what one of them prints."""
    printed = [word for command in commands if (word := interpreter.run(command)) is not None]
    return merge_words(printed) if len(printed) > 1 else printed[0] if printed else None


_SMALL_SCRIPT_BYTES = 2 * 1024  # bytes; below it no text takes long
_MAX_PIPES = 1_000  # in a pipeline that nothing ends, the library takes the square of them in one step, without asking
_MAX_LINES = 1_000
_MAX_PARSE_SECONDS = 0.3


def parse_script(parser: Parser, text: bytes) -> Node | None:
    """Return the root of the tree, or None when the grammar does not come to an end within the bound."""
    if text.count(b"|") > _MAX_PIPES:
        return None
    if len(text) <= _SMALL_SCRIPT_BYTES:
        return parser.parse(text).root_node
    end = time.thread_time() + _MAX_PARSE_SECONDS

    def enough(offset: int, has_error: bool) -> bool:  # noqa: FBT001 - the library's own signature
        del offset, has_error
        return time.thread_time() > end

    try:
        return parser.parse(
            lambda offset, _: text[offset : offset + _SMALL_SCRIPT_BYTES], progress_callback=enough
        ).root_node
    except ValueError:  # the library's word for a parse that was stopped
        parser.reset()
        return None


def short_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield row and text of the lines that can be read one by one when the whole cannot."""
    for row, line in enumerate(text.split("\n")[:_MAX_LINES]):
        if line.strip() and len(line) < _SMALL_SCRIPT_BYTES // 4:
            yield row, line
