"""Reads bash and sh scripts as the shell would run them, including control flow and functions.

Each branch is read once, unless the known values of a condition choose another. Brace expansion and aliases are not evaluated.

tests/bot/shell/test_plain_bash.py checks that scripts of plain words are read as the grammar reads them.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TypeAlias

import tree_sitter_bash
from tree_sitter import Language, Node, Parser

from bot.shell.bash_words import BashCommandReader
from bot.shell.conditions import (
    OPERATORS,
    Token,
    all_of,
    any_of,
    evaluate_test,
    is_operator,
    matching_patterns,
)
from bot.shell.interpreter import (
    EMPTY_CONTEXT,
    Interpreter,
    ShellExitError,
    StatementContext,
    parse_script,
    short_lines,
)
from bot.shell.script import (
    UnknownKind,
    Word,
    first_structural_expression,
    join_words,
    literal_word,
    merge_words,
    read_source,
    unknown_word,
)
from bot.shell.variables import VariableChanges

# Nothing here has a meaning of its own to any shell: no quotes, variables, globs, operators, comments, or lines that go on.
_PLAIN_TEXT = re.compile(r"[A-Za-z0-9_./:@+,=\n -]*")
_PLAIN_COMMAND_NAME = re.compile(
    r"[A-Za-z_./][A-Za-z0-9_./-]*"
)  # no assignment, nor what the grammar takes for something else (`1`, `a@`)
_KEYWORDS = frozenset(
    [
        "case",
        "coproc",
        "declare",
        "do",
        "done",
        "elif",
        "else",
        "esac",
        "export",
        "fi",
        "for",
        "function",
        "if",
        "in",
        "local",
        "readonly",
        "select",
        "then",
        "time",
        "typeset",
        "unset",
        "unsetenv",
        "until",
        "while",
    ]
)
_MAX_PLAIN_WORDS = 500  # of one command; the bounds for more are the grammar's


def plain_commands(text: str) -> list[tuple[int, str, list[str]]] | None:
    """Give row, text and words of each command of a script of plain words only; None for any other script."""
    if _PLAIN_TEXT.fullmatch(text) is None:
        return None
    found = []
    for row, line in enumerate(text.split("\n")):
        words = line.split()
        if not words:
            continue
        if words[0] in _KEYWORDS or _PLAIN_COMMAND_NAME.fullmatch(words[0]) is None or len(words) > _MAX_PLAIN_WORDS:
            return None
        if any(word.startswith("=") for word in words):
            return None  # the grammar takes `_ ==` for the start of a test and leaves it out
        found.append((row, line.strip(), words))
    return found


def run_plain_commands(
    interpreter: Interpreter, commands: Sequence[tuple[int, str, list[str]]], rows: Sequence[int]
) -> list[Word]:
    """Run such commands; returns what they print when somebody wants to know."""
    printed = []
    for row, text, words in commands:
        argv = tuple(Word(word, ((word,),)) for word in words)
        command = interpreter.make_command(argv, rows[min(row, len(rows) - 1)], text, EMPTY_CONTEXT)
        if (word := interpreter.run(command)) is not None:
            printed.append(word)
    return printed


_MAX_LOOPS = 50  # rounds of a loop over a script's own words
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
        self.interpreter.branches += 1
        for way in alternatives:
            with self.interpreter.conditionally(), self.interpreter.variables.branch() as changes:
                printed += way()
            branches.append(changes)
        self.interpreter.variables.merge_branches(branches, exhaustive=exhaustive)
        return printed

    def exit_status(self, node: Node) -> bool | None:
        """Return how a statement ends when its text and the known values of its words say so."""
        match node.type:
            case "negated_command" if node.child_count > 1:
                inner = self.exit_status(node.children[1])
                return None if inner is None else not inner
            case "test_command":
                return self._test_status(node)
            case "list":
                left, operator, right = node.children
                answers = (self.exit_status(left), self.exit_status(right))
                return all_of(answers) if operator.type == "&&" else any_of(answers)
            case "command":
                return self._command_status(node)
            case _:
                return None

    def _test_status(self, node: Node) -> bool | None:
        """Evaluate `[ … ]` and `[[ … ]]`; what runs a command to get a value stays open."""
        if "$(" in self.node_text(node) or "`" in self.node_text(node):
            return None
        tokens = [token for child in node.children[1:-1] for token in self._test_tokens(child)]
        return evaluate_test(tokens, patterns=node.children[0].type == "[[")

    def _test_tokens(self, node: Node) -> Iterator[Token]:
        """Yield a test's words and operators; the grammar nests them, and takes an option of a script for an operator."""
        nested = node.type in ("binary_expression", "unary_expression", "parenthesized_expression")
        if nested and node.children[0].type not in ("-", "--"):
            for child in node.children:
                yield from self._test_tokens(child)
        elif node.type == "test_operator" or (not node.is_named and node.type in OPERATORS):
            yield self.node_text(node)
        else:
            yield self.word(node)

    def _command_status(self, node: Node) -> bool | None:
        text = self.node_text(node)
        if text in _EXIT_STATUS or not text.startswith("test ") or "$(" in text or "`" in text:
            return _EXIT_STATUS.get(text)
        words = [self.word(child) for child in node.children[1:]]
        return evaluate_test([w.text if is_operator(w.text) else w for w in words], patterns=False)

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
        """Walk `if`; a condition that is known decides."""
        printed: list[Word] = []
        ways: list[Callable[[], list[Word]]] = []
        exhaustive = False
        for clause in [node, *(child for child in node.children if child.type in ("elif_clause", "else_clause"))]:
            tests, body = _condition_and_body(clause)
            status = True if clause.type == "else_clause" else self._walk_tests(tests, context, first=not ways)
            if status is not False:
                ways.append(partial(self.sequence, body, context))
            if status is True:
                exhaustive = True
                break
        if len(ways) == 1 and exhaustive:
            return ways[0]()
        printed += self.run_branches(*ways, exhaustive=exhaustive)
        return printed

    def _walk_tests(self, tests: list[Node], context: StatementContext, *, first: bool) -> bool | None:
        """Walk a condition, and say how it ends when that is known."""
        status = self.exit_status(tests[0]) if len(tests) == 1 else None
        if first:
            self.sequence(tests, context)
        else:
            with self.interpreter.conditionally():
                self.sequence(tests, context)
        return status

    def while_loop(self, node: Node, context: StatementContext) -> list[Word]:
        """Walk `while` and `until` once; again while its known condition holds and the script's words are shifted."""
        *tests, body = [child for child in node.children if child.is_named and child.type != "comment"]
        wanted = node.children[0].type == "while"
        printed: list[Word] = []
        for _ in range(_MAX_LOOPS):
            before = self.interpreter.variables.positional
            status = self._walk_tests(tests, context, first=True)
            if status is None:
                return printed + self.run_branches(partial(self.sequence, body.children, context))
            if status is not wanted:
                break
            printed += self.sequence(body.children, context)
            if self.interpreter.variables.positional is before:
                break
        return printed

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
        """Walk the items of `case` that its word may choose; one with the pattern `*` makes them exhaustive."""
        ways: list[Callable[[], list[Word]]] = []
        patterns: list[list[Node]] = []
        for child in node.children:
            if child.type != "case_item":
                self.find_commands(child)
                continue
            end = next((n for n, one in enumerate(child.children) if one.type == ")"), 0)
            patterns.append([one for one in child.children[:end] if one.is_named])
            ways.append(partial(self.sequence, child.children[end + 1 :], context))
        chosen = self._chosen_items(node, patterns)
        if chosen is None:
            exhaustive = any(self.node_text(one) == "*" for each in patterns for one in each)
            return self.run_branches(*ways, exhaustive=exhaustive)
        if len(chosen) == 1:
            return ways[chosen[0]]()
        return self.run_branches(*(ways[index] for index in chosen))

    def _chosen_items(self, node: Node, patterns: list[list[Node]]) -> list[int] | None:
        """Give the items that a `case` may choose; None when that is not known, or one goes on into the next."""
        text = self.node_text(node)
        subject = node.children[1] if node.child_count > 1 else node
        if ";&" in text or ";;&" in text or "$(" in self.node_text(subject) or "`" in self.node_text(subject):
            return None
        return matching_patterns(self.word(subject), [[self.word(one) for one in each] for each in patterns])

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
