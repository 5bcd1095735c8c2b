"""Scripts of PowerShell, walked as far as commands go; what expressions come to is known only for texts and variables."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypeAlias

import tree_sitter_powershell
from tree_sitter import Language, Node, Parser

from bot.shell.fences import read_source
from bot.shell.grammar import parse, short_lines
from bot.shell.interpreter import QUIET, EndedError, Io, Session, run_all
from bot.shell.powershell_values import TextWords
from bot.shell.powershell_words import LOCAL, TextReader, harden
from bot.shell.script import HoleKind, Redirect, Word
from bot.shell.strip_wrappers import lowered, named
from bot.shell.variables import Changes
from bot.shell.words import Origin, join, merge, unknown

_PARSER = Parser(Language(tree_sitter_powershell.language()))
_TARGET = re.compile(
    r"(?:\[[\w.]{1,99}(?:\[\])?\]\s{0,9})?\$\{?(?:(env|script|global|local|private):)?(\w+)\}?", re.IGNORECASE
)
_LATER = re.compile(r"`\s*\Z")
_NO_WORDS = {"command_elements", "command_invokation_operator", "comment", "redirection"}


def read_powershell(session: Session, text: str, rows: Sequence[int]) -> list[Word]:
    """Read a script of pwsh or powershell; returns what it prints when somebody wants to know."""
    text = _LATER.sub(lambda found: " " * len(found[0]), text)
    source = read_source(text, session.expand)
    root = parse(_PARSER, harden(source.masked))
    if root is None:
        session.note("the script is too tangled for the grammar, so its lines were read one by one")
        return [word for row, line in short_lines(text) for word in read_powershell(session, line, rows[row : row + 1])]
    if root.has_error:
        session.note("the grammar does not understand all of the script")
    return PowerShell(session, source, rows).sequence(root.children, QUIET)


class PowerShell(TextWords):
    """Walks the statements of one text."""

    def sequence(self, nodes: Sequence[Node], io: Io) -> list[Word]:
        printed: list[Word] = []
        for node in nodes:
            if node.child_count or node.type in _WALKS:
                printed += self.statement(node, io)
        return printed

    def statement(self, node: Node, io: Io) -> list[Word]:
        """Walk a statement; of what has no meaning here the parts are walked. Chains of single children are not depth."""
        while node.type not in _WALKS and node.child_count == 1:
            node = node.children[0]
        if not node.child_count and node.type not in _WALKS:
            return []
        self.session.spend()
        with self.session.deeper() as fine:
            if not fine:
                return []
            walk = _WALKS.get(node.type)
            return walk(self, node, io) if walk else self.sequence(node.children, io)

    def command(self, node: Node, io: Io) -> list[Word]:
        """Run a command in each of its possible forms; script blocks among its words are walked."""
        spans: list[tuple[int, int]] = []
        glued = False  # what comes next belongs to the word before it
        elements = [child for child in node.children if child.type == "command_elements"]
        for child in [*node.children, *(one for element in elements for one in element.children)]:
            if child.type in _NO_WORDS:
                glued = False
                io = self.redirected(child, io) if child.type == "redirection" else io
            elif child.type == "command_argument_sep" and not self.slice(child).strip("` \t\r\n") and self.slice(child):
                glued = False
            elif glued:
                spans[-1] = (spans[-1][0], child.end_byte)
            elif child.type != "command_argument_sep":
                spans.append((child.start_byte, child.end_byte))
                glued = True
        printed = self.run(node, spans, io)
        self.blocks(node)
        return [printed] if printed is not None else []

    def run(self, node: Node, spans: Sequence[tuple[int, int]], io: Io) -> Word | None:
        """Make the command's forms and run them."""
        forms = self.session.forms(self.forms(start, end) for start, end in spans)
        commands = []
        for form in forms:
            if form and form[0].values[0]:
                tool = named(form[0], lowered(form[0]))
                commands.append(self.session.command((tool, *form[1:]), self.line(node), self.slice(node), io))
        return run_all(self.session, commands)

    def redirected(self, node: Node, io: Io) -> Io:
        target = next((child for child in node.children if child.type == "redirected_file_name"), None)
        if target is None or not target.children:
            return io
        file = target.children[-1]
        word = self.word(file)
        return Io(io.env, io.stdin, (*io.redirects[:50], Redirect(word, self.slice(node.children[0]))))

    def pipeline(self, node: Node, io: Io) -> list[Word]:
        """Walk `a | b && c`; a text at the front is printed."""
        printed: list[Word] = []
        first = True
        for child in node.children:
            if child.type == "pipeline_chain_tail":
                continue
            if child.type != "pipeline_chain":
                return self.sequence(node.children, io)
            if first:
                printed += self.chain(child, io)
            else:
                printed += self.optional([partial(self.chain, child, io)])
            first = False
        return printed

    def chain(self, node: Node, io: Io) -> list[Word]:
        stages = [child for child in node.children if child.is_named and child.type not in ("redirections", "comment")]
        for child in node.children:
            if child.type == "redirections":
                for one in child.children:
                    io = self.redirected(one, io)
        printed: list[Word] = []
        stdin = io.stdin
        for index, stage in enumerate(stages):
            last = index == len(stages) - 1
            self.session.capturing += not last
            given = Io(io.env, stdin, io.redirects if last and stage.type == "command" else ())
            text = self.value(stage)
            printed = [text] if text is not None else self.statement(stage, given)
            self.session.capturing -= not last
            stdin = None if last else join(printed, "\n") if printed else unknown(HoleKind.OUTPUT, self.slice(stage))
        if io.redirects and stages and stages[-1].type != "command":
            content = join(printed, "\n") if printed else unknown(HoleKind.OUTPUT, self.slice(node))
            for redirect in io.redirects:
                self.session.write(
                    redirect.target, content, append=redirect.operator.endswith(">>"), line=self.line(node)
                )
            return []
        return printed

    def assign(self, node: Node, io: Io) -> list[Word]:
        """`$name = …`, `$env:NAME = …`."""
        del io
        target = _TARGET.fullmatch(self.slice(node.children[0]).strip())
        right = node.children[-1]
        known = self.values(right)
        if known is None or "+" in self.slice(right):
            self.session.capturing += 1
            printed = self.statement(right, QUIET)
            self.session.capturing -= 1
            origin = Origin()
            TextReader(self.session, f"({self.slice(right)})", origin).read()
            known = printed or [unknown(HoleKind.OUTPUT, self.slice(right), origin)]
        else:
            self.blocks(right)
        if target is None:
            return []
        scope, name = (target[1] or "").lower(), target[2]
        key = name if scope == "env" else LOCAL + name.lower()
        before = self.session.scope.find(key)
        if (
            "+=" in (child.type for child in node.children)
            or "+=" in self.slice(node)[: right.start_byte - node.start_byte]
        ):
            known = (
                [*before, *known][:1000]
                if isinstance(before, tuple)
                else [join([before, *known], "")]
                if before
                else known
            )
        self.session.scope.assign(key, known[0] if len(known) == 1 else tuple(known), export=scope == "env")
        return []

    def optional(self, ways: Sequence[Callable[[], list[Word]]], *, exhaustive: bool = False) -> list[Word]:
        """Walk branches of which one runs, or none unless they are exhaustive; what they set is merged."""
        printed: list[Word] = []
        branches: list[Changes] = []
        for way in ways:
            with self.session.maybe(), self.session.scope.branch() as changes:
                printed += way()
            branches.append(changes)
        self.session.scope.settle(branches, exhaustive=exhaustive)
        return printed

    def branches(self, node: Node, io: Io) -> list[Word]:
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
            elif node.type == "if_statement" and not blocks and self.slice(one).lower() == "$false":
                waiting = waiting[:-2]
            else:
                printed += self.statement(one, QUIET)
        if node.type in ("try_statement", "do_statement") and blocks:
            printed += self.sequence(blocks.pop(0).children, io)
        exhaustive = any(child.type == "else_clause" for child in node.children)
        return printed + self.optional(
            [partial(self.sequence, block.children, io) for block in blocks], exhaustive=exhaustive
        )

    def each(self, node: Node, io: Io) -> list[Word]:
        """Walk `foreach ($name in …)` once, with all values at the same time."""
        variable = next((child for child in node.children if child.type == "variable"), None)
        over = next((child for child in node.children if child.type == "pipeline"), None)
        known = self.values(over) if over else None
        if over and known is None:
            self.statement(over, QUIET)
        if variable:
            name = self.slice(variable)[1:].lower()
            self.session.scope.assign(LOCAL + name, merge(known) if known else unknown(HoleKind.VARIABLE, name))
        block = node.children[-1]
        return self.optional([partial(self.sequence, block.children, io)])

    def function(self, node: Node, io: Io) -> list[Word]:
        """Remember a function; it is walked where it is called."""
        del io
        name = next((self.slice(child).lower() for child in node.children if child.type == "function_name"), "")
        self.session.scope.functions[name] = partial(self.sequence, node.children[2:], QUIET)
        self.session.functions.add(name)
        return []

    def flow(self, node: Node, io: Io) -> list[Word]:
        """Walk `exit`, `return`, `throw`; an exit that nothing stands in the way of ends the script."""
        printed = self.sequence(node.children, io)
        if node.children[0].type in ("exit", "throw") and not self.session.conditional:
            raise EndedError
        return printed


_Walk: TypeAlias = Callable[[PowerShell, Node, Io], list[Word]]
_WALKS: Mapping[str, _Walk] = {
    "command": PowerShell.command,
    "pipeline": PowerShell.pipeline,
    "pipeline_chain": PowerShell.chain,
    "assignment_expression": PowerShell.assign,
    "if_statement": PowerShell.branches,
    "while_statement": PowerShell.branches,
    "for_statement": PowerShell.branches,
    "do_statement": PowerShell.branches,
    "switch_statement": PowerShell.branches,
    "try_statement": PowerShell.branches,
    "trap_statement": PowerShell.branches,
    "foreach_statement": PowerShell.each,
    "function_statement": PowerShell.function,
    "flow_control_statement": PowerShell.flow,
}
