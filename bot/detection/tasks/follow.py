"""Finds the scripts and task runner tasks that a command runs."""

import posixpath
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from bot.detection.file_cache import FileCache
from bot.detection.tasks import Task, TaskCall, make_tasks, node_tasks, program_tasks, python_tasks
from bot.model.core_types import RegistryId
from bot.shell import Command

# The finder of the tasks behind each tool; a finder yields nothing for calls that run no task of the repository.
TASK_FINDERS: Mapping[str, Callable[[TaskCall], Iterator[Task]]] = {
    **dict.fromkeys(("make", "gmake"), make_tasks.make_tasks),
    "just": make_tasks.just_tasks,
    **dict.fromkeys(("task", "go-task"), make_tasks.taskfile_tasks),
    **dict.fromkeys(("npm", "pnpm", "pn", "yarn", "bun"), node_tasks.package_script),
    **dict.fromkeys(("turbo", "lerna", "wireit", "lage", "ultra", "bolt"), node_tasks.workspace_script),
    "nx": node_tasks.nx_target,
    "moon": node_tasks.moon_task,
    "tox": python_tasks.tox,
    "nox": python_tasks.nox,
    **dict.fromkeys(("invoke", "inv"), python_tasks.invoke),
    **dict.fromkeys(("hatch", "pdm", "poe", "rye", "pixi"), python_tasks.project_script),
    "cargo": program_tasks.cargo_program,
    "go": program_tasks.go_program,
    "mage": program_tasks.mage,
    "toys": program_tasks.toys,
    "rake": program_tasks.rake,
    "dart": program_tasks.dart_program,
    **dict.fromkeys(("dotnet", "nuke", "cake"), program_tasks.dotnet_program),
    "deno": node_tasks.deno_task,
    **dict.fromkeys(("mise", "rtx"), python_tasks.mise),
    **dict.fromkeys(("npm-run-all", "run-s", "run-p"), node_tasks.run_all_scripts),
}
# Runners that are taken off before (`yarn release` is `release`): what they run may be a script of the project's manifest.
_RUNNERS: Mapping[str, tuple[str, Callable[[TaskCall], Iterator[Task]]]] = {
    **dict.fromkeys(("yarn", "yarn run", "yarn workspace"), ("yarn", node_tasks.package_script)),
    **dict.fromkeys(("pnpm", "pnpm run", "pnpm exec"), ("pnpm", node_tasks.package_script)),
    **dict.fromkeys(("bun", "bun run"), ("bun", node_tasks.package_script)),
    **{f"{tool} run": (tool, python_tasks.project_script) for tool in ("pdm", "hatch", "poetry", "rye", "pixi")},
}
_NPM = RegistryId("npm")
_DEFAULT_REGISTRIES = {
    **dict.fromkeys(("npm", "pnpm", "yarn", "bun", "turbo", "nx", "lerna", "wireit", "lage"), _NPM),
    **dict.fromkeys(("tox", "nox", "hatch", "pdm", "poe", "rye", "poetry"), RegistryId("pypi")),
    "cargo": RegistryId("crates.io"),
    "pixi": RegistryId("prefix-dev"),
    "deno": RegistryId("jsr"),
}
_SHELLS = ("bash", "sh", "zsh", "dash", "ksh", "source", ".")
# Folders that hold what was installed or built, which is never a file of the repository.
_GENERATED_FOLDERS = frozenset(
    (".venv", "venv", ".tox", ".nox", "node_modules", "target", "dist", ".build", ".cargo", "Scripts")
)
# Build tools whose tasks stand in files that we do not read.
_BUILD_TOOLS = frozenset(
    [
        "gradle",
        "gradlew",
        "mvn",
        "mvnw",
        "mvnd",
        "sbt",
        "sbtx",
        "mill",
        "lein",
        "bazel",
        "bazelisk",
        "ant",
        "mix",
        "msbuild",
        "fake",
        "dagger",
        "earthly",
        "grunt",
        "gulp",
    ]
)
_INTERPRETERS = {
    **dict.fromkeys(_SHELLS, "bash"),
    **dict.fromkeys(("python", "python3", "py"), "python"),
    **dict.fromkeys(("node", "bun", "deno", "tsx", "ts-node", "zx"), "node"),
    **dict.fromkeys(("pwsh", "powershell"), "pwsh"),
    **dict.fromkeys(("ruby", "perl", "php"), "program"),
}
_LANGUAGE_BY_SUFFIX = {
    ".sh": "bash",
    ".bash": "bash",
    ".zsh": "bash",
    ".py": "python",
    ".ps1": "pwsh",
    ".js": "node",
    ".mjs": "node",
}
_LANGUAGE_BY_SUFFIX |= {
    ".cjs": "node",
    ".ts": "node",
    ".mts": "node",
    ".cmd": "cmd",
    ".bat": "cmd",
    ".php": "program",
    ".java": "program",
    ".rb": "program",
    ".pl": "program",
}


@dataclass(frozen=True, slots=True)
class FollowedCommand:
    """What lies behind a command: tasks that are at hand, and what could not be opened, in words."""

    tasks: tuple[Task, ...] = ()
    not_found: str | None = None
    default_registry: RegistryId | None = None  # the registry of the runner's own kind


