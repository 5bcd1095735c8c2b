"""Tasks in Makefiles, justfiles and Taskfiles."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from bot.detection.tasks import Task, Wanted
from bot.documents_init import Mapping as Fields
from bot.documents_init import Node, Scalar, Sequence, read_document
from bot.model.errors import UnreadableError

Rules: TypeAlias = Mapping[str, tuple[str, tuple[str, ...]]]  # the text of each task, and the tasks it runs first

_RULE = re.compile(r"^([\w./%$(){} -]+?)\s*:(?![=:])([^=#]*)")
_RECIPE = re.compile(r"^@?([\w-]+)[^:=\n]*:(?!=)([^#\n]*)")
_VARIABLE = re.compile(r"^\s*(?:export\s+)?(\w+)\s*(?::|\?|::)?=\s*(.*)$")
_REFERENCE = re.compile(r"\$[({](\w+)[)}]")
_BRACES = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_MOST_TASKS = 40  # tasks that one call may lead to over prerequisites
_MAKEFILES = ("Makefile", "makefile", "GNUmakefile")
_JUSTFILES = ("justfile", "Justfile", ".justfile")
_TASKFILES = ("Taskfile.yml", "Taskfile.yaml", "taskfile.yml", "taskfile.yaml")


def make(wanted: Wanted) -> Iterator[Task]:
    """Recipes of the targets that `make` is called for, with what they depend on."""
    targets = list(wanted.arguments(("-C", "-f", "-j", "--directory", "--file")))
    yield from _rules(wanted, targets, _file(wanted, _MAKEFILES, "-f", "--file"), _read_make)


def just(wanted: Wanted) -> Iterator[Task]:
    """Recipes of a justfile."""
    yield from _rules(
        wanted, list(wanted.arguments(("-f", "--justfile", "-d")))[:1], _file(wanted, _JUSTFILES, "-f"), _read_just
    )


def task(wanted: Wanted) -> Iterator[Task]:
    """Tasks of a Taskfile."""
    yield from _rules(
        wanted, list(wanted.arguments(("-t", "--taskfile", "-d"))), _file(wanted, _TASKFILES, "-t"), _read_task
    )


def xtask(wanted: Wanted) -> Iterator[Task]:
    """`cargo xtask publish` runs a program of the repository, which we do not read."""
    arguments = list(wanted.arguments())
    if arguments[:1] == ["xtask"] or (arguments[:1] == ["make"]):
        wanted.close(f"cargo {' '.join(arguments[:2])}")
    yield from ()


def _file(wanted: Wanted, names: tuple[str, ...], *flags: str) -> tuple[str, ...]:
    given = wanted.flag(*flags)
    folder = wanted.flag("-C", "--directory")
    names = (given,) if given else names
    return tuple(wanted.path(f"{folder}/{name}" if folder else name) for name in names)


def _rules(wanted: Wanted, targets: list[str], paths: tuple[str, ...], read: Callable[[str], Rules]) -> Iterator[Task]:
    found = wanted.shelf.read_first(paths)
    if found is None:
        wanted.close(f"{wanted.tool} {' '.join(targets)}".strip())
        return
    path, text = found
    rules = read(text)
    targets = targets or list(rules)[:1]
    seen: set[str] = set()
    while targets and len(seen) < _MOST_TASKS:
        target = targets.pop(0)
        if target in seen or target not in rules:
            continue
        seen.add(target)
        body, first = rules[target]
        targets[:0] = first
        yield Task(f"{path}:{target}", body, "bash", wanted.folder)


def _read_make(text: str) -> Rules:
    variables: dict[str, str] = {}
    rules: dict[str, tuple[list[str], list[str]]] = {}
    current: list[list[str]] = []
    for line in text.replace("\\\n", " \\\\\n").split("\n"):
        if line.startswith("\t"):
            for body in current:
                body.append(line[1:].lstrip("@-+").replace(" \\\\", " "))
            continue
        if variable := _VARIABLE.match(line):
            variables.setdefault(variable[1], variable[2].strip())
        elif rule := _RULE.match(line):
            current = []
            for name in rule[1].split():
                body, first = rules.setdefault(name, ([], []))
                first += rule[2].replace("|", " ").split()
                current.append(body)
    return {name: (_filled("\n".join(body), variables), tuple(first)) for name, (body, first) in rules.items()}


def _filled(text: str, variables: Mapping[str, str], pattern: re.Pattern[str] = _REFERENCE) -> str:
    """Write out the file's own variables, and hand the environment's on to the shell."""
    for _ in range(3):
        text = pattern.sub(lambda match: variables.get(match[1], f"${{{match[1]}}}"), text)[:65536]
    return text.replace("$$", "$")


def _read_just(text: str) -> Rules:
    variables: dict[str, str] = {}
    rules: dict[str, tuple[list[str], tuple[str, ...]]] = {}
    body: list[str] | None = None
    for line in text.split("\n"):
        if line[:1] in (" ", "\t") and body is not None:
            body.append(line.strip().lstrip("@-"))
        elif variable := re.match(r"^(?:export\s+)?(\w+)\s*:=\s*[\"']?([^\"'#]*)", line):
            variables[variable[1]] = variable[2].strip()
        elif recipe := _RECIPE.match(line):
            body = []
            first = tuple(word.strip("()&") for word in recipe[2].split())
            rules[recipe[1]] = (body, first)
    return {name: (_filled("\n".join(lines), variables, _BRACES), first) for name, (lines, first) in rules.items()}


def _read_task(text: str) -> Rules:
    try:
        root = read_document(text.encode())
    except UnreadableError:
        return {}
    tasks = root.get("tasks") if isinstance(root, Fields) else None
    if not isinstance(tasks, Fields):
        return {}
    rules = {}
    for name, node in tasks.values.items():
        commands, first = _commands(node)
        rules[name] = ("\n".join(commands), tuple(first))
    return rules


def _commands(node: Node) -> tuple[list[str], list[str]]:
    """Give the shell lines of a task, and the tasks that it runs."""
    if isinstance(node, Scalar):
        return [node.value], []
    if isinstance(node, Sequence):
        pairs = [_commands(item) for item in node.items]
        return [line for lines, _ in pairs for line in lines], [task for _, tasks in pairs for task in tasks]
    lines: list[str] = []
    tasks: list[str] = []
    for key in ("deps", "cmds", "cmd", "task"):
        each = node.get(key)
        if each is None:
            continue
        if key == "deps" and isinstance(each, Sequence):
            tasks += [item.value for item in each.items if isinstance(item, Scalar)]
        elif key == "task" and isinstance(each, Scalar):
            tasks.append(each.value)
        else:
            more, further = _commands(each)
            lines += more
            tasks += further
    return lines, tasks
