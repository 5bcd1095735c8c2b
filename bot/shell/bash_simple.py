"""Simple commands of bash: words, assignments, redirections, heredocs, and what stands inside `$(…)`."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace

from tree_sitter import Node

from bot.shell.bash_words import BashWordReader
from bot.shell.interpreter import EMPTY_CONTEXT, ShellExitError, StatementContext, run_alternatives
from bot.shell.options import read_assignment_word
from bot.shell.script import Redirect, UnknownKind, Word
from bot.shell.variables import Binding
from bot.shell.words import (
    MAX_WORDS,
    Alternatives,
    WordOrigin,
    join_pieces,
    join_words,
    literal_word,
    make_word,
    read_text_with_expressions,
    shorten,
    unknown_word,
)

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
