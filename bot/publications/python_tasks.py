"""Tasks of Python's tools: tox, nox, invoke, and the scripts in a pyproject.toml."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from configparser import ConfigParser
from configparser import Error as ConfigError
from typing import Any

from bot.publications.tasks import Task, Wanted

_SESSION = re.compile(r"^(?:async )?def (\w+)\(")
_SECTION_OF = {
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
    parser = ConfigParser(interpolation=None, strict=False, allow_no_value=True)
    try:
        parser.read_string(text)
    except ConfigError:
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
    found = wanted.shelf.read_first(wanted.path(name) for name in names)
    if found is None:
        wanted.close(called)
        return
    path, text = found
    body: list[str] = []
    inside = False
    for line in text.split("\n"):
        if match := _SESSION.match(line):
            inside = match[1] == function.replace("-", "_")
        elif inside:
            body.append(line)
    if body:
        yield Task(f"{path}:{function}", "if True:\n" + "\n".join(body), "python", wanted.folder)
    else:
        wanted.close(called)


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
        return tomllib.loads(text)
    except (ValueError, RecursionError):
        return {}


def _at(root: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    found: Any = root
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}
