"""Finds the source of a repository's own programs behind `go run`, cargo, dart, dotnet, mage, rake and toys."""

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bot.detection.tasks import Task, TaskCall
from bot.detection.tasks.python_tasks import read_toml

PROGRAM = "program"  # the language of a text that is searched, not read
_MAX_ALIASES = 5
_MAX_PARTS = 20  # functions, targets or tasks that one call leads to
_GO_FUNCTION = re.compile(r"^func (?:\([^)\n]{0,80}\) )?(\w+)", re.MULTILINE)
_NUKE_TARGET = re.compile(r"^[ \t]*(?:public |private )?Target (\w+) =>", re.MULTILINE)
_TOYS_TOOL = re.compile(r"^[ \t]*tool [\"':](\w+)", re.MULTILINE)
_RAKE_TASK = re.compile(r"^[ \t]*task[ (]+[:\"']?(\w+)", re.MULTILINE)
_CAKE_TASK = re.compile(r"^[ \t]*(?:var \w+ = )?Task\(\"(\w+)\"\)", re.MULTILINE)
_RUST_MODULE = re.compile(r"^[ \t]*(?:pub )?mod (\w+);", re.MULTILINE)


def go_program(call: TaskCall) -> Iterator[Task]:
    """`go run ./tools/ship`: the program's main file."""
    words = list(call.arguments(("-C", "-exec", "-tags", "-ldflags", "-mod", "-modfile")))
    if words[:1] == ["run"] and len(words) > 1 and "@" not in words[1]:
        path = call.path(words[1].removeprefix("./"))
        names = [path] if path.endswith(".go") else [f"{path}/main.go", f"{path}/{posixpath.basename(path)}.go"]
        yield from _program(call, names, f"go run {words[1]}")


def mage(call: TaskCall) -> Iterator[Task]:
    """`mage release`: the target's function in a magefile."""
    names = ("magefile.go", "magefiles/magefile.go", "magefiles/main.go", "magefiles/release.go", "build/magefile.go")
    yield from _parts(call, names, _GO_FUNCTION, [word.rpartition(":")[2] for word in call.arguments(("-d", "-w"))])


def toys(call: TaskCall) -> Iterator[Task]:
    """`toys release`: the tool's block in `.toys.rb`, or its own file."""
    words = list(call.arguments())
    yield from _parts(
        call,
        (".toys.rb", f".toys/{'/'.join(words[:2])}.rb", f".toys/{words[0]}.rb" if words else ".toys.rb"),
        _TOYS_TOOL,
        words,
    )


def rake(call: TaskCall) -> Iterator[Task]:
    """`rake deploy`: the task's block in the Rakefile."""
    words = [word.rpartition(":")[2].partition("[")[0] for word in call.arguments(("-f", "-C"))]
    yield from _parts(call, ("Rakefile", "rakefile", "Rakefile.rb"), _RAKE_TASK, words or ["default"])


def dart_program(call: TaskCall) -> Iterator[Task]:
    """`dart tool/release.dart`, `dart run tool/release.dart`."""
    words = [word for word in call.arguments() if word != "run"]
    if words and words[0].endswith(".dart"):
        yield from _program(call, [call.path(words[0].removeprefix("./"))], f"dart {words[0]}")


def dotnet_program(call: TaskCall) -> Iterator[Task]:
    """`dotnet run --project build`, NUKE and Cake: the targets that are called for, else the whole program."""
    words = [word.strip("\"'") for word in call.words]
    called = [*words, *(call.flag_value("--target", "-t") or "").split()]
    targets = [word for word in called if word.isidentifier()]
    project = call.flag_value("--project", "-p") or ""
    if call.tool == "cake" or words[:1] == ["cake"]:
        yield from _parts(call, ["build.cake"], _CAKE_TASK, targets, whole=True)
    elif call.tool == "nuke" or (words[:1] == ["run"] and project):
        folder = posixpath.dirname(project) if project.endswith("proj") else project or "build"
        names = [f"{folder}/{name}" for name in ("Build.cs", "Program.cs", "Build.Publish.cs")]
        yield from _parts(call, names, _NUKE_TARGET, targets, whole=True)
    elif words[:1] == ["run"]:
        yield from _program(call, map(call.path, ("Program.cs", "Build.cs", "Program.fs")), "dotnet run")


