"""Where a command leads that is not a publication itself: a script, a task of a task runner, a package's script."""

import posixpath
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from bot.detection.file_cache import Shelf
from bot.detection.tasks import Task, Wanted, make_tasks, node_tasks, python_tasks
from bot.model.core_types import RegistryId
from bot.shell import Command

# The finder of the tasks behind each tool; a finder yields nothing for calls that run no task of the repository.
FINDERS: Mapping[str, Callable[[Wanted], Iterator[Task]]] = {
    **dict.fromkeys(("make", "gmake"), make_tasks.make),
    "just": make_tasks.just,
    **dict.fromkeys(("task", "go-task"), make_tasks.task),
    **dict.fromkeys(("npm", "pnpm", "yarn", "bun"), node_tasks.package_script),
    **dict.fromkeys(("turbo", "nx", "lerna", "wireit", "moon", "lage"), node_tasks.task_runner),
    "tox": python_tasks.tox,
    "nox": python_tasks.nox,
    **dict.fromkeys(("invoke", "inv"), python_tasks.invoke),
    **dict.fromkeys(("hatch", "pdm", "poe", "rye", "pixi"), python_tasks.project_script),
    "cargo": make_tasks.xtask,
    "deno": node_tasks.deno_task,
    **dict.fromkeys(("mise", "rtx"), python_tasks.mise),
    **dict.fromkeys(("npm-run-all", "run-s", "run-p"), node_tasks.several_scripts),
}
# Runners that are taken off before (`yarn release` is `release`): what they run may be a script of the project's manifest.
_RUNNERS: Mapping[str, tuple[str, Callable[[Wanted], Iterator[Task]]]] = {
    **dict.fromkeys(("yarn", "yarn run", "yarn workspace"), ("yarn", node_tasks.package_script)),
    **dict.fromkeys(("pnpm", "pnpm run", "pnpm exec"), ("pnpm", node_tasks.package_script)),
    **dict.fromkeys(("bun", "bun run"), ("bun", node_tasks.package_script)),
    **{f"{tool} run": (tool, python_tasks.project_script) for tool in ("pdm", "hatch", "poetry", "rye", "pixi")},
}
_NODE = RegistryId("npm")
_HOMES = dict.fromkeys(("npm", "pnpm", "yarn", "bun", "turbo", "nx", "lerna", "wireit", "lage"), _NODE)
_SHELLS = ("bash", "sh", "zsh", "dash", "ksh", "source", ".")
# Folders that hold what was installed or built, which is never a file of the repository.
_MADE = frozenset((".venv", "venv", ".tox", ".nox", "node_modules", "target", "dist", ".build", ".cargo", "Scripts"))
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
        "rake",
        "mix",
        "msbuild",
        "nuke",
        "cake",
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
    **dict.fromkeys(("ruby", "perl", "php"), "other"),
}
_ENDINGS = {
    ".sh": "bash",
    ".bash": "bash",
    ".zsh": "bash",
    ".py": "python",
    ".ps1": "pwsh",
    ".js": "node",
    ".mjs": "node",
}
_ENDINGS |= {
    ".cjs": "node",
    ".ts": "node",
    ".mts": "node",
    ".cmd": "cmd",
    ".bat": "cmd",
    ".rb": "other",
    ".pl": "other",
}


@dataclass(frozen=True, slots=True)
class Lead:
    """What lies behind a command: tasks that are at hand, and what could not be opened, in words."""

    tasks: tuple[Task, ...] = ()
    closed: str | None = None
    home: RegistryId | None = None  # the registry of the runner's own kind


def follow(command: Command, shelf: Shelf, directory: str) -> Lead | None:
    """Where a command leads; None when it is an ordinary command that leads to no file of the repository."""
    tool = command.tool
    script = _script(command, tool) if tool not in _BUILD_TOOLS else None
    finder = FINDERS.get(tool)
    words = [str(word) for word in command.argv[1:]] if finder or command.through else []
    if script is None and finder is None and command.through and (runner := _RUNNERS.get(command.through[-1])):
        words = ["run", tool, *words]
        tool, finder = runner
    if script is None and finder is None:
        return _build(command, tool)
    folder = folder_of(command, directory)
    if script is not None or finder is None:
        return _open(script or (tool, ""), shelf, folder, " ".join(str(word) for word in command.argv[1:6]))
    wanted = Wanted(tool, tuple(words), folder, shelf)
    tasks = tuple(finder(wanted))
    if not tasks and not wanted.closed:
        return None
    return Lead(tuple(task for task in tasks if task.text), " ".join(wanted.closed) or None, _HOMES.get(tool))


