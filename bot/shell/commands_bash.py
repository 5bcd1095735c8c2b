"""Scripts of bash and its relatives, walked as the shell would run them.

What is followed: every branch of if, case and loops once; functions where they are called; `if false`, `true ||`, `false &&` and
an `exit` that nothing stands in the way of. What is not: conditions that need values (`[ "$X" = y ]`), brace expansion, aliases.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import tree_sitter_bash
from tree_sitter import Language, Node, Parser

from bot.shell.bash import plain_commands, run_plain
from bot.shell.bash_flow import FlowReader
from bot.shell.fences import read_source, structural
from bot.shell.grammar import parse, short_lines
from bot.shell.interpreter import QUIET, EndedError, Io, Session
from bot.shell.script import HoleKind, Word
from bot.shell.variables import Changes
from bot.shell.words import join, plain, unknown

_PARSER = Parser(Language(tree_sitter_bash.language()))
_LATER = re.compile(r"(?<!\\)\\(\s*)\Z")  # a line that goes on after the end
_MAX_SPLICES = 8
_GROUPS = {
    "compound_statement",
    "subshell",
    "while_statement",
    "for_statement",
    "c_style_for_statement",
    "if_statement",
    "case_statement",
    "do_group",
}


def read_bash(session: Session, text: str, rows: Sequence[int]) -> list[Word]:
    """Read a script of bash, sh, dash or zsh; returns what it prints when somebody wants to know."""
    if (commands := plain_commands(text)) is not None:
        return run_plain(session, commands, rows)
    text = _LATER.sub(lambda found: " " + found[1], text)
    source = read_source(text, session.expand)
    fence = structural(source)
    if fence is None or fence.values is None or session.splices >= _MAX_SPLICES:
        root = parse(_PARSER, source.masked)
        if root is None:
            session.note("the script is too tangled for the grammar, so its lines were read one by one")
            return [word for row, line in short_lines(text) for word in read_bash(session, line, rows[row : row + 1])]
        if root.has_error:
            session.note("the grammar does not understand all of the script")
        return Bash(session, source, rows).sequence(root.children, QUIET)
    session.splices += 1
    before = source.original[: fence.start].decode("utf-8", "replace")
    after = source.original[fence.end :].decode("utf-8", "replace")
    row = source.row(fence.start)
    printed: list[Word] = []
    branches: list[Changes] = []
    for value in fence.values:
        more = [*rows[: row + 1], *[rows[min(row, len(rows) - 1)]] * value.count("\n"), *rows[row + 1 :]]
        with session.scope.branch() as changes:
            printed += read_bash(session, before + value + after, more)
        branches.append(changes)
    session.scope.settle(branches, exhaustive=True)
    return printed


class Bash(FlowReader):
    """Walks the statements of one text."""

    def is_statement(self, node: Node) -> bool:
        return node.type in _STATEMENTS

    def statement(self, node: Node, io: Io = QUIET) -> list[Word]:
        """Walk one statement; returns what it prints, as far as somebody wants to know."""
        walk = _STATEMENTS.get(node.type)
        if walk is None:
            self.look(node)
            return []
        if node.type in ("command", "variable_assignment", "declaration_command"):
            return walk(self, node, io)
        self.session.spend()
        with self.session.deeper() as fine:
            return walk(self, node, io) if fine else []

    def sequence(self, nodes: Sequence[Node], io: Io) -> list[Word]:
        printed: list[Word] = []
        for node in nodes:
            if node.is_named:
                printed += self.statement(node, io)
        return printed

    def redirection(self, node: Node, io: Io) -> list[Word]:
        """Walk a statement with redirections; a heredoc may carry the rest of its line inside it."""
        body: Node | None = None
        tail: list[Node] = []
        for child in node.children:
            if child.type == "heredoc_redirect":
                io, more = self.heredoc(child, io)
                tail += more
            elif child.type in ("file_redirect", "herestring_redirect"):
                io = self.redirected(child, io)
            elif child.is_named and child.type != "comment":
                body = body or child
        piped = bool(tail) and tail[0].type == "pipeline"
        self.session.capturing += piped
        try:
            printed = self.grouped(node, body, io)
        finally:
            self.session.capturing -= piped
        for one in tail:
            if one.type == "pipeline":
                printed = self.stages(
                    [child for child in one.children if child.is_named], self.piped(printed, node), QUIET
                )
            else:
                with self.session.maybe():
                    printed += self.statement(one)
        return printed

    def grouped(self, node: Node, body: Node | None, io: Io) -> list[Word]:
        """Walk a statement, and write what a whole group prints where it is sent."""
        if body is None:
            for redirect in io.redirects:
                self.session.write(redirect.target, plain(""), append=redirect.operator == ">>", line=self.line(node))
            return []
        sent = [one for one in io.redirects if one.operator[:1] in (">", "&") and one.descriptor in ("", "1")]
        if body.type == "pipeline":
            return self.stages([child for child in body.children if child.is_named], None, io)
        if body.type not in _GROUPS or not sent:
            return self.statement(body, io)
        self.session.capturing += 1
        try:
            printed = self.statement(body, Io(io.env, io.stdin))
        finally:
            self.session.capturing -= 1
        content = join(printed, "\n") if printed else unknown(HoleKind.OUTPUT, self.slice(body))
        self.session.write(sent[0].target, content, append=sent[0].operator.endswith(">>"), line=self.line(node))
        return []

    def pipeline(self, node: Node, io: Io) -> list[Word]:
        return self.stages(
            [child for child in node.children if child.is_named and child.type != "comment"],
            io.stdin,
            Io(io.env, None, io.redirects, io.words),
        )

    def stages(self, nodes: Sequence[Node], stdin: Word | None, io: Io) -> list[Word]:
        """Walk the parts of a pipeline, each with what the one before it prints; `io` is the last one's."""
        printed: list[Word] = []
        for index, node in enumerate(nodes):
            last = index == len(nodes) - 1
            given = Io(io.env, io.stdin or stdin, io.redirects, io.words) if last else Io(stdin=stdin)
            self.session.capturing += not last
            try:
                with self.session.scope.branch(forget=True):
                    printed = self.statement(node, given)
            except EndedError:
                printed = []
            finally:
                self.session.capturing -= not last
            stdin = None if last else self.piped(printed, node)
        return printed

    def piped(self, printed: list[Word], node: Node) -> Word:
        return join(printed, "\n") if printed else unknown(HoleKind.OUTPUT, self.slice(node))

    def wrong(self, node: Node, io: Io) -> list[Word]:
        """Walk what the grammar did not understand: the statements in it may still be sound."""
        del io
        self.look(node)
        return []


_Walk: TypeAlias = Callable[[Bash, Node, Io], list[Word]]
_STATEMENTS: Mapping[str, _Walk] = {
    "command": Bash.command,
    "variable_assignment": Bash.assignments,
    "variable_assignments": Bash.assignments,
    "declaration_command": Bash.declaration,
    "unset_command": Bash.unset,
    "redirected_statement": Bash.redirection,
    "pipeline": Bash.pipeline,
    "list": Bash.sequel,
    "negated_command": Bash.negated,
    "subshell": Bash.subshell,
    "compound_statement": Bash.group,
    "do_group": Bash.group,
    "if_statement": Bash.choice,
    "while_statement": Bash.loop,
    "for_statement": Bash.each,
    "c_style_for_statement": Bash.count,
    "case_statement": Bash.cases,
    "function_definition": Bash.function,
    "ERROR": Bash.wrong,
}
