"""Control of bash: lists, if, loops, case, functions; each branch is walked once, and what they set is merged."""

from collections.abc import Callable
from functools import partial

from tree_sitter import Node

from bot.shell.bash_simple import SimpleReader
from bot.shell.interpreter import QUIET, EndedError, Io
from bot.shell.script import HoleKind, Word
from bot.shell.variables import Changes
from bot.shell.words import merge, unknown

_STATUS = {"true": True, ":": True, "false": False}


class FlowReader(SimpleReader):
    """Walks what decides whether and how often other statements run."""

    def sequel(self, node: Node, io: Io) -> list[Word]:
        """Walk `a && b || c`; what an earlier `true` or `false` decides is not left open."""
        parts: list[tuple[str, Node]] = []
        while node.type == "list":
            parts.append((node.children[1].type, node.children[2]))
            node = node.children[0]
        status = self.status(node)
        printed = self.statement(node, io if not parts else Io(io.env, io.stdin))
        for index, (operator, right) in enumerate(reversed(parts)):
            wanted = operator == "&&"
            if status is (not wanted):
                continue
            given = io if index == len(parts) - 1 else Io(io.env, io.stdin)
            if status is wanted:
                printed += self.statement(right, given)
                status = self.status(right)
            else:
                printed += self.optional(partial(self.statement, right, given))
        return printed

    def optional(self, *ways: Callable[[], list[Word]], exhaustive: bool = False) -> list[Word]:
        """Walk branches of which one runs, or none unless they are exhaustive; what they set is merged."""
        printed: list[Word] = []
        branches: list[Changes] = []
        for way in ways:
            with self.session.maybe(), self.session.scope.branch() as changes:
                printed += way()
            branches.append(changes)
        self.session.scope.settle(branches, exhaustive=exhaustive)
        return printed

    def status(self, node: Node) -> bool | None:
        """Return how a statement ends when its text alone says so."""
        if node.type == "negated_command" and node.child_count > 1:
            inner = self.status(node.children[1])
            return None if inner is None else not inner
        if node.type != "command":
            return None
        return _STATUS.get(self.slice(node))

    def negated(self, node: Node, io: Io) -> list[Word]:
        return self.sequence(node.children, io)

    def subshell(self, node: Node, io: Io) -> list[Word]:
        """Walk `( … )`: what it sets is forgotten, and an exit ends only it."""
        with self.session.scope.branch(forget=True):
            try:
                return self.sequence(node.children, Io(io.env, io.stdin))
            except EndedError:
                return []

    def group(self, node: Node, io: Io) -> list[Word]:
        return self.sequence(node.children, Io(io.env, io.stdin))

    def choice(self, node: Node, io: Io) -> list[Word]:
        """Walk `if`; a condition that is `true` or `false` decides."""
        printed: list[Word] = []
        ways: list[Callable[[], list[Word]]] = []
        exhaustive = False
        for clause in [node, *(child for child in node.children if child.type in ("elif_clause", "else_clause"))]:
            tests, body = _parts(clause)
            if clause.type == "else_clause":
                exhaustive = True
                ways.append(partial(self.sequence, body, io))
                break
            status = self.status(tests[0]) if len(tests) == 1 else None
            if ways:
                with self.session.maybe():
                    self.sequence(tests, io)
            else:
                self.sequence(tests, io)
            if status is True and not ways:
                return self.sequence(body, io)
            if status is not False:
                ways.append(partial(self.sequence, body, io))
            elif not ways and clause is node:
                continue
        if len(ways) == 1 and exhaustive:
            return ways[0]()
        printed += self.optional(*ways, exhaustive=exhaustive)
        return printed

    def loop(self, node: Node, io: Io) -> list[Word]:
        """Walk `while` and `until` once."""
        *tests, body = [child for child in node.children if child.is_named and child.type != "comment"]
        never = node.children[0].type == "while"
        self.sequence(tests, io)
        if len(tests) == 1 and self.status(tests[0]) is (not never):
            return []
        return self.optional(partial(self.sequence, body.children, io))

    def each(self, node: Node, io: Io) -> list[Word]:
        """Walk `for NAME in …` once, with all values at the same time."""
        name, body = "", None
        values: list[Node] = []
        for child in node.children:
            if child.type in ("do_group", "compound_statement"):
                body = child
            elif child.type == "variable_name" and not name:
                name = self.slice(child)
            elif child.is_named and child.type != "comment":
                values.append(child)
        words = [word for form in self.arguments(values) for word in form] if values else self.session.scope.positional
        self.session.scope.assign(name, merge(words) if words else unknown(HoleKind.VARIABLE, "@"))
        return self.optional(partial(self.sequence, body.children, io)) if body else []

    def count(self, node: Node, io: Io) -> list[Word]:
        """Walk `for ((…))` once."""
        body = node.children[-1]
        return self.optional(partial(self.sequence, body.children, io))

    def cases(self, node: Node, io: Io) -> list[Word]:
        """Walk each item of `case`; one with the pattern `*` makes them exhaustive."""
        ways: list[Callable[[], list[Word]]] = []
        exhaustive = False
        for child in node.children:
            if child.type != "case_item":
                self.look(child)
                continue
            end = next((n for n, one in enumerate(child.children) if one.type == ")"), 0)
            exhaustive = exhaustive or any(self.slice(one) == "*" for one in child.children[:end])
            ways.append(partial(self.sequence, child.children[end + 1 :], io))
        return self.optional(*ways, exhaustive=exhaustive)

    def function(self, node: Node, io: Io) -> list[Word]:
        """Remember a function; it is walked where it is called."""
        del io
        name = next((self.slice(child) for child in node.children if child.type == "word"), "")
        body = node.children[-1]
        self.session.scope.functions[name] = partial(self.statement, body, QUIET)
        self.session.functions.add(name)
        return []


def _parts(clause: Node) -> tuple[list[Node], list[Node]]:
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
