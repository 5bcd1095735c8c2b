"""Finds the commands that Python, JavaScript and other programs start with literal arguments.

Python is parsed. Other languages are searched for well-known calls only, and `Script.partial` reports that.
"""

import ast
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace

from bot.shell.interpreter import EMPTY_CONTEXT, Interpreter
from bot.shell.script import (
    ScriptSource,
    UnknownKind,
    UnknownPart,
    Word,
    WordOrigin,
    WordPart,
    join_pieces,
    make_word,
    read_source,
    shorten,
    split_at_breaks,
    split_at_whitespace,
    unknown_word,
    value_text,
)
from bot.shell.strip_wrappers import NestedScript

_SHELL_CALLS = {"system", "popen", "getoutput", "getstatusoutput", "shell"}
_COMMAND_CALLS = {"run", "call", "check_call", "check_output", "Popen", "execvp", "execlp", "sh", "cmd", *_SHELL_CALLS}
_LITERAL_CALLS = re.compile(
    r"\b(?:execSync|execFileSync|spawnSync|execFile|exec|spawn|execa(?:Sync|Command)?|system|sh)\b\s{0,9}\(?\s{0,9}(?=['\"`\[])"
    r"|(?<![\w$])\$\s{0,9}(?=`)|%x(?=[({\[])"
)
_PROCESS_WORDS = re.compile(r"exec|spawn|system|popen|fork|child_process|\$`|%x", re.IGNORECASE)
_STRING = re.compile(r"'((?:[^'\\]|\\.)*+)'|\"((?:[^\"\\]|\\.)*+)\"|`((?:[^`\\]|\\.)*+)`", re.DOTALL)
_BETWEEN_STRINGS = re.compile(r"[\s,\[]*+")
_MAX_DEPTH = 20


def _restore_expressions(
    interpreter: Interpreter, expressions: Sequence[str], text: str, origin: WordOrigin
) -> list[WordPart]:
    """Put expressions back into a string of the program."""
    parts: list[WordPart] = []
    for piece in re.split(r"(\x1a\d+\x1a)", text) if expressions else [text]:
        if expressions and piece[:1] == "\x1a" and piece[1:-1].isdecimal() and int(piece[1:-1]) < len(expressions):
            expression = expressions[int(piece[1:-1])]
            origin.expressions.add(expression)
            known = interpreter.expand(expression)
            parts.append(known[0] if known and len(known) == 1 else UnknownPart(UnknownKind.EXPRESSION, expression))
        else:
            parts.append(piece)
    return parts


def _mark_expressions(source: ScriptSource) -> tuple[str, list[str]]:
    """Return the program with each expression as a mark that a string may hold, and the expressions."""
    text, position = "", 0
    marks: list[str] = []
    for fence in source.expressions:
        text += source.original[position : fence.start].decode("utf-8", "replace").replace("\x1a", " ")
        text += f"\x1a{len(marks)}\x1a"
        marks.append(fence.expression)
        position = fence.end
    return text + source.original[position:].decode("utf-8", "replace").replace("\x1a", " "), marks


class _PythonProgram:
    """Finds the commands that a Python program starts."""

    def __init__(self, interpreter: Interpreter, expressions: Sequence[str], tree: ast.Module) -> None:
        self.interpreter = interpreter
        self.expressions = expressions
        self.names = {
            target.id: node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }

    def word(self, node: ast.expr) -> Word:
        origin = WordOrigin()
        return make_word(shorten(ast.unparse(node)), [join_pieces(self.parts(node, origin, 0))], origin)

    def parts(self, node: ast.expr, origin: WordOrigin, depth: int) -> list[WordPart]:  # noqa: PLR0911 - one answer for each shape
        """Read an expression that gives a text, as far as it can be seen."""
        match node:
            case ast.Constant(value=str(text)):
                return _restore_expressions(self.interpreter, self.expressions, text, origin)
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
                return [UnknownPart(UnknownKind.OTHER, shorten(ast.unparse(node)))]

    def _variable(self, name: str, origin: WordOrigin) -> list[WordPart]:
        origin.variables.add(name)
        binding = self.interpreter.variables.find(name)
        if not isinstance(binding, Word):
            return [UnknownPart(UnknownKind.VARIABLE, name)]
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
                        found += inner or [unknown_word(UnknownKind.OTHER, shorten(ast.unparse(element)))]
                    else:
                        found.append(self.word(element))
                return found
            case ast.Name(id=name) if name in self.names and depth < _MAX_DEPTH:
                return self.words(self.names[name], depth + 1)
            case ast.BinOp(left=left, op=ast.Add(), right=right) if depth < _MAX_DEPTH:
                first = self.words(left, depth + 1)
                return None if first is None else [*first, *(self.words(right, depth + 1) or [])]
            case ast.Call(func=ast.Attribute(attr="split", value=text), args=[]):
                return _split_word(self.word(text))
            case ast.Call(func=ast.Attribute(attr="split"), args=[text]):
                return _split_word(self.word(text))
            case _:
                return None


