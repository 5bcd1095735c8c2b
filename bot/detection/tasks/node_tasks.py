"""Reads the scripts of `package.json` and the tools that run them across a workspace."""

import json
import posixpath
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from typing import Any

from bot.detection.tasks import Task, TaskCall, read_plain_yaml

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
_EVERY_PACKAGE = frozenset(("-r", "--recursive", "-ws", "--workspaces"))
_MAX_FOLDERS = 50  # packages of a workspace that are looked into
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
    packages = _chosen_packages(call)
    if packages is None:
        yield from _scripts(call, name, folder)
    else:
        yield from _scripts_of_packages(call, name, packages)


def _chosen_packages(call: TaskCall) -> tuple[str, ...] | None:
    """Give the folders of the packages that a call is for (`-w x`, `--filter x`, `-r`, `workspaces foreach`); None for its own."""
    chosen = call.flag_value("-w", "--workspace", "--filter", "-F", "--scope")
    words = list(call.arguments(_VALUE_FLAGS))
    if words[:1] == ["workspace"] and len(words) > 1:
        chosen = words[1]
    many = bool(_EVERY_PACKAGE.intersection(call.words)) or words[:1] in (["recursive"], ["multi"], ["workspaces"])
    if chosen is None and not many:
        return None
    folders = _workspace_folders(call)
    if chosen is None:
        return folders
    named = [folder for folder in folders if _is_package(call, folder, chosen)]
    return tuple(named) or (folders if "*" in chosen or "." in chosen.strip("./") else _project_folders(chosen))


def _is_package(call: TaskCall, folder: str, chosen: str) -> bool:
    """Whether the package of a folder is meant by its name, by a pattern of names or by its path."""
    wanted = chosen.strip("{}^.!").removeprefix("./").strip("/")
    name = read_package_json(call.files.read(call.path(f"{folder}/package.json")) or "").get("name")
    return folder == wanted or (isinstance(name, str) and fnmatchcase(name, chosen.strip("{}^.!")))


def run_all_scripts(call: TaskCall) -> Iterator[Task]:
    """Give `run-s build release`, `npm-run-all build release`: the scripts one after the other."""
    for name in list(call.arguments())[:10]:
        yield from _scripts(call, name, None)


def deno_task(call: TaskCall) -> Iterator[Task]:
    """`deno task publish`: the tasks of deno.json."""
    words = list(call.arguments(("-c", "--config", "--cwd")))
    if words[:1] == ["run"] and len(words) > 1 and "://" in words[1]:
        call.mark_not_found(f"deno run {words[1].rpartition('://')[2]}")
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


def workspace_script(call: TaskCall) -> Iterator[Task]:
    """`turbo run release`, `lerna run release`: the script of that name in each package of the workspace."""
    words = [word for word in call.arguments(_VALUE_FLAGS) if word not in ("run", "exec")]
    for word in words[:3]:
        if not word.startswith(("@", "./")):
            yield from _scripts_of_packages(call, word.rpartition("#")[2], ("", *_workspace_folders(call)))


def nx_target(call: TaskCall) -> Iterator[Task]:
    """`nx run app:release`, `nx release app`, `nx run-many -t release`: a project's target, or the script of that name."""
    words = [word for word in call.arguments(_VALUE_FLAGS) if word not in ("run", "run-many", "exec", "affected")]
    targets = (call.flag_value("-t", "--target", "--targets") or "").split(",")
    project = ""
    if "run" in call.words and words:
        project, _, target = words[0].partition(":")
        targets = [target.partition(":")[0]]
    elif words and targets == [""]:
        targets, project = [words[0]], words[1] if len(words) > 1 else ""
    folders = ("", *_project_folders(project)) if project else ("", *_workspace_folders(call))
    for target in filter(None, targets[:5]):
        found = [task for folder in folders if (task := _nx_task(call, folder, target)) is not None]
        yield from found or _scripts_of_packages(call, target, folders)


