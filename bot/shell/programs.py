"""Programs in other languages: the commands that they start, where these stand in the text as strings or lists of strings.

Python is read with its own parser. For JavaScript and its like there is none here, so only calls by well-known names with literal
arguments are found; that is best effort, and `Script.partial` says so.
"""

import ast
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace

from bot.shell.fences import Source, read_source
from bot.shell.interpreter import QUIET, Session
from bot.shell.script import Hole, HoleKind, Part, Word, show
from bot.shell.strip_wrappers import Nested
from bot.shell.words import Origin, fields, make_word, shorten, split, tidy, unknown

_SHELL_CALLS = {"system", "popen", "getoutput", "getstatusoutput", "shell"}
_CALLS = {"run", "call", "check_call", "check_output", "Popen", "execvp", "execlp", "sh", "cmd", *_SHELL_CALLS}
_SCRIPT_CALLS = re.compile(
    r"\b(?:execSync|execFileSync|spawnSync|execFile|exec|spawn|execa(?:Sync|Command)?|system|sh)\b\s{0,9}\(?\s{0,9}(?=['\"`\[])"
    r"|(?<![\w$])\$\s{0,9}(?=`)|%x(?=[({\[])"
)
_STARTS = re.compile(r"exec|spawn|system|popen|fork|child_process|\$`|%x", re.IGNORECASE)
_STRING = re.compile(r"'((?:[^'\\]|\\.)*+)'|\"((?:[^\"\\]|\\.)*+)\"|`((?:[^`\\]|\\.)*+)`", re.DOTALL)
_BETWEEN = re.compile(r"[\s,\[]*+")
_MAX_DEPTH = 20


def _restore(session: Session, marks: Sequence[str], text: str, origin: Origin) -> list[Part]:
    """Put expressions back into a string of the program."""
    parts: list[Part] = []
    for piece in re.split(r"(\x1a\d+\x1a)", text) if marks else [text]:
        if marks and piece[:1] == "\x1a" and piece[1:-1].isdecimal() and int(piece[1:-1]) < len(marks):
            expression = marks[int(piece[1:-1])]
            origin.expressions.add(expression)
            known = session.expand(expression)
            parts.append(known[0] if known and len(known) == 1 else Hole(HoleKind.EXPRESSION, expression))
        else:
            parts.append(piece)
    return parts


def _marked(source: Source) -> tuple[str, list[str]]:
    """Return the program with each expression as a mark that a string may hold, and the expressions."""
    text, position = "", 0
    marks: list[str] = []
    for fence in source.fences:
        text += source.original[position : fence.start].decode("utf-8", "replace").replace("\x1a", " ")
        text += f"\x1a{len(marks)}\x1a"
        marks.append(fence.expression)
        position = fence.end
    return text + source.original[position:].decode("utf-8", "replace").replace("\x1a", " "), marks


class _Python:
    """Finds the commands that a Python program starts."""

    def __init__(self, session: Session, marks: Sequence[str], tree: ast.Module) -> None:
        self.session = session
        self.marks = marks
        self.names = {
            target.id: node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }

    def word(self, node: ast.expr) -> Word:
        origin = Origin()
        return make_word(shorten(ast.unparse(node)), [tidy(self.parts(node, origin, 0))], origin)

    def parts(self, node: ast.expr, origin: Origin, depth: int) -> list[Part]:  # noqa: PLR0911 - one answer for each shape
        """Read an expression that gives a text, as far as it can be seen."""
        match node:
            case ast.Constant(value=str(text)):
                return _restore(self.session, self.marks, text, origin)
            case ast.JoinedStr(values=values):
                return [part for value in values for part in self.parts(value, origin, depth)]
            case ast.FormattedValue(value=value):
                return self.parts(value, origin, depth)
            case ast.BinOp(left=left, op=ast.Add(), right=right) if depth < _MAX_DEPTH:
                return [*self.parts(left, origin, depth + 1), *self.parts(right, origin, depth + 1)]
            case ast.Name(id=name) if name in self.names and depth < _MAX_DEPTH:
                return self.parts(self.names[name], origin, depth + 1)
            case ast.Attribute(attr="executable"):
                return ["python"]
            case ast.Subscript(value=ast.Attribute(attr="environ"), slice=ast.Constant(value=str(name))):
                return self._variable(name, origin)
            case ast.Call(func=ast.Attribute(attr="getenv" | "get"), args=[ast.Constant(value=str(name)), *_]):
                return self._variable(name, origin)
            case _:
                return [Hole(HoleKind.OTHER, shorten(ast.unparse(node)))]

    def _variable(self, name: str, origin: Origin) -> list[Part]:
        origin.variables.add(name)
        binding = self.session.scope.find(name)
        if not isinstance(binding, Word):
            return [Hole(HoleKind.VARIABLE, name)]
        origin.add(binding)
        return list(binding.values[0])

    def words(self, node: ast.expr, depth: int = 0) -> list[Word] | None:
        """Read a list of texts, or None when it is none."""
        match node:
            case ast.List(elts=elements) | ast.Tuple(elts=elements):
                found: list[Word] = []
                for element in elements:
                    inner = self.words(element.value, depth + 1) if isinstance(element, ast.Starred) else None
                    if isinstance(element, ast.Starred):
                        found += inner or [unknown(HoleKind.OTHER, shorten(ast.unparse(element)))]
                    else:
                        found.append(self.word(element))
                return found
            case ast.Name(id=name) if name in self.names and depth < _MAX_DEPTH:
                return self.words(self.names[name], depth + 1)
            case ast.BinOp(left=left, op=ast.Add(), right=right) if depth < _MAX_DEPTH:
                first = self.words(left, depth + 1)
                return None if first is None else [*first, *(self.words(right, depth + 1) or [])]
            case ast.Call(func=ast.Attribute(attr="split", value=text), args=[]):
                return _split(self.word(text))
            case ast.Call(func=ast.Attribute(attr="split"), args=[text]):
                return _split(self.word(text))
            case _:
                return None