def _split_word(word: Word) -> list[Word]:
    """Split a text at white space, as `str.split` and `shlex.split` would."""
    return [
        replace(word, text=value_text(value), values=(value,))
        for value in split_at_breaks(split_at_whitespace(word.values[0]))
    ]


def read_python(interpreter: Interpreter, text: str, rows: Sequence[int]) -> list[Word]:
    """Find the commands that a Python program starts."""
    source = read_source(text, interpreter.expand)
    program, marks = _mark_expressions(source)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what the compiler thinks of somebody's program
            tree = ast.parse(program)
            calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        interpreter.note_incomplete("the Python program cannot be read")
        return []
    reader = _PythonProgram(interpreter, marks, tree)
    for call in sorted(calls, key=lambda call: call.lineno):
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        if name in _COMMAND_CALLS:
            try:
                _run_call(interpreter, reader, call, name, rows)
            except RecursionError:
                interpreter.note_incomplete("the Python program is too deep")
    return []


def _run_call(
    interpreter: Interpreter, program: _PythonProgram, call: ast.Call, name: str, rows: Sequence[int]
) -> None:
    """Run what a call starts."""
    first = call.args[0]
    words = program.words(first)
    if name == "execvp" and len(call.args) > 1:
        words = program.words(call.args[1])
    elif name == "execlp":
        words = [program.word(argument) for argument in call.args[1:]]
    line = rows[min(call.lineno - 1, len(rows) - 1)]
    with interpreter.conditionally():
        _run_words_or_script(
            interpreter, words, None if words else program.word(first), line, shorten(ast.unparse(call))
        )


def _run_words_or_script(
    interpreter: Interpreter, words: Sequence[Word] | None, script: Word | None, line: int, text: str
) -> None:
    if words and words[0].values[0]:
        interpreter.run(interpreter.make_command(tuple(words), line, text, EMPTY_CONTEXT))
    elif script is not None and any(isinstance(part, str) for part in script.values[0]):
        around = interpreter.make_command((script,), line, text, EMPTY_CONTEXT)
        interpreter.run_nested(NestedScript("bash", script, around, written_elsewhere=True))


def read_other_program(interpreter: Interpreter, text: str, rows: Sequence[int]) -> list[Word]:
    """Find the commands that a JavaScript, Ruby or Perl program starts with literal arguments."""
    source = read_source(text, interpreter.expand)
    program, marks = _mark_expressions(source)
    if _PROCESS_WORDS.search(program):
        interpreter.note_incomplete("programs other than Python's are searched for literal commands only")
    for call in _LITERAL_CALLS.finditer(program):
        interpreter.count_step()
        found = list(_strings(program, call.end()))
        if not found:
            continue
        line = rows[min(program.count("\n", 0, call.start()), len(rows) - 1)]
        words = []
        for one in found:
            origin = WordOrigin()
            words.append(
                make_word(shorten(one), [join_pieces(_restore_expressions(interpreter, marks, one, origin))], origin)
            )
        with interpreter.conditionally():
            _run_words_or_script(interpreter, words if len(words) > 1 else None, words[0], line, shorten(call[0]))
    return []


def _strings(program: str, index: int) -> Iterator[str]:
    """Yield the strings that stand one after another: arguments, elements of a list."""
    while found := _STRING.match(program, index):
        text = found[1] or found[2] or found[3] or ""
        yield re.sub(r"\\(.)", r"\1", text)
        between = _BETWEEN_STRINGS.match(program, found.end())
        if not between or not between[0].strip():
            return
        index = between.end()
