"""Scripts of bash and its relatives, walked as the shell would run them.

What is followed: every branch of if, case and loops once; functions where they are called; `if false`, `true ||`, `false &&` and
an `exit` that nothing stands in the way of. What is not: conditions that need values (`[ "$X" = y ]`), brace expansion, aliases.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import tree_sitter_bash
from tree_sitter import Language, Node, Parser

from bot.shell.bash import plain_commands, run_plain_commands
from bot.shell.bash_flow import BashFlowReader
from bot.shell.fences import first_structural_expression, read_source
from bot.shell.grammar import parse_script, short_lines
from bot.shell.interpreter import EMPTY_CONTEXT, Interpreter, ShellExitError, StatementContext
from bot.shell.script import UnknownKind, Word
from bot.shell.variables import VariableChanges
from bot.shell.words import join_words, literal_word, unknown_word

_PARSER = Parser(Language(tree_sitter_bash.language()))
_TRAILING_BACKSLASH = re.compile(r"(?<!\\)\\(\s*)\Z")  # a line that goes on after the end
_MAX_INLINED_EXPRESSIONS = 8
_GROUP_NODES = {
    "compound_statement",
    "subshell",
    "while_statement",
    "for_statement",
    "c_style_for_statement",
    "if_statement",
    "case_statement",
    "do_group",
}


def read_bash(interpreter: Interpreter, text: str, rows: Sequence[int]) -> list[Word]:
    """Read a script of bash, sh, dash or zsh; returns what it prints when somebody wants to know."""
    if (commands := plain_commands(text)) is not None:
        return run_plain_commands(interpreter, commands, rows)
    text = _TRAILING_BACKSLASH.sub(lambda found: " " + found[1], text)
    source = read_source(text, interpreter.expand)
    fence = first_structural_expression(source)
    if fence is None or fence.values is None or interpreter.inlined_expressions >= _MAX_INLINED_EXPRESSIONS:
        root = parse_script(_PARSER, source.masked)
        if root is None:
            interpreter.note_incomplete("the script is too tangled for the grammar, so its lines were read one by one")
            return [
                word for row, line in short_lines(text) for word in read_bash(interpreter, line, rows[row : row + 1])
            ]
        if root.has_error:
            interpreter.note_incomplete("the grammar does not understand all of the script")
        return BashReader(interpreter, source, rows).sequence(root.children, EMPTY_CONTEXT)
    interpreter.inlined_expressions += 1
    before = source.original[: fence.start].decode("utf-8", "replace")
    after = source.original[fence.end :].decode("utf-8", "replace")
    row = source.row(fence.start)
    printed: list[Word] = []
    branches: list[VariableChanges] = []
    for value in fence.values:
        more = [*rows[: row + 1], *[rows[min(row, len(rows) - 1)]] * value.count("\n"), *rows[row + 1 :]]
        with interpreter.variables.branch() as changes:
            printed += read_bash(interpreter, before + value + after, more)
        branches.append(changes)
    interpreter.variables.merge_branches(branches, exhaustive=True)
    return printed


class BashReader(BashFlowReader):
    """Walks the statements of one text."""

    def is_statement(self, node: Node) -> bool:
        return node.type in _BASH_HANDLERS

    def statement(self, node: Node, context: StatementContext = EMPTY_CONTEXT) -> list[Word]:
        """Walk one statement; returns what it prints, as far as somebody wants to know."""
        walk = _BASH_HANDLERS.get(node.type)
        if walk is None:
            self.find_commands(node)
            return []
        if node.type in ("command", "variable_assignment", "declaration_command"):
            return walk(self, node, context)
        self.interpreter.count_step()
        with self.interpreter.nested_construct() as fine:
            return walk(self, node, context) if fine else []

    def sequence(self, nodes: Sequence[Node], context: StatementContext) -> list[Word]:
        printed: list[Word] = []
        for node in nodes:
            if node.is_named:
                printed += self.statement(node, context)
        return printed

    def redirected_statement(self, node: Node, context: StatementContext) -> list[Word]:
        """Walk a statement with redirections; a heredoc may carry the rest of its line inside it."""
        body: Node | None = None
        tail: list[Node] = []
        for child in node.children:
            if child.type == "heredoc_redirect":
                context, more = self.heredoc(child, context)
                tail += more
            elif child.type in ("file_redirect", "herestring_redirect"):
                context = self.add_redirection(child, context)
            elif child.is_named and child.type != "comment":
                body = body or child
        piped = bool(tail) and tail[0].type == "pipeline"
        self.interpreter.capturing += piped
        try:
            printed = self.run_redirected(node, body, context)
        finally:
            self.interpreter.capturing -= piped
        for one in tail:
            if one.type == "pipeline":
                printed = self.run_stages(
                    [child for child in one.children if child.is_named], self.piped_output(printed, node), EMPTY_CONTEXT
                )
            else:
                with self.interpreter.conditionally():
                    printed += self.statement(one)
        return printed

    def run_redirected(self, node: Node, body: Node | None, context: StatementContext) -> list[Word]:
        """Walk a statement, and write what a whole group prints where it is sent."""
        if body is None:
            for redirect in context.redirects:
                self.interpreter.write_file(
                    redirect.target, literal_word(""), append=redirect.operator == ">>", line=self.line(node)
                )
            return []
        sent = [one for one in context.redirects if one.operator[:1] in (">", "&") and one.descriptor in ("", "1")]
        if body.type == "pipeline":
            return self.run_stages([child for child in body.children if child.is_named], None, context)
        if body.type not in _GROUP_NODES or not sent:
            return self.statement(body, context)
        self.interpreter.capturing += 1
        try:
            printed = self.statement(body, StatementContext(context.env, context.stdin))
        finally:
            self.interpreter.capturing -= 1
        content = join_words(printed, "\n") if printed else unknown_word(UnknownKind.OUTPUT, self.node_text(body))
        self.interpreter.write_file(
            sent[0].target, content, append=sent[0].operator.endswith(">>"), line=self.line(node)
        )
        return []

    def pipeline(self, node: Node, context: StatementContext) -> list[Word]:
        return self.run_stages(
            [child for child in node.children if child.is_named and child.type != "comment"],
            context.stdin,
            StatementContext(context.env, None, context.redirects, context.words),
        )

    def run_stages(self, nodes: Sequence[Node], stdin: Word | None, context: StatementContext) -> list[Word]:
        """Walk the parts of a pipeline, each with what the one before it prints; `io` is the last one's."""
        printed: list[Word] = []
        for index, node in enumerate(nodes):
            last = index == len(nodes) - 1
            given = (
                StatementContext(context.env, context.stdin or stdin, context.redirects, context.words)
                if last
                else StatementContext(stdin=stdin)
            )
            self.interpreter.capturing += not last
            try:
                with self.interpreter.variables.branch(discard=True):
                    printed = self.statement(node, given)
            except ShellExitError:
                printed = []
            finally:
                self.interpreter.capturing -= not last
            stdin = None if last else self.piped_output(printed, node)
        return printed

    def piped_output(self, printed: list[Word], node: Node) -> Word:
        return join_words(printed, "\n") if printed else unknown_word(UnknownKind.OUTPUT, self.node_text(node))

    def syntax_error(self, node: Node, context: StatementContext) -> list[Word]:
        """Walk what the grammar did not understand: the statements in it may still be sound."""
        del context
        self.find_commands(node)
        return []


_BashHandler: TypeAlias = Callable[[BashReader, Node, StatementContext], list[Word]]
_BASH_HANDLERS: Mapping[str, _BashHandler] = {
    "command": BashReader.command,
    "variable_assignment": BashReader.assignments,
    "variable_assignments": BashReader.assignments,
    "declaration_command": BashReader.declaration,
    "unset_command": BashReader.unset,
    "redirected_statement": BashReader.redirected_statement,
    "pipeline": BashReader.pipeline,
    "list": BashReader.and_or_list,
    "negated_command": BashReader.negated,
    "subshell": BashReader.subshell,
    "compound_statement": BashReader.group,
    "do_group": BashReader.group,
    "if_statement": BashReader.if_statement,
    "while_statement": BashReader.while_loop,
    "for_statement": BashReader.for_loop,
    "c_style_for_statement": BashReader.arithmetic_for_loop,
    "case_statement": BashReader.case_statement,
    "function_definition": BashReader.function,
    "ERROR": BashReader.syntax_error,
}