def follow_command(command: Command, files: FileCache, directory: str) -> FollowedCommand | None:
    """Where a command leads; None when it is an ordinary command that leads to no file of the repository."""
    tool = command.tool
    script = _script_path(command, tool) if tool not in _BUILD_TOOLS else None
    finder = TASK_FINDERS.get(tool)
    words = [str(word) for word in command.argv[1:]] if finder or command.wrappers else []
    if script is None and finder is None and command.wrappers and (runner := _RUNNERS.get(command.wrappers[-1])):
        words = [*_chosen_packages(command, runner[0]), "run", tool, *words]
        tool, finder = runner
    if script is None and finder is None:
        return _build_tool_tasks(command, tool)
    folder = command_folder(command, directory)
    if script is not None or finder is None:
        return _open_script(script or (tool, ""), files, folder, command)
    wanted = TaskCall(tool, tuple(words), folder, files)
    tasks = tuple(finder(wanted))
    if not tasks and not wanted.not_found:
        return None
    return FollowedCommand(
        tuple(task for task in tasks if task.text), " ".join(wanted.not_found) or None, _DEFAULT_REGISTRIES.get(tool)
    )


def _chosen_packages(command: Command, runner: str) -> list[str]:
    """Give the words of a runner of scripts that say which packages of a workspace it runs in."""
    if runner not in ("pnpm", "yarn", "bun"):
        return []
    many = ["--workspaces"] if any(each.startswith("yarn workspace") for each in command.wrappers) else []
    return [*many, *map(str, command.wrapper_options)]


def _build_tool_tasks(command: Command, tool: str) -> FollowedCommand | None:
    """Give the tasks of a build tool that the catalog does not know; those that only install locally are left out."""
    if tool not in _BUILD_TOOLS:
        return None
    tasks = [
        str(word) for word in command.argv[1:] if not str(word).startswith("-") and "local" not in str(word).lower()
    ]
    return FollowedCommand(not_found=f"{tool} {' '.join(tasks[:6])}") if tasks else None


def command_folder(command: Command, directory: str) -> str:
    """Give the folder that a command runs in, from the root; with `$` in it when that is not known."""
    place = str(command.directory) if command.directory is not None else ""
    return posixpath.normpath(posixpath.join(directory or ".", _from_root(place)))


def _script_path(command: Command, tool: str) -> tuple[str, str] | None:
    """Give the path of the script that a command runs, and its shell."""
    path = (command.path or tool).strip("\"'").replace("\\", "/")
    language = _INTERPRETERS.get(tool)
    if language is not None and ("/" not in path or path.startswith(("/usr/", "/bin/"))):
        return _script_argument(command, tool, language)
    if "/" in path:
        if path.startswith(("/", "~", "$HOME", "$(")) or _GENERATED_FOLDERS & set(path.split("/")[:-1]):
            return None
        return path, _LANGUAGE_BY_SUFFIX.get(posixpath.splitext(path)[1].lower(), "")
    ending = posixpath.splitext(path)[1].lower() if "." in path else ""
    return (
        (path, _LANGUAGE_BY_SUFFIX[ending])
        if ending in _LANGUAGE_BY_SUFFIX and ending not in (".cmd", ".bat")
        else None
    )


def _script_argument(command: Command, tool: str, language: str) -> tuple[str, str] | None:
    """Give the script that is an interpreter's first argument."""
    argument = next((str(word) for word in command.argv[1:] if not str(word).startswith("-")), "")
    if argument in ("run", "x") and tool in ("bun", "deno"):
        return None
    if "/" in argument or any(argument.endswith(end) for end in _LANGUAGE_BY_SUFFIX):
        return argument, _LANGUAGE_BY_SUFFIX.get(posixpath.splitext(argument)[1], language)
    return None


def _open_script(script: tuple[str, str], files: FileCache, folder: str, command: Command) -> FollowedCommand:
    path, language = script
    words = " ".join(str(word) for word in command.argv[1:6])
    called = f"{path} {words}".strip() if path not in words else words
    inside = posixpath.normpath(posixpath.join(folder, _from_root(path)))
    if inside.startswith(("..", "/")) or "$" in inside:
        return FollowedCommand(not_found=called)
    text = files.read(inside)
    if text is None:
        return FollowedCommand(not_found=called)
    start = next((index for index, word in enumerate(command.argv) if path in str(word).replace("\\", "/")), 0)
    return FollowedCommand((Task(inside, text, language or _shebang(text), folder, command.argv[start + 1 :]),))


def load_module(path: str, files: FileCache, directory: str) -> FollowedCommand:
    """Open a module that a JavaScript file loads; the ending may be left out."""
    inside = posixpath.normpath(posixpath.join(directory or ".", _from_root(path).lstrip("/")))
    if inside.startswith(".."):
        return FollowedCommand(not_found=path)
    endings = ("",) if posixpath.splitext(inside)[1] else (".js", ".mjs", ".cjs", ".ts", "/index.js")
    found = files.read_first(inside + ending for ending in endings)
    if found is None:
        return FollowedCommand(not_found=path)
    return FollowedCommand((Task(found[0], found[1], "node", posixpath.dirname(found[0]) or "."),))


def _from_root(path: str) -> str:
    """Give a path as the repository knows it: without `$GITHUB_WORKSPACE/` and `./`, with slashes."""
    for start in ("$GITHUB_WORKSPACE/", "${GITHUB_WORKSPACE}/", "${{ github.workspace }}/"):
        path = path.removeprefix(start)
    return path.replace("\\", "/").removeprefix("./")


def script_language(path: str, text: str) -> str:
    """Give the language of a file by its name's ending, else by its first line."""
    return _LANGUAGE_BY_SUFFIX.get(posixpath.splitext(path)[1].lower()) or _shebang(text)


def _shebang(text: str) -> str:
    first = text[:200].partition("\n")[0]
    if not first.startswith("#!"):
        return "bash"
    for word, language in (
        ("python", "python"),
        ("node", "node"),
        ("pwsh", "pwsh"),
        ("ruby", "program"),
        ("perl", "program"),
    ):
        if word in first:
            return language
    return "bash"