def _split(word: Word) -> list[Word]:
    """Split a text at white space, as `str.split` and `shlex.split` would."""
    return [replace(word, text=show(value), values=(value,)) for value in fields(split(word.values[0]))]


def read_python(session: Session, text: str, rows: Sequence[int]) -> list[Word]:
    """Find the commands that a Python program starts."""
    source = read_source(text, session.expand)
    program, marks = _marked(source)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what the compiler thinks of somebody's program
            tree = ast.parse(program)
            calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        session.note("the Python program cannot be read")
        return []
    reader = _Python(session, marks, tree)
    for call in sorted(calls, key=lambda call: call.lineno):
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        if name in _CALLS:
            try:
                _start(session, reader, call, name, rows)
            except RecursionError:
                session.note("the Python program is too deep")
    return []


def _start(session: Session, reader: _Python, call: ast.Call, name: str, rows: Sequence[int]) -> None:
    """Run what a call starts."""
    first = call.args[0]
    words = reader.words(first)
    if name == "execvp" and len(call.args) > 1:
        words = reader.words(call.args[1])
    elif name == "execlp":
        words = [reader.word(argument) for argument in call.args[1:]]
    line = rows[min(call.lineno - 1, len(rows) - 1)]
    with session.maybe():
        _run(session, words, None if words else reader.word(first), line, shorten(ast.unparse(call)))


def _run(session: Session, words: Sequence[Word] | None, script: Word | None, line: int, text: str) -> None:
    if words and words[0].values[0]:
        session.run(session.command(tuple(words), line, text, QUIET))
    elif script is not None and any(isinstance(part, str) for part in script.values[0]):
        around = session.command((script,), line, text, QUIET)
        session.nested(Nested("bash", script, around, elsewhere=True))


def read_node(session: Session, text: str, rows: Sequence[int]) -> list[Word]:
    """Find the commands that a JavaScript, Ruby or Perl program starts with literal arguments."""
    source = read_source(text, session.expand)
    program, marks = _marked(source)
    if _STARTS.search(program):
        session.note("programs other than Python's are searched for literal commands only")
    for call in _SCRIPT_CALLS.finditer(program):
        session.spend()
        found = list(_strings(program, call.end()))
        if not found:
            continue
        line = rows[min(program.count("\n", 0, call.start()), len(rows) - 1)]
        words = []
        for one in found:
            origin = Origin()
            words.append(make_word(shorten(one), [tidy(_restore(session, marks, one, origin))], origin))
        with session.maybe():
            _run(session, words if len(words) > 1 else None, words[0], line, shorten(call[0]))
    return []


def _strings(program: str, index: int) -> Iterator[str]:
    """Yield the strings that stand one after another: arguments, elements of a list."""
    while found := _STRING.match(program, index):
        text = found[1] or found[2] or found[3] or ""
        yield re.sub(r"\\(.)", r"\1", text)
        between = _BETWEEN.match(program, found.end())
        if not between or not between[0].strip():
            return
        index = between.end()