def cargo_program(call: TaskCall) -> Iterator[Task]:
    """`cargo xtask release`, `cargo run -p ship`, and both behind an alias of `.cargo/config.toml`."""
    words = _without_aliases(call)
    if words != list(call.words) and words[:1] != ["run"]:
        yield Task(f".cargo/config.toml:{call.words[0]}", f"cargo {' '.join(words)}", "bash", call.folder)
    elif words[:1] == ["make"]:
        yield from _cargo_make(call, words[1:])
    elif words[:1] in (["run"], ["r"], ["xtask"]):
        inner = TaskCall(call.tool, tuple(words), call.folder, call.files)
        name = "xtask" if words[0] == "xtask" else inner.flag_value("-p", "--package", "--bin") or ""
        names = [f"{folder}/src/main.rs" for folder in (name, f"crates/{name}", f"tools/{name}")]
        names = [*names, f"src/bin/{name}.rs"] if name else ["src/main.rs"]
        yield from _program(call, map(call.path, names), f"cargo {' '.join(words[:3])}")
    elif words and not words[0].startswith("-"):  # `cargo ship` runs cargo-ship, whatever that is
        call.mark_not_found(f"cargo {' '.join(words[:5])}")


def _without_aliases(call: TaskCall) -> list[str]:
    """Give the words of a call of cargo with the aliases of its configuration written out."""
    words = [word for word in call.words if not word.startswith("+")]
    aliases = read_toml(call.files.read(call.path(".cargo/config.toml")) or "").get("alias")
    known = aliases if isinstance(aliases, dict) else {}
    for _ in range(_MAX_ALIASES):
        alias = known.get(words[0]) if words else None
        if not alias:
            break
        words = [*(alias.split() if isinstance(alias, str) else map(str, alias)), *words[1:]]
    return words


def _cargo_make(call: TaskCall, words: list[str]) -> Iterator[Task]:
    """`cargo make release`: the task of Makefile.toml."""
    text = call.files.read(call.path("Makefile.toml"))
    if text is None:
        call.mark_not_found(f"cargo make {' '.join(words[:2])}")
    tasks = read_toml(text or "").get("tasks")
    known = tasks if isinstance(tasks, dict) else {}
    wanted = [word for word in words if not word.startswith("-")][:1]
    for _ in range(_MAX_PARTS):
        task = known.get(wanted[0]) if wanted else None
        if not isinstance(task, dict):
            break
        yield Task(f"Makefile.toml:{wanted.pop(0)}", _cargo_make_script(task), "bash", call.folder)
        wanted += map(str, task.get("dependencies", ()))


def _cargo_make_script(task: Mapping[str, Any]) -> str:
    script = task.get("script", "")
    command = " ".join([str(task.get("command", "")), *map(str, task.get("args", ()))])
    return "\n".join(map(str, [command, *(script if isinstance(script, list) else [script])]))


def _program(call: TaskCall, names: Iterable[str], command: str) -> Iterator[Task]:
    """Yield the first of some files that is at hand, with the modules that it names beside itself."""
    found = call.files.read_first(names)
    call.mark_not_found(command)
    if found is None:
        return
    path, text = found
    folder = posixpath.dirname(path)
    for name in _RUST_MODULE.findall(text)[:_MAX_PARTS] if path.endswith(".rs") else ():
        module = call.files.read_first((f"{folder}/{name}.rs", f"{folder}/{name}/mod.rs"))
        if module is not None:
            text += f"\n{module[1]}"
    yield Task(path, text, PROGRAM, folder or ".")


def _parts(
    call: TaskCall, names: Iterable[str], pattern: re.Pattern[str], wanted: list[str], *, whole: bool = False
) -> Iterator[Task]:
    """Yield the parts of a file that are called for by name, and those that these name in their turn."""
    call.mark_not_found(f"{call.tool} {' '.join(wanted[:3])}".strip())
    found = call.files.read_first(map(call.path, names))
    if found is None:
        return
    path, text = found
    parts = _split_at(pattern, text)
    waiting = [word.lower().replace("-", "_") for word in wanted]
    if whole and not parts.keys() & set(waiting):
        yield Task(path, text, PROGRAM, call.folder)
        return
    chosen = _closure(parts, waiting)
    if chosen:
        yield Task(f"{path}:{wanted[0]}", "\n".join(chosen), PROGRAM, call.folder)


def _split_at(pattern: re.Pattern[str], text: str) -> dict[str, str]:
    """Split a file into its parts, each from one name to the next."""
    starts = [(match.start(), match[1].lower()) for match in pattern.finditer(text)]
    ends = [*(start for start, _ in starts[1:]), len(text)]
    return {name: text[start:end] for (start, name), end in zip(starts, ends, strict=False)}


def _closure(parts: Mapping[str, str], waiting: list[str]) -> list[str]:
    """Give the parts of these names, and those that they name in their turn."""
    seen: dict[str, str] = {}
    while waiting and len(seen) < _MAX_PARTS:
        name = waiting.pop(0)
        if name in parts and name not in seen:
            seen[name] = parts[name]
            named = (word.lower() for word in re.findall(r"\w+", parts[name]))
            waiting += [word for word in named if word in parts]
    return list(seen.values())
