"""Reads the tasks of Makefiles, justfiles and Taskfiles."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from bot.detection.tasks import Task, TaskCall
from bot.model.errors import UnreadableError
from bot.yaml import YamlMapping as Fields
from bot.yaml import YamlNode, YamlScalar, YamlSequence, read_yaml

TaskRules: TypeAlias = Mapping[str, tuple[str, tuple[str, ...]]]  # the text of each task, and the tasks it runs first

_RULE = re.compile(r"^([\w./%$(){} \t-]++):(?![=:])([^=#]*)")
_RECIPE = re.compile(r"^@?([\w-]++)[^:=\n]*+:(?!=)([^#\n]*)")
_INCLUDE = re.compile(r"^-?include\s+([\w./ -]{1,500})$", re.MULTILINE)
_MAX_INCLUDES = 10
_VARIABLE = re.compile(r"^\s*(?:export\s+)?(\w+)\s*(?::|\?|::)?=\s*(.*)$")
_REFERENCE = re.compile(r"\$[({](\w+)[)}]")
_BRACES = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_MAX_TASKS = 40  # tasks that one call may lead to over prerequisites
_MAKEFILES = ("Makefile", "makefile", "GNUmakefile")
_JUSTFILES = ("justfile", "Justfile", ".justfile")
_TASKFILES = ("Taskfile.yml", "Taskfile.yaml", "taskfile.yml", "taskfile.yaml")


def make_tasks(call: TaskCall) -> Iterator[Task]:
    """Recipes of the targets that `make` is called for, with what they depend on."""
    targets = list(call.arguments(("-C", "-f", "-j", "--directory", "--file")))
    given = dict(word.split("=", 1) for word in call.words if "=" in word and not word.startswith("-"))
    paths = _file_paths(call, _MAKEFILES, "-f", "--file")
    yield from _tasks_of_targets(call, targets, paths, lambda text: _read_make(_with_includes(call, text), given))


def just_tasks(call: TaskCall) -> Iterator[Task]:
    """Recipes of a justfile."""
    yield from _tasks_of_targets(
        call, list(call.arguments(("-f", "--justfile", "-d")))[:1], _file_paths(call, _JUSTFILES, "-f"), _read_just
    )


def taskfile_tasks(call: TaskCall) -> Iterator[Task]:
    """Tasks of a Taskfile."""
    yield from _tasks_of_targets(
        call, list(call.arguments(("-t", "--taskfile", "-d"))), _file_paths(call, _TASKFILES, "-t"), _read_task
    )


def _file_paths(call: TaskCall, names: tuple[str, ...], *flags: str) -> tuple[str, ...]:
    given = call.flag_value(*flags)
    folder = call.flag_value("-C", "--directory")
    names = (given,) if given else names
    return tuple(call.path(f"{folder}/{name}" if folder else name) for name in names)


def _tasks_of_targets(
    call: TaskCall, targets: list[str], paths: tuple[str, ...], read: Callable[[str], TaskRules]
) -> Iterator[Task]:
    found = call.files.read_first(paths)
    if found is None:
        call.mark_not_found(f"{call.tool} {' '.join(targets)}".strip())
        return
    path, text = found
    rules = read(text)
    targets = targets or list(rules)[:1]
    seen: set[str] = set()
    while targets and len(seen) < _MAX_TASKS:
        target = targets.pop(0)
        if target in seen or target not in rules:
            continue
        seen.add(target)
        body, first = rules[target]
        targets[:0] = first
        yield Task(f"{path}:{target}", body, "bash", call.folder)


def _with_includes(call: TaskCall, text: str) -> str:
    """Put the files that a Makefile includes behind it, where they are at hand; each once."""
    names = [name for line in _INCLUDE.findall(text) for name in line.split()]
    found = (call.files.read(call.path(name)) for name in dict.fromkeys(names[:_MAX_INCLUDES]))
    return "\n".join([text, *filter(None, found)])


def _read_make(text: str, given: Mapping[str, str]) -> TaskRules:
    """Read the rules of a Makefile; `given` are the variables of the command line, which win over the file's own."""
    variables: dict[str, str] = {"MAKE": "make", **given}
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
    return {
        name: (_expand_variables("\n".join(body), variables), tuple(first)) for name, (body, first) in rules.items()
    }


def _expand_variables(text: str, variables: Mapping[str, str], pattern: re.Pattern[str] = _REFERENCE) -> str:
    """Write out the file's own variables, and hand the environment's on to the shell."""
    for _ in range(3):
        text = pattern.sub(lambda match: variables.get(match[1], f"${{{match[1]}}}"), text)[:65536]
    return text.replace("$$", "$")


def _read_just(text: str) -> TaskRules:
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
    return {
        name: (_expand_variables("\n".join(lines), variables, _BRACES), first) for name, (lines, first) in rules.items()
    }


def _read_task(text: str) -> TaskRules:
    try:
        root = read_yaml(text.encode())
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


def _commands(node: YamlNode) -> tuple[list[str], list[str]]:
    """Give the shell lines of a task, and the tasks that it runs."""
    if isinstance(node, YamlScalar):
        return [node.value], []
    if isinstance(node, YamlSequence):
        pairs = [_commands(item) for item in node.items]
        return [line for lines, _ in pairs for line in lines], [task for _, tasks in pairs for task in tasks]
    lines: list[str] = []
    tasks: list[str] = []
    for key in ("deps", "cmds", "cmd", "task"):
        each = node.get(key)
        if each is None:
            continue
        if key == "deps" and isinstance(each, YamlSequence):
            tasks += [item.value for item in each.items if isinstance(item, YamlScalar)]
        elif key == "task" and isinstance(each, YamlScalar):
            tasks.append(each.value)
        else:
            more, further = _commands(each)
            lines += more
            tasks += further
    return lines, tasks
