"""Reads the tasks of tox, nox, invoke, mise and the scripts in `pyproject.toml`."""

import ast
import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from bot.detection.tasks import Task, TaskCall

_RUN_METHODS = ("run", "run_always", "run_install", "sudo", "local")
_SECTION_OF: Mapping[str, tuple[str, ...]] = {
    "hatch": ("hatch", "envs"),
    "pdm": ("pdm", "scripts"),
    "poe": ("poe", "tasks"),
    "rye": ("rye", "scripts"),
}
_SCRIPT_KEYS = ("cmd", "shell", "cmds", "composite", "sequence", "chain", "script")


def tox(call: TaskCall) -> Iterator[Task]:
    """`tox -e release`, `tox run -e release`: the commands of the environment."""
    names = (call.flag_value("-e", "--env") or "").split(",")
    found = call.files.read_first(call.path(name) for name in ("tox.ini", "tox.toml", "setup.cfg", "pyproject.toml"))
    for name in filter(None, names):
        if found is None:
            call.mark_not_found(f"tox -e {name}")
            continue
        path, text = found
        commands = _tox_toml(text, name) if path.endswith(".toml") else _tox_ini(text, name)
        if commands:
            yield Task(f"{path}:{name}", commands, "bash", call.folder)
        else:
            call.mark_not_found(f"tox -e {name}")


def _tox_ini(text: str, name: str) -> str:
    # Few repositories have such a file, and loading this takes longer than scanning a small one.
    import configparser

    parser = configparser.ConfigParser(interpolation=None, strict=False, allow_no_value=True)
    try:
        parser.read_string(text)
    except configparser.Error:
        return ""
    for section in (f"testenv:{name}", "testenv"):
        if parser.has_option(section, "commands"):
            lines = (parser.get(section, "commands") or "").replace("\\\n", " ").split("\n")
            return "\n".join(_expand_tox_braces(line) for line in lines)
    return ""


def _tox_toml(text: str, name: str) -> str:
    root = read_toml(text)
    commands = _table_at(_table_at(root, "tool", "tox") or root, "env", name).get("commands")
    if not isinstance(commands, list):
        return ""
    return "\n".join(" ".join(map(str, each)) if isinstance(each, list) else str(each) for each in commands)


def _expand_tox_braces(line: str) -> str:
    """Tox's own substitutions: `{envpython}` is python, `{posargs:x}` is x."""
    line = line.strip().lstrip("-")
    line = re.sub(r"\{envpython\}", "python", line)
    return re.sub(r"\{[a-z_/]+:?([^{}]*)\}", r"\1", line)


def nox(call: TaskCall) -> Iterator[Task]:
    """`nox -s release`: the session's function in noxfile.py."""
    name = call.flag_value("-s", "--session", "--sessions", "-e") or ""
    yield from _function_tasks(call, ("noxfile.py",), name, f"nox -s {name}")


def invoke(call: TaskCall) -> Iterator[Task]:
    """`invoke release`: the task's function in tasks.py."""
    for name in list(call.arguments(("-c", "-r")))[:3]:
        yield from _function_tasks(
            call, ("tasks.py", "tasks/__init__.py"), name.replace("-", "_").rpartition(".")[2], f"invoke {name}"
        )


def _function_tasks(call: TaskCall, names: tuple[str, ...], function: str, command: str) -> Iterator[Task]:
    """Yield what a function runs: its own calls of programs, and the command lines it gives to its runner."""
    found = call.files.read_first(call.path(name) for name in names)
    if found is None:
        call.mark_not_found(command)
        return
    path, text = found
    try:
        tree = ast.parse(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        call.mark_not_found(command)
        return
    body = next((node for node in tree.body if _is_function(node, function.replace("-", "_"))), None)
    if body is None:
        call.mark_not_found(command)
        return
    lines = [line for node in ast.walk(body) if isinstance(node, ast.Call) and (line := _command_line(node))]
    yield Task(f"{path}:{function}", "\n".join(lines), "bash", call.folder)
    yield Task(f"{path}:{function}()", "\n".join(map(ast.unparse, ast.iter_child_nodes(body))), "python", call.folder)


def _is_function(node: ast.stmt, name: str) -> bool:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name


def _command_line(call: ast.Call) -> str:
    """Give the command line of `session.run("twine", "upload")` or `c.run("twine upload")`; an unknown word is `$_`."""
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in _RUN_METHODS or not call.args:
        return ""
    words = [
        each.value if isinstance(each, ast.Constant) and isinstance(each.value, str) else None for each in call.args
    ]
    if len(words) == 1:
        return words[0] or ""
    return " ".join("$_" if word is None else shlex.quote(word) for word in words)


def project_script(call: TaskCall) -> Iterator[Task]:
    """`hatch run release`, `pdm run release`, `poe release`: the scripts of a pyproject.toml."""
    words = [word for word in call.arguments(("-e", "-p", "--project")) if word != "run"]
    if not words or (call.tool != "poe" and "run" not in call.words and call.tool != "pdm"):
        return
    name = words[0].rpartition(":")[2]
    text = call.files.read(call.path("pyproject.toml"))
    called = f"{call.tool} run {name}"
    if text is None:
        call.mark_not_found(called)
        return
    scripts = _table_at(read_toml(text), "tool", *_SECTION_OF.get(call.tool, (call.tool, "tasks")))
    lines = list(_lines(_scripts_in(scripts, name)))
    if lines:
        yield Task(f"pyproject.toml:{name}", "\n".join(lines), "bash", call.folder)


def mise(call: TaskCall) -> Iterator[Task]:
    """`mise run publish`: the tasks of mise.toml."""
    words = [word for word in call.arguments() if word not in ("run", "r")]
    found = call.files.read_first(call.path(name) for name in ("mise.toml", ".mise.toml", "mise/config.toml"))
    if not words or ("run" not in call.words and "r" not in call.words):
        return
    if found is None:
        call.mark_not_found(f"mise run {words[0]}")
        return
    task = _table_at(read_toml(found[1]), "tasks").get(words[0])
    lines = list(_lines(task.get("run") if isinstance(task, dict) else task))
    if lines:
        yield Task(f"{found[0]}:{words[0]}", "\n".join(lines), "bash", call.folder)


def _scripts_in(found: object, name: str) -> object:
    """Look a script up, also in the tables of hatch's environments."""
    if not isinstance(found, dict):
        return None
    if name in found:
        return found[name]
    for each in found.values():
        inner = each.get("scripts") if isinstance(each, dict) else None
        if isinstance(inner, dict) and name in inner:
            return inner[name]
    return None


def _lines(script: object) -> Iterator[str]:
    if isinstance(script, str):
        yield script
    elif isinstance(script, list):
        for each in script:
            if isinstance(each, str):
                yield each
            elif isinstance(each, dict):
                yield from _lines(each)
    elif isinstance(script, dict):
        for key in _SCRIPT_KEYS:
            yield from _lines(script.get(key))


def read_toml(text: str) -> dict[str, Any]:
    """Give a TOML file as it is, or nothing when it cannot be read."""
    # Few repositories have such a file, and loading this takes longer than scanning a small one.
    import tomllib

    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError):
        return {}


def _table_at(root: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    found: Any = root
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}