def _nx_task(call: TaskCall, folder: str, target: str) -> Task | None:
    """Read a target's command from a `project.json`."""
    path = call.path(posixpath.join(folder, "project.json"))
    targets = read_package_json(call.files.read(path) or "").get("targets")
    found = targets.get(target) if isinstance(targets, dict) else None
    if not isinstance(found, dict):
        return None
    options = found.get("options")
    options = options if isinstance(options, dict) else {}
    several = options.get("commands")
    lines = [found.get("command"), options.get("command"), *(several if isinstance(several, list) else ())]
    texts = [line.get("command") if isinstance(line, dict) else line for line in lines]
    directory = options.get("cwd") if isinstance(options.get("cwd"), str) else "."
    return Task(
        f"{path}:{target}",
        "\n".join(text for text in texts if isinstance(text, str)),
        "bash",
        call.path(str(directory)),
    )


def moon_task(call: TaskCall) -> Iterator[Task]:
    """`moon run app:release`, `moon run :release`: the task of a project's `moon.yml`, or of the workspace."""
    for word in list(call.arguments(_VALUE_FLAGS))[:4]:
        project, colon, name = word.partition(":")
        if not colon:
            continue
        folders = _project_folders(project) if project not in ("", "^", "~") else ("", *_workspace_folders(call))
        names = [
            *(posixpath.join(folder, "moon.yml") for folder in folders),
            "moon.yml",
            ".moon/tasks.yml",
            ".moon/tasks/all.yml",
        ]
        found = [task for path in dict.fromkeys(names) if (task := _moon_task(call, path, name)) is not None]
        yield from found
        if not found:
            call.mark_not_found(f"moon run {word}")


def _moon_task(call: TaskCall, path: str, name: str) -> Task | None:
    tasks = read_plain_yaml(call.files.read(call.path(path)) or "").get("tasks")
    task = tasks.get(name) if isinstance(tasks, dict) else None
    if not isinstance(task, dict):
        return None
    pieces = [each for key in ("script", "command", "args") if (each := task.get(key))]
    words = [" ".join(map(str, each)) if isinstance(each, list) else str(each) for each in pieces]
    return Task(f"{path}:{name}", " ".join(words), "bash", posixpath.dirname(path) or call.folder)


def _project_folders(project: str) -> tuple[str, ...]:
    """Give the folders where a project of this name most often lies."""
    name = project.rpartition("/")[2]
    return (name, *(f"{folder}/{name}" for folder in ("packages", "apps", "libs", "tools", "crates")))


def _workspace_folders(call: TaskCall) -> tuple[str, ...]:
    """Give the folders of a workspace's packages: those that its files name, and those that a pattern finds at hand."""
    workspaces = read_package_json(call.files.read(call.path("package.json")) or "").get("workspaces")
    entries = workspaces.get("packages") if isinstance(workspaces, dict) else workspaces
    entries = entries if isinstance(entries, list) else []
    more = read_plain_yaml(call.files.read(call.path("pnpm-workspace.yaml")) or "").get("packages")
    patterns = [str(each).strip("/") for each in (*entries, *(more if isinstance(more, list) else ()))][:_MAX_FOLDERS]
    found = [path for pattern in patterns for path in call.files.matching(call.path(f"{pattern}/package.json"))]
    plain = [pattern for pattern in patterns if "*" not in pattern]
    return tuple(dict.fromkeys([*plain, *map(posixpath.dirname, found)]))[:_MAX_FOLDERS]


def _scripts_of_packages(call: TaskCall, name: str, folders: Iterable[str]) -> Iterator[Task]:
    """Yield a script of the packages in some folders; says so when none of them has it."""
    found = False
    for folder in folders:
        path = posixpath.join(call.path(folder) if folder else call.path("."), "package.json").removeprefix("./")
        scripts = package_scripts(call.files.read(posixpath.normpath(path)) or "")
        if name in scripts:
            found = True
            yield Task(f"{path}:scripts.{name}", scripts[name], "bash", posixpath.dirname(path) or call.folder)
    if not found:
        call.mark_not_found(f"{call.tool} run {name}")


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
