"""Reads the scripts of `package.json` and the tools that run them across a workspace."""

import json
from collections.abc import Iterator
from typing import Any

from bot.detection.tasks import Task, TaskCall

_VALUE_FLAGS = (
    "-w",
    "--workspace",
    "-C",
    "--dir",
    "--cwd",
    "--prefix",
    "-F",
    "--filter",
    "--scope",
    "-p",
    "--projects",
    "--configuration",
)
_RUN_COMMANDS = ("run", "run-script", "rum", "urn")
# Words behind npm, pnpm, yarn or bun that are its own commands, so that no script of that name is meant.
_OWN_COMMANDS = frozenset(
    [
        "access",
        "add",
        "audit",
        "bin",
        "cache",
        "ci",
        "clean-install",
        "config",
        "create",
        "dedupe",
        "deprecate",
        "dist-tag",
        "dlx",
        "doctor",
        "exec",
        "explain",
        "fund",
        "get",
        "help",
        "i",
        "import",
        "info",
        "init",
        "install",
        "install-test",
        "link",
        "list",
        "login",
        "logout",
        "ls",
        "node",
        "npm",
        "outdated",
        "owner",
        "pack",
        "patch",
        "ping",
        "pkg",
        "plugin",
        "prune",
        "publish",
        "rebuild",
        "remove",
        "root",
        "set",
        "setup",
        "stage",
        "star",
        "store",
        "team",
        "token",
        "uninstall",
        "unlink",
        "unpublish",
        "up",
        "update",
        "upgrade",
        "version",
        "view",
        "whoami",
        "why",
        "workspace",
        "workspaces",
        "x",
    ]
)


def package_script(call: TaskCall) -> Iterator[Task]:
    """`npm run release`, `yarn release`, `pnpm -r run release`, `yarn workspace x release`."""
    words = list(call.arguments(_VALUE_FLAGS))
    if words[:1] in (["recursive"], ["multi"], ["workspaces"]):
        words = [word for word in words[1:] if word != "foreach"]
    elif words[:1] == ["workspace"]:
        words = words[2:]
    if not words:
        return
    explicit = words[0] in _RUN_COMMANDS
    name = words[1] if explicit and len(words) > 1 else words[0]
    if not explicit and (call.tool == "npm" or name in _OWN_COMMANDS) and name not in ("test", "start", "stop"):
        return
    folder = next((word for flag in ("--prefix", "-C", "--dir", "--cwd") if (word := call.flag_value(flag))), None)
    yield from _scripts(call, name, folder)


def run_all_scripts(call: TaskCall) -> Iterator[Task]:
    """Give `run-s build release`, `npm-run-all build release`: the scripts one after the other."""
    for name in list(call.arguments())[:10]:
        yield from _scripts(call, name, None)


def deno_task(call: TaskCall) -> Iterator[Task]:
    """`deno task publish`: the tasks of deno.json."""
    words = list(call.arguments(("-c", "--config", "--cwd")))
    if words[:1] != ["task"] or len(words) < 2:  # noqa: PLR2004 - `task` and its name
        return
    found = call.files.read_first(call.path(name) for name in ("deno.json", "deno.jsonc"))
    if found is None:
        call.mark_not_found(f"deno task {words[1]}")
        return
    path, text = found
    tasks = read_package_json(text).get("tasks")
    task = tasks.get(words[1]) if isinstance(tasks, dict) else None
    command = task.get("command") if isinstance(task, dict) else task
    if isinstance(command, str):
        yield Task(f"{path}:tasks.{words[1]}", command, "bash", call.folder)


def task_runner(call: TaskCall) -> Iterator[Task]:
    """`turbo run release`, `nx run app:release`, `lerna run release`: the scripts of the root package, else closed."""
    words = [word for word in call.arguments(_VALUE_FLAGS) if word not in ("run", "run-many", "exec", "affected")]
    for word in words[:3]:
        call.mark_not_found(f"{call.tool} run {word}")
    yield from ()


def _scripts(call: TaskCall, name: str, folder: str | None) -> Iterator[Task]:
    path = call.path(f"{folder.strip('./')}/package.json" if folder and folder.strip("./") else "package.json")
    text = call.files.read(path)
    if text is None:
        call.mark_not_found(f"{call.tool} run {name}")
        return
    scripts = package_scripts(text)
    for each in (f"pre{name}", name, f"post{name}"):
        if each in scripts:
            yield Task(f"{path}:scripts.{each}", scripts[each], "bash", call.folder)


def package_scripts(text: str) -> dict[str, str]:
    """Give the scripts of a package.json; none when it cannot be read."""
    scripts = read_package_json(text).get("scripts")
    if not isinstance(scripts, dict):
        return {}
    return {name: script for name, script in scripts.items() if isinstance(script, str)}


def read_package_json(text: str) -> dict[str, Any]:
    """Give a package.json as it is, or nothing when it cannot be read."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