def _build(command: Command, tool: str) -> Lead | None:
    """Give the tasks of a build tool that the catalogue does not know; those that only install locally are left out."""
    if tool not in _BUILD_TOOLS:
        return None
    tasks = [
        str(word) for word in command.argv[1:] if not str(word).startswith("-") and "local" not in str(word).lower()
    ]
    return Lead(closed=f"{tool} {' '.join(tasks[:6])}") if tasks else None


def folder_of(command: Command, directory: str) -> str:
    """Give the folder that a command runs in, from the root; with `$` in it when that is not known."""
    place = str(command.directory) if command.directory is not None else ""
    return posixpath.normpath(posixpath.join(directory or ".", _from_root(place)))


def _script(command: Command, tool: str) -> tuple[str, str] | None:
    """Give the path of the script that a command runs, and its shell."""
    path = (command.path or tool).strip("\"'").replace("\\", "/")
    language = _INTERPRETERS.get(tool)
    if language is not None and ("/" not in path or path.startswith(("/usr/", "/bin/"))):
        return _argument(command, tool, language)
    if "/" in path:
        if path.startswith(("/", "~", "$HOME", "$(")) or _MADE & set(path.split("/")[:-1]):
            return None
        return path, _ENDINGS.get(posixpath.splitext(path)[1].lower(), "")
    ending = posixpath.splitext(path)[1].lower() if "." in path else ""
    return (path, _ENDINGS[ending]) if ending in _ENDINGS and ending not in (".cmd", ".bat") else None


def _argument(command: Command, tool: str, language: str) -> tuple[str, str] | None:
    """Give the script that is an interpreter's first argument."""
    argument = next((str(word) for word in command.argv[1:] if not str(word).startswith("-")), "")
    if argument in ("run", "x") and tool in ("bun", "deno"):
        return None
    if "/" in argument or any(argument.endswith(end) for end in _ENDINGS):
        return argument, _ENDINGS.get(posixpath.splitext(argument)[1], language)
    return None


def _open(script: tuple[str, str], shelf: Shelf, folder: str, words: str) -> Lead:
    path, language = script
    called = f"{path} {words}".strip() if path not in words else words
    inside = posixpath.normpath(posixpath.join(folder, _from_root(path)))
    if inside.startswith(("..", "/")) or "$" in inside:
        return Lead(closed=called)
    text = shelf.read(inside)
    if text is None:
        return Lead(closed=called)
    return Lead((Task(inside, text, language or _shebang(text), folder),))


def load(path: str, shelf: Shelf, directory: str) -> Lead:
    """Open a module that a JavaScript file loads; the ending may be left out."""
    inside = posixpath.normpath(posixpath.join(directory or ".", _from_root(path).lstrip("/")))
    if inside.startswith(".."):
        return Lead(closed=path)
    endings = ("",) if posixpath.splitext(inside)[1] else (".js", ".mjs", ".cjs", ".ts", "/index.js")
    found = shelf.read_first(inside + ending for ending in endings)
    if found is None:
        return Lead(closed=path)
    return Lead((Task(found[0], found[1], "node", posixpath.dirname(found[0]) or "."),))


def _from_root(path: str) -> str:
    """Give a path as the repository knows it: without `$GITHUB_WORKSPACE/` and `./`, with slashes."""
    for start in ("$GITHUB_WORKSPACE/", "${GITHUB_WORKSPACE}/", "${{ github.workspace }}/"):
        path = path.removeprefix(start)
    return path.replace("\\", "/").removeprefix("./")


def _shebang(text: str) -> str:
    first = text[:200].partition("\n")[0]
    if not first.startswith("#!"):
        return "bash"
    for word, language in (
        ("python", "python"),
        ("node", "node"),
        ("pwsh", "pwsh"),
        ("ruby", "other"),
        ("perl", "other"),
    ):
        if word in first:
            return language
    return "bash"
