"""Simple commands of bash: words, assignments, redirections, heredocs, and what stands inside `$(…)`."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace

from tree_sitter import Node

from bot.shell.bash_words import WordReader
from bot.shell.interpreter import QUIET, EndedError, Io, run_all
from bot.shell.options import assignment
from bot.shell.script import HoleKind, Redirect, Word
from bot.shell.variables import Binding
from bot.shell.words import (
    MAX_WORDS,
    Alternatives,
    Origin,
    fenced,
    join,
    make_word,
    plain,
    shorten,
    tidy,
    unknown,
)

_SUBSTITUTIONS = ("command_substitution", "process_substitution")
_MAX_REDIRECTS = 50
_HANDED_ON = ("heredoc_end", "comment")


class SimpleReader(WordReader):
    """Runs what has no statements in it but those of a substitution."""

    @abstractmethod
    def statement(self, node: Node, io: Io = QUIET) -> list[Word]:
        """Walk one statement; returns what it prints, as far as somebody wants to know."""

    @abstractmethod
    def is_statement(self, node: Node) -> bool:
        """Whether `statement` has a way to walk a node."""

    def sequence(self, nodes: Sequence[Node], io: Io) -> list[Word]:
        """Walk statements one after the other."""
        printed: list[Word] = []
        for node in nodes:
            if node.is_named:
                printed += self.statement(node, io)
        return printed

    def look(self, node: Node) -> None:
        """Find the commands that stand inside something else: tests, arithmetic, what the grammar did not understand."""
        waiting = list(reversed(node.children))
        while waiting:
            one = waiting.pop()
            if one.type in _SUBSTITUTIONS:
                self.substitute(one)
            elif self.is_statement(one):
                self.statement(one)
            elif one.child_count:
                waiting += reversed(one.children)

    def substitute(self, node: Node) -> Word:
        printed: list[Word] = []
        with self.session.deeper() as fine, self.session.scope.branch(forget=True):
            self.session.capturing += 1
            try:
                if fine:
                    printed = self.sequence(node.children, QUIET)
            except EndedError:
                pass
            finally:
                self.session.capturing -= 1
        inside = self.slice(node).removeprefix("$(").removeprefix("`").removeprefix("<(")[:-1].strip()
        if not printed:
            return unknown(HoleKind.OUTPUT, inside)
        word = join(printed, "\n")
        values = tuple(
            (*value[:-1], value[-1].rstrip("\n")) if value and isinstance(value[-1], str) else value
            for value in word.values
        )
        return Word(word.text, values, word.variables, word.expressions)

    def command(self, node: Node, io: Io) -> list[Word]:
        """Run a simple command, in each of its possible forms."""
        env: dict[str, Word] = {}
        words: list[Node] = []
        for child in node.children:
            if child.type == "variable_assignment":
                name, binding = self.read_assignment(child)
                env[name] = binding if isinstance(binding, Word) else plain("")
            elif child.type in ("file_redirect", "herestring_redirect"):
                io = self.redirected(child, io)
            elif child.type == "ERROR":
                self.look(child)
            elif child.is_named and child.type != "comment":
                words.append(child)
        if env:
            io = replace(io, env={**io.env, **env})
        words += io.words
        line, text = self.line(node), self.slice(node)
        forms = self.arguments(words)
        printed = run_all(
            self.session,
            [self.session.command(tuple(form), line, text, io) for form in forms if form and form[0].values[0]],
        )
        return [printed] if printed is not None else []

    def read_assignment(self, node: Node) -> tuple[str, Binding]:
        """Read `NAME=value`, `NAME+=value`, `NAME=(…)`."""
        name = self.slice(node.children[0]).partition("[")[0]
        value = node.children[-1]
        more = any(child.type == "+=" for child in node.children)
        before = self.session.scope.find(name) if more else None
        if value.type == "array":
            named = [one for one in value.children if one.is_named and one.type != "comment"]
            words = tuple(self.arguments(named)[0])
            return name, (*before, *words)[:MAX_WORDS] if isinstance(before, tuple) else words[:MAX_WORDS]
        word = plain("") if value.type in ("=", "+=") else self.word(value)
        return name, join([before, word], "") if isinstance(before, Word) else word

    def assignments(self, node: Node, io: Io) -> list[Word]:
        del io
        for child in [node] if node.type == "variable_assignment" else node.children:
            if child.type == "variable_assignment":
                self.session.scope.assign(*self.read_assignment(child))
        return []

    def declaration(self, node: Node, io: Io) -> list[Word]:
        """`export`, `declare`, `local`, `readonly`."""
        del io
        export = node.children[0].type == "export" or any(self.slice(child) == "-x" for child in node.children)
        for child in node.children[1:]:
            if child.type == "variable_assignment":
                self.session.scope.assign(*self.read_assignment(child), export=export)
            elif child.type == "variable_name" and export:
                self.session.scope.export(self.slice(child))
            elif child.is_named:
                word = self.word(child)
                pair = assignment(word)
                if pair:
                    self.session.scope.assign(pair[0], pair[1], export=export)
        return []

    def unset(self, node: Node, io: Io) -> list[Word]:
        del io
        for child in node.children[1:]:
            if child.type == "variable_name":
                self.session.scope.assign(self.slice(child), None)
        return []

    def redirected(self, node: Node, io: Io) -> Io:
        """Add one redirection to what a statement is given."""
        if len(io.redirects) > _MAX_REDIRECTS:
            self.session.note(f"a statement has more than {_MAX_REDIRECTS} redirections")
            return io
        if node.type == "herestring_redirect":
            return replace(io, stdin=self.word(node.children[-1]))
        descriptor = ""
        operator = ""
        named = []
        for child in node.children:
            if child.type == "file_descriptor":
                descriptor = self.slice(child)
            elif child.is_named:
                named.append(child)
            else:
                operator = self.slice(child)
        io = replace(io, words=(*io.words, *named[1:])) if len(named) > 1 else io
        if operator in (">&", "<&") or not named:
            return io
        word = self.word(named[0])
        if operator == "<":
            return self.sourced(node, named[0], word, io)
        return replace(io, redirects=(*io.redirects, Redirect(word, operator, descriptor)))

    def sourced(self, node: Node, target: Node, word: Word, io: Io) -> Io:
        """Give a statement a file, or what commands print, on standard input."""
        before = node.prev_sibling
        if (
            before is not None and before.type == "ERROR" and self.slice(before) == "<<"
        ):  # `> f <<< text`: the grammar slips
            return replace(io, stdin=word)
        if target.type == "process_substitution":
            return replace(io, stdin=word)
        content = self.session.scope.files.get(str(word).removeprefix("./"))
        stdin = content or unknown(HoleKind.OUTPUT, f"cat {word}", Origin(set(word.variables), set(word.expressions)))
        return replace(io, stdin=stdin, redirects=(*io.redirects, Redirect(word, "<")))

    def heredoc(self, node: Node, io: Io) -> tuple[Io, list[Node]]:
        """Read a heredoc: its text, the redirections and statements on the line where it began."""
        tail: list[Node] = []
        raw = False
        body: Node | None = None
        for child in node.children:
            if child.type == "heredoc_start":
                raw = any(mark in self.slice(child) for mark in "'\"\\")
            elif child.type == "heredoc_body":
                body = child
            elif child.type in ("file_redirect", "herestring_redirect"):
                io = self.redirected(child, io)
            elif child.is_named and child.type not in _HANDED_ON:
                tail.append(child)
        if body is None:
            return replace(io, stdin=plain("")), tail
        origin = Origin()
        head = max(child.end_byte for child in node.children if child.end_byte <= body.start_byte)
        start = self.source.original.find(b"\n", head) + 1  # the grammar leaves out empty lines at the beginning
        start = start if head < start < body.start_byte else body.start_byte
        if raw:
            found: Alternatives = fenced(self.source, start, body.end_byte, origin)
        else:
            found = self.expanded(body, start, body.end_byte, origin)
        word = make_word(shorten(self.slice(body)), map(tidy, found), origin)
        return replace(io, stdin=word), tail
