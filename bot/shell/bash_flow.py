"""Control of bash: lists, if, loops, case, functions; each branch is walked once, and what they set is merged."""

from collections.abc import Callable
from functools import partial

from tree_sitter import Node

from bot.shell.bash_simple import BashCommandReader
from bot.shell.interpreter import EMPTY_CONTEXT, ShellExitError, StatementContext
from bot.shell.script import UnknownKind, Word
from bot.shell.variables import VariableChanges
from bot.shell.words import merge_words, unknown_word

_EXIT_STATUS = {"true": True, ":": True, "false": False}


class BashFlowReader(BashCommandReader):
    """Walks what decides whether and how often other statements run."""

    def and_or_list(self, node: Node, context: StatementContext) -> list[Word]:
        """Walk `a && b || c`; what an earlier `true` or `false` decides is not left open."""
        parts: list[tuple[str, Node]] = []
        while node.type == "list":
            parts.append((node.children[1].type, node.children[2]))
            node = node.children[0]
        status = self.exit_status(node)
        printed = self.statement(node, context if not parts else StatementContext(context.env, context.stdin))
        for index, (operator, right) in enumerate(reversed(parts)):
            wanted = operator == "&&"
            if status is (not wanted):
                continue
            given = context if index == len(parts) - 1 else StatementContext(context.env, context.stdin)
            if status is wanted:
                printed += self.statement(right, given)
                status = self.exit_status(right)
            else:
                printed += self.run_branches(partial(self.statement, right, given))
        return printed

    def run_branches(self, *alternatives: Callable[[], list[Word]], exhaustive: bool = False) -> list[Word]:
        """Walk branches of which one runs, or none unless they are exhaustive; what they set is merged."""
        printed: list[Word] = []
        branches: list[VariableChanges] = []
        for way in alternatives:
            with self.interpreter.conditionally(), self.interpreter.variables.branch() as changes:
                printed += way()
            branches.append(changes)
        self.interpreter.variables.merge_branches(branches, exhaustive=exhaustive)
        return printed

    def exit_status(self, node: Node) -> bool | None:
        """Return how a statement ends when its text alone says so."""
        if node.type == "negated_command" and node.child_count > 1:
            inner = self.exit_status(node.children[1])
            return None if inner is None else not inner
        if node.type != "command":
            return None
        return _EXIT_STATUS.get(self.node_text(node))

    def negated(self, node: Node, context: StatementContext) -> list[Word]:
        return self.sequence(node.children, context)

    def subshell(self, node: Node, context: StatementContext) -> list[Word]:
        """Walk `( … )`: what it sets is forgotten, and an exit ends only it."""
        with self.interpreter.variables.branch(discard=True):
            try:
                return self.sequence(node.children, StatementContext(context.env, context.stdin))
            except ShellExitError:
                return []

    def group(self, node: Node, context: StatementContext) -> list[Word]:
        return self.sequence(node.children, StatementContext(context.env, context.stdin))

    def if_statement(self, node: Node, context: StatementContext) -> list[Word]:
        """Walk `if`; a condition that is `true` or `false` decides."""
        printed: list[Word] = []
        ways: list[Callable[[], list[Word]]] = []
        exhaustive = False
        for clause in [node, *(child for child in node.children if child.type in ("elif_clause", "else_clause"))]:
            tests, body = _condition_and_body(clause)
            if clause.type == "else_clause":
                exhaustive = True
                ways.append(partial(self.sequence, body, context))
                break
            status = self.exit_status(tests[0]) if len(tests) == 1 else None
            if ways:
                with self.interpreter.conditionally():
                    self.sequence(tests, context)
            else:
                self.sequence(tests, context)
            if status is True and not ways:
                return self.sequence(body, context)
            if status is not False:
                ways.append(partial(self.sequence, body, context))
            elif not ways and clause is node:
                continue
        if len(ways) == 1 and exhaustive:
            return ways[0]()
        printed += self.run_branches(*ways, exhaustive=exhaustive)
        return printed

    def while_loop(self, node: Node, context: StatementContext) -> list[Word]:
        """Walk `while` and `until` once."""
        *tests, body = [child for child in node.children if child.is_named and child.type != "comment"]
        never = node.children[0].type == "while"
        self.sequence(tests, context)
        if len(tests) == 1 and self.exit_status(tests[0]) is (not never):
            return []
        return self.run_branches(partial(self.sequence, body.children, context))

    def for_loop(self, node: Node, context: StatementContext) -> list[Word]:
        """Walk `for NAME in …` once, with all values at the same time."""
        name, body = "", None
        values: list[Node] = []
        for child in node.children:
            if child.type in ("do_group", "compound_statement"):
                body = child
            elif child.type == "variable_name" and not name:
                name = self.node_text(child)
            elif child.is_named and child.type != "comment":
                values.append(child)
        words = (
            [word for form in self.arguments(values) for word in form]
            if values
            else self.interpreter.variables.positional
        )
        self.interpreter.variables.assign(
            name, merge_words(words) if words else unknown_word(UnknownKind.VARIABLE, "@")
        )
        return self.run_branches(partial(self.sequence, body.children, context)) if body else []

    def arithmetic_for_loop(self, node: Node, context: StatementContext) -> list[Word]:
        """Walk `for ((…))` once."""
        body = node.children[-1]
        return self.run_branches(partial(self.sequence, body.children, context))

    def case_statement(self, node: Node, context: StatementContext) -> list[Word]:
        """Walk each item of `case`; one with the pattern `*` makes them exhaustive."""
        ways: list[Callable[[], list[Word]]] = []
        exhaustive = False
        for child in node.children:
            if child.type != "case_item":
                self.find_commands(child)
                continue
            end = next((n for n, one in enumerate(child.children) if one.type == ")"), 0)
            exhaustive = exhaustive or any(self.node_text(one) == "*" for one in child.children[:end])
            ways.append(partial(self.sequence, child.children[end + 1 :], context))
        return self.run_branches(*ways, exhaustive=exhaustive)

    def function(self, node: Node, context: StatementContext) -> list[Word]:
        """Remember a function; it is walked where it is called."""
        del context
        name = next((self.node_text(child) for child in node.children if child.type == "word"), "")
        body = node.children[-1]
        self.interpreter.variables.functions[name] = partial(self.statement, body, EMPTY_CONTEXT)
        self.interpreter.functions.add(name)
        return []


def _condition_and_body(clause: Node) -> tuple[list[Node], list[Node]]:
    """Split a clause of `if` into its condition and its body."""
    tests: list[Node] = []
    body: list[Node] = []
    current = body if clause.type == "else_clause" else tests
    for child in clause.children:
        if child.type == "then":
            current = body
        elif child.is_named and child.type not in ("elif_clause", "else_clause", "comment"):
            current.append(child)
    return tests, body
