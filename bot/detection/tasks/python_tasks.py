"""Tasks of Python's tools: tox, nox, invoke, and the scripts in a pyproject.toml."""

import ast
import pkgutil
import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from bot.detection.tasks import Task, Wanted

_RUNS = ("run", "run_always", "run_install", "sudo", "local")
_SECTION_OF: Mapping[str, tuple[str, ...]] = {
    "hatch": ("hatch", "envs"),
    "pdm": ("pdm", "scripts"),
    "poe": ("poe", "tasks"),
    "rye": ("rye", "scripts"),
}
_LISTS = ("cmd", "shell", "cmds", "composite", "sequence", "chain", "script")


def tox(wanted: Wanted) -> Iterator[Task]:
    """`tox -e release`, `tox run -e release`: the commands of the environment."""
    names = (wanted.flag("-e", "--env") or "").split(",")
    found = wanted.shelf.read_first(
        wanted.path(name) for name in ("tox.ini", "tox.toml", "setup.cfg", "pyproject.toml")
    )
    for name in filter(None, names):
        if found is None:
            wanted.close(f"tox -e {name}")
            continue
        path, text = found
        commands = _tox_toml(text, name) if path.endswith(".toml") else _tox_ini(text, name)
        if commands:
            yield Task(f"{path}:{name}", commands, "bash", wanted.folder)
        else:
            wanted.close(f"tox -e {name}")


def _tox_ini(text: str, name: str) -> str:
    # By name, as below: what reads these files takes longer to load than a small repository to scan, and few have them.
    parser = pkgutil.resolve_name("configparser:ConfigParser")(interpolation=None, strict=False, allow_no_value=True)
    try:
        parser.read_string(text)
    except pkgutil.resolve_name("configparser:Error"):
        return ""
    for section in (f"testenv:{name}", "testenv"):
        if parser.has_option(section, "commands"):
            lines = (parser.get(section, "commands") or "").replace("\\\n", " ").split("\n")
            return "\n".join(_without_braces(line) for line in lines)
    return ""


def _tox_toml(text: str, name: str) -> str:
    root = toml(text)
    commands = _at(_at(root, "tool", "tox") or root, "env", name).get("commands")
    if not isinstance(commands, list):
        return ""
    return "\n".join(" ".join(map(str, each)) if isinstance(each, list) else str(each) for each in commands)


def _without_braces(line: str) -> str:
    """Tox's own substitutions: `{envpython}` is python, `{posargs:x}` is x."""
    line = line.strip().lstrip("-")
    line = re.sub(r"\{envpython\}", "python", line)
    return re.sub(r"\{[a-z_/]+:?([^{}]*)\}", r"\1", line)


def nox(wanted: Wanted) -> Iterator[Task]:
    """`nox -s release`: the session's function in noxfile.py."""
    name = wanted.flag("-s", "--session", "--sessions", "-e") or ""
    yield from _function(wanted, ("noxfile.py",), name, f"nox -s {name}")


def invoke(wanted: Wanted) -> Iterator[Task]:
    """`invoke release`: the task's function in tasks.py."""
    for name in list(wanted.arguments(("-c", "-r")))[:3]:
        yield from _function(
            wanted, ("tasks.py", "tasks/__init__.py"), name.replace("-", "_").rpartition(".")[2], f"invoke {name}"
        )


def _function(wanted: Wanted, names: tuple[str, ...], function: str, called: str) -> Iterator[Task]:
    """Yield what a function runs: its own calls of programs, and the command lines it gives to its runner."""
    found = wanted.shelf.read_first(wanted.path(name) for name in names)
    if found is None:
        wanted.close(called)
        return
    path, text = found
    try:
        tree = ast.parse(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        wanted.close(called)
        return
    body = next((node for node in tree.body if _is_function(node, function.replace("-", "_"))), None)
    if body is None:
        wanted.close(called)
        return
    lines = [line for node in ast.walk(body) if isinstance(node, ast.Call) and (line := _command_line(node))]
    yield Task(f"{path}:{function}", "\n".join(lines), "bash", wanted.folder)
    yield Task(f"{path}:{function}()", "\n".join(map(ast.unparse, ast.iter_child_nodes(body))), "python", wanted.folder)


def _is_function(node: ast.stmt, name: str) -> bool:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name


def _command_line(call: ast.Call) -> str:
    """Give the command line of `session.run("twine", "upload")` or `c.run("twine upload")`; an unknown word is `$_`."""
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in _RUNS or not call.args:
        return ""
    words = [
        each.value if isinstance(each, ast.Constant) and isinstance(each.value, str) else None for each in call.args
    ]
    if len(words) == 1:
        return words[0] or ""
    return " ".join("$_" if word is None else shlex.quote(word) for word in words)


def project_script(wanted: Wanted) -> Iterator[Task]:
    """`hatch run release`, `pdm run release`, `poe release`: the scripts of a pyproject.toml."""
    words = [word for word in wanted.arguments(("-e", "-p", "--project")) if word != "run"]
    if not words or (wanted.tool != "poe" and "run" not in wanted.words and wanted.tool != "pdm"):
        return
    name = words[0].rpartition(":")[2]
    text = wanted.shelf.read(wanted.path("pyproject.toml"))
    called = f"{wanted.tool} run {name}"
    if text is None:
        wanted.close(called)
        return
    scripts = _at(toml(text), "tool", *_SECTION_OF.get(wanted.tool, (wanted.tool, "tasks")))
    lines = list(_lines(_scripts_in(scripts, name)))
    if lines:
        yield Task(f"pyproject.toml:{name}", "\n".join(lines), "bash", wanted.folder)


def mise(wanted: Wanted) -> Iterator[Task]:
    """`mise run publish`: the tasks of mise.toml."""
    words = [word for word in wanted.arguments() if word not in ("run", "r")]
    found = wanted.shelf.read_first(wanted.path(name) for name in ("mise.toml", ".mise.toml", "mise/config.toml"))
    if not words or ("run" not in wanted.words and "r" not in wanted.words):
        return
    if found is None:
        wanted.close(f"mise run {words[0]}")
        return
    task = _at(toml(found[1]), "tasks").get(words[0])
    lines = list(_lines(task.get("run") if isinstance(task, dict) else task))
    if lines:
        yield Task(f"{found[0]}:{words[0]}", "\n".join(lines), "bash", wanted.folder)


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
        for key in _LISTS:
            yield from _lines(script.get(key))


def toml(text: str) -> dict[str, Any]:
    """Give a TOML file as it is, or nothing when it cannot be read."""
    try:
        read: dict[str, Any] = pkgutil.resolve_name("tomllib:loads")(text)
    except (ValueError, RecursionError):
        return {}
    return read


def _at(root: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    found: Any = root
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}
