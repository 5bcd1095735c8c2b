"""Reads PowerShell scripts and the commands in them; only text and variables are evaluated."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypeAlias

import tree_sitter_powershell
from tree_sitter import Language, Node, Parser

from bot.shell.interpreter import (
    EMPTY_CONTEXT,
    Interpreter,
    ShellExitError,
    StatementContext,
    parse_script,
    run_alternatives,
    short_lines,
)
from bot.shell.powershell_words import LOCAL_PREFIX, PowerShellTextReader, PowerShellWordReader, mask_unreadable_words
from bot.shell.script import Redirect, UnknownKind, Word, WordOrigin, join_words, merge_words, read_source, unknown_word
from bot.shell.strip_wrappers import lowercase_name, with_value
from bot.shell.variables import VariableChanges

_PARSER = Parser(Language(tree_sitter_powershell.language()))
_ASSIGNMENT_TARGET = re.compile(
    r"(?:\[[\w.]{1,99}(?:\[\])?\]\s{0,9})?\$\{?(?:(env|script|global|local|private):)?(\w+)\}?", re.IGNORECASE
)
_TRAILING_BACKTICK = re.compile(r"`\s*\Z")
_NON_WORD_NODES = {"command_elements", "command_invokation_operator", "comment", "redirection"}


def read_powershell(interpreter: Interpreter, text: str, rows: Sequence[int]) -> list[Word]:
    """Read a script of pwsh or powershell; returns what it prints when somebody wants to know."""
    text = _TRAILING_BACKTICK.sub(lambda found: " " * len(found[0]), text)
    source = read_source(text, interpreter.expand)
    root = parse_script(_PARSER, mask_unreadable_words(source.masked))
    if root is None:
        interpreter.note_incomplete("the script is too tangled for the grammar, so its lines were read one by one")
        return [
            word for row, line in short_lines(text) for word in read_powershell(interpreter, line, rows[row : row + 1])
        ]
    if root.has_error:
        interpreter.note_incomplete("the grammar does not understand all of the script")
    return PowerShellReader(interpreter, source, rows).sequence(root.children, EMPTY_CONTEXT)


class PowerShellReader(PowerShellWordReader):
    """Walks the statements of one text."""

    def sequence(self, nodes: Sequence[Node], context: StatementContext) -> list[Word]:
        printed: list[Word] = []
        for node in nodes:
            if node.child_count or node.type in _POWERSHELL_HANDLERS:
                printed += self.statement(node, context)
        return printed

    def statement(self, node: Node, context: StatementContext) -> list[Word]:
        """Walk a statement; of what has no meaning here the parts are walked. Chains of single children are not depth."""
        while node.type not in _POWERSHELL_HANDLERS and node.child_count == 1:
            node = node.children[0]
        if not node.child_count and node.type not in _POWERSHELL_HANDLERS:
            return []
        self.interpreter.count_step()
        with self.interpreter.nested_construct() as fine:
            if not fine:
                return []
            walk = _POWERSHELL_HANDLERS.get(node.type)
            return walk(self, node, context) if walk else self.sequence(node.children, context)

    def command(self, node: Node, context: StatementContext) -> list[Word]:
        """Run a command in each of its possible forms; script blocks among its words are walked."""
        spans: list[tuple[int, int]] = []
        glued = False  # what comes next belongs to the word before it
        elements = [child for child in node.children if child.type == "command_elements"]
        for child in [*node.children, *(one for element in elements for one in element.children)]:
            if child.type in _NON_WORD_NODES:
                glued = False
                context = self.add_redirection(child, context) if child.type == "redirection" else context
            elif (
                child.type == "command_argument_sep"
                and not self.node_text(child).strip("` \t\r\n")
                and self.node_text(child)
            ):
                glued = False
            elif glued:
                spans[-1] = (spans[-1][0], child.end_byte)
            elif child.type != "command_argument_sep":
                spans.append((child.start_byte, child.end_byte))
                glued = True
        printed = self.run(node, spans, context)
        self.run_blocks(node)
        return [printed] if printed is not None else []

    def run(self, node: Node, spans: Sequence[tuple[int, int]], context: StatementContext) -> Word | None:
        """Make the command's forms and run them."""
        forms = self.interpreter.combine_words(self.word_forms(start, end) for start, end in spans)
        commands = []
        for form in forms:
            if form and form[0].values[0]:
                tool = with_value(form[0], lowercase_name(form[0]))
                commands.append(
                    self.interpreter.make_command((tool, *form[1:]), self.line(node), self.node_text(node), context)
                )
        return run_alternatives(self.interpreter, commands)

    def add_redirection(self, node: Node, context: StatementContext) -> StatementContext:
        target = next((child for child in node.children if child.type == "redirected_file_name"), None)
        if target is None or not target.children:
            return context
        file = target.children[-1]
        word = self.word(file)
        return StatementContext(
            context.env, context.stdin, (*context.redirects[:50], Redirect(word, self.node_text(node.children[0])))
        )

    def pipeline(self, node: Node, context: StatementContext) -> list[Word]:
        """Walk `a | b && c`; a text at the front is printed."""
        printed: list[Word] = []
        first = True
        for child in node.children:
            if child.type == "pipeline_chain_tail":
                continue
            if child.type != "pipeline_chain":
                return self.sequence(node.children, context)
            if first:
                printed += self.chain(child, context)
            else:
                printed += self.run_branches([partial(self.chain, child, context)])
            first = False
        return printed

    def chain(self, node: Node, context: StatementContext) -> list[Word]:
        stages = [child for child in node.children if child.is_named and child.type not in ("redirections", "comment")]
        for child in node.children:
            if child.type == "redirections":
                for one in child.children:
                    context = self.add_redirection(one, context)
        printed: list[Word] = []
        stdin = context.stdin
        for index, stage in enumerate(stages):
            last = index == len(stages) - 1
            self.interpreter.capturing += not last
            given = StatementContext(context.env, stdin, context.redirects if last and stage.type == "command" else ())
            text = self.value(stage)
            printed = [text] if text is not None else self.statement(stage, given)
            self.interpreter.capturing -= not last
            stdin = (
                None
                if last
                else join_words(printed, "\n")
                if printed
                else unknown_word(UnknownKind.OUTPUT, self.node_text(stage))
            )
        if context.redirects and stages and stages[-1].type != "command":
            content = join_words(printed, "\n") if printed else unknown_word(UnknownKind.OUTPUT, self.node_text(node))
            for redirect in context.redirects:
                self.interpreter.write_file(
                    redirect.target, content, append=redirect.operator.endswith(">>"), line=self.line(node)
                )
            return []
        return printed

    def assign(self, node: Node, context: StatementContext) -> list[Word]:
        """`$name = …`, `$env:NAME = …`."""
        del context
        target = _ASSIGNMENT_TARGET.fullmatch(self.node_text(node.children[0]).strip())
        right = node.children[-1]
        known = self.values(right)
        if known is None or "+" in self.node_text(right):
            self.interpreter.capturing += 1
            printed = self.statement(right, EMPTY_CONTEXT)
            self.interpreter.capturing -= 1
            origin = WordOrigin()
            PowerShellTextReader(self.interpreter, f"({self.node_text(right)})", origin).read()
            known = printed or [unknown_word(UnknownKind.OUTPUT, self.node_text(right), origin)]
        else:
            self.run_blocks(right)
        if target is None:
            return []
        scope, name = (target[1] or "").lower(), target[2]
        key = name if scope == "env" else LOCAL_PREFIX + name.lower()
        before = self.interpreter.variables.find(key)
        if (
            "+=" in (child.type for child in node.children)
            or "+=" in self.node_text(node)[: right.start_byte - node.start_byte]
        ):
            known = (
                [*before, *known][:1000]
                if isinstance(before, tuple)
                else [join_words([before, *known], "")]
                if before
                else known
            )
        self.interpreter.variables.assign(key, known[0] if len(known) == 1 else tuple(known), export=scope == "env")
        return []

    def run_branches(self, alternatives: Sequence[Callable[[], list[Word]]], *, exhaustive: bool = False) -> list[Word]:
        """Walk branches of which one runs, or none unless they are exhaustive; what they set is merged."""
        printed: list[Word] = []
        branches: list[VariableChanges] = []
        for way in alternatives:
            with self.interpreter.conditionally(), self.interpreter.variables.branch() as changes:
                printed += way()
            branches.append(changes)
        self.interpreter.variables.merge_branches(branches, exhaustive=exhaustive)
        return printed

    def conditional_blocks(self, node: Node, context: StatementContext) -> list[Word]:
        """Walk `if`, `switch`, `try`, loops: each block may run, what is in front of the first one does."""
        printed: list[Word] = []
        blocks: list[Node] = []
        waiting = list(reversed(node.children))
        while waiting:
            one = waiting.pop()
            if one.type in ("statement_block", "script_block"):
                blocks.append(one)
            elif one.type.endswith(("_clause", "_clauses", "_body")) or one.type == "ERROR":
                waiting.extend(reversed(one.children))
            elif node.type == "if_statement" and not blocks and self.node_text(one).lower() == "$false":
                waiting = waiting[:-2]
            else:
                printed += self.statement(one, EMPTY_CONTEXT)
        if node.type in ("try_statement", "do_statement") and blocks:
            printed += self.sequence(blocks.pop(0).children, context)
        exhaustive = any(child.type == "else_clause" for child in node.children)
        return printed + self.run_branches(
            [partial(self.sequence, block.children, context) for block in blocks], exhaustive=exhaustive
        )

    def foreach_loop(self, node: Node, context: StatementContext) -> list[Word]:
        """Walk `foreach ($name in …)` once, with all values at the same time."""
        variable = next((child for child in node.children if child.type == "variable"), None)
        over = next((child for child in node.children if child.type == "pipeline"), None)
        known = self.values(over) if over else None
        if over and known is None:
            self.statement(over, EMPTY_CONTEXT)
        if variable:
            name = self.node_text(variable)[1:].lower()
            self.interpreter.variables.assign(
                LOCAL_PREFIX + name, merge_words(known) if known else unknown_word(UnknownKind.VARIABLE, name)
            )
        block = node.children[-1]
        return self.run_branches([partial(self.sequence, block.children, context)])

    def function(self, node: Node, context: StatementContext) -> list[Word]:
        """Remember a function; it is walked where it is called."""
        del context
        name = next((self.node_text(child).lower() for child in node.children if child.type == "function_name"), "")
        self.interpreter.variables.functions[name] = partial(self.sequence, node.children[2:], EMPTY_CONTEXT)
        self.interpreter.functions.add(name)
        return []

    def exit_statement(self, node: Node, context: StatementContext) -> list[Word]:
        """Walk `exit`, `return`, `throw`; an exit that nothing stands in the way of ends the script."""
        printed = self.sequence(node.children, context)
        if node.children[0].type in ("exit", "throw") and not self.interpreter.conditional:
            raise ShellExitError
        return printed


_PowerShellHandler: TypeAlias = Callable[[PowerShellReader, Node, StatementContext], list[Word]]
_POWERSHELL_HANDLERS: Mapping[str, _PowerShellHandler] = {
    "command": PowerShellReader.command,
    "pipeline": PowerShellReader.pipeline,
    "pipeline_chain": PowerShellReader.chain,
    "assignment_expression": PowerShellReader.assign,
    "if_statement": PowerShellReader.conditional_blocks,
    "while_statement": PowerShellReader.conditional_blocks,
    "for_statement": PowerShellReader.conditional_blocks,
    "do_statement": PowerShellReader.conditional_blocks,
    "switch_statement": PowerShellReader.conditional_blocks,
    "try_statement": PowerShellReader.conditional_blocks,
    "trap_statement": PowerShellReader.conditional_blocks,
    "foreach_statement": PowerShellReader.foreach_loop,
    "function_statement": PowerShellReader.function,
    "flow_control_statement": PowerShellReader.exit_statement,
}
