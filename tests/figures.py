"""Measures the code base: prints each figure as it was, as it is now and as it should be, in a table in Markdown.

What is measured is every Python file of `bot` and `handlers`. Where a word leaves a choice, it means this:

- The complexity of a function is one, and one more for each `if`, conditional expression, `for`, `while`, `except`,
  `case`, further operand of `and` or `or`, and `for` or `if` of a comprehension. This is mccabe, which ruff's C901
  counts for statements only, counted for expressions too. A function inside a function counts for itself.
- Branches in all are the sum of all functions' complexity. By this definition commit a1599f7 has 13,457 of them, 0.28 a
  line, and nine functions in ten have 9 or fewer; the table of that day said 13,441, 0.28 and 9.
- An import of a name from a package is an import of that module, if the name is one, and of the package otherwise.
  That Python runs the packages above a module too is not counted. A chain is as long as the modules in it.
- A package shares its name as the folder is called; two `__init__.py` share nothing.
- The green check is the first of its process: what is read once and kept is read then.
- A string that is an argument of a call that imports is one string import, not two.
"""

import ast
import inspect
import re
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from importlib.util import resolve_name
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import TypeAlias

from redis import Redis

from tests.app.acme import RELEASE_WORKFLOW_PATH, TRUSTED_PUBLISHING, acme_on, policy
from tests.conftest import EmbeddedRedis

# The files that are opened to read the way from a delivery to its check run, in the order of reading.
SPINE = (
    "handlers/web/receiver.py",
    "handlers/web/delivery.py",
    "handlers/events/event_table.py",
    "handlers/queue/job_specs.py",
    "handlers/queue/enqueue.py",
    "handlers/worker/loop.py",
    "handlers/jobs/job_table.py",
    "handlers/jobs/check_commit.py",
    "bot/github/commit_state.py",
    "handlers/jobs/policies.py",
    "handlers/jobs/build_snapshot.py",
    "bot/evaluation/evaluate.py",
    "bot/checks/engine.py",
    "handlers/jobs/follow_ups.py",
    "bot/rendering/check_run.py",
    "handlers/jobs/write_check_run.py",
    "bot/github/check_runs.py",
)
CHECK_JOB = "handlers/jobs/check_commit.py"
LISTS = {"rules", "alerts", "clients"}  # folders that are lists: one file for each of a kind, as many as there are
MOST_COMPLEX = 12
# What the first line of a file may begin with. Words that are mostly nouns here (Issues, Releases, Reviews) are left out.
VERBS = frozenset(
    """
    Adds Allows Answers Applies Asks Assembles Authenticates Builds Calls Carries Checks Chooses Closes Collects Combines
    Compares Computes Connects Converts Copies Counts Creates Cuts Decides Declares Decodes Decrypts Defines Deletes
    Delivers Derives Describes Detects Diagnoses Discovers Downloads Draws Drops Encodes Encrypts Enforces Enqueues
    Escapes Evaluates Exchanges Expands Explains Exports Extracts Fetches Fills Filters Finds Fixes Follows Forgets
    Formats Gathers Gives Groups Guards Handles Hashes Holds Identifies Imports Infers Inspects Joins Judges Keeps Knows
    Lists Loads Locates Locks Logs Looks Makes Maps Marks Matches Measures Merges Names Normalizes Notices Notifies
    Observes Offers Opens Orders Pairs Parses Prepares Prints Proposes Protects Proves Provides Publishes Puts Ranks
    Reads Receives Recognizes Records Recovers Redacts Refreshes Refuses Registers Rejects Remembers Reminds Removes
    Renders Renews Repairs Replaces Replays Reports Represents Resolves Restores Restricts Retries Returns Revokes
    Rewrites Runs Says Scans Searches Selects Sends Separates Serves Sets Shows Signs Sorts Splits Starts Stops Stores
    Suggests Summarizes Supervises Sweeps Takes Tells Traces Tracks Translates Tries Turns Unpacks Unwraps Updates
    Validates Verifies Waits Walks Warns Watches Withdraws Wraps Writes Yields
    """.split()  # noqa: SIM905 - words are read and edited best as text
)

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
Import: TypeAlias = ast.Import | ast.ImportFrom
Check: TypeAlias = Callable[[], AbstractContextManager[Callable[[], object]]]


@contextmanager
def green_check() -> Iterator[Callable[[], object]]:
    """Prepare a repository with one workflow that publishes as it should, and yield what checks it."""
    with TemporaryDirectory(prefix="wf") as folder:
        server = EmbeddedRedis(Path(folder))
        try:
            with Redis.from_url(server.url) as redis, acme_on(redis, policy=policy()) as acme:
                repository = acme.organization.repository("widgets", {RELEASE_WORKFLOW_PATH: TRUSTED_PUBLISHING})
                acme.add_environment(repository, "pypi")
                yield lambda: acme.check(repository)
                assert repository.check_runs(repository.head, "publishing")[-1].conclusion == "success"
        finally:
            server.kill()


@dataclass(frozen=True, slots=True)
class Module:
    """One file: its name as Python imports it, its path below the root, its text and what Python reads in it."""

    name: str
    path: Path
    text: str
    syntax: ast.Module

    @property
    def lines(self) -> int:
        return len(self.text.splitlines())


@dataclass(frozen=True, slots=True)
class Tree:
    """All modules by their names, and what of them is looked at more closely."""

    root: Path
    modules: dict[str, Module]
    spine: tuple[str, ...] = SPINE
    check_job: str = CHECK_JOB
    check: Check = green_check

    def at(self, path: str) -> Module:
        """Return the module at that path; the error names a path at which there is none."""
        for module in self.modules.values():
            if module.path.as_posix() == path:
                return module
        raise FileNotFoundError(f"there is no {path}: correct SPINE or CHECK_JOB in tests/figures.py")


def read_modules(root: Path) -> dict[str, Module]:
    """Read all Python files of the two packages."""
    modules = {}
    for file in sorted(file for package in ("bot", "handlers") for file in (root / package).rglob("*.py")):
        path = file.relative_to(root)
        name = ".".join(path.parent.parts if path.stem == "__init__" else path.with_suffix("").parts)
        text = file.read_text()
        modules[name] = Module(name, path, text, ast.parse(text, str(path)))
    return modules


def outside_functions(node: ast.AST) -> Iterator[ast.AST]:
    """Yield all nodes below one, except functions and what is in them."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, Function):
            yield child
            yield from outside_functions(child)


def all_nodes(tree: Tree) -> Iterator[ast.AST]:
    """Yield the nodes of all modules."""
    for module in tree.modules.values():
        yield from ast.walk(module.syntax)


def imported(tree: Tree, module: Module, nodes: Iterable[ast.AST]) -> set[str]:
    """Return which modules of the tree these nodes of a module import."""
    package = module.name if module.path.stem == "__init__" else module.name.rpartition(".")[0]
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = resolve_name("." * node.level + (node.module or ""), package)
            names = [f"{origin}.{alias.name}" for alias in node.names]
            found.update(name if name in tree.modules else origin for name in names)
    return found & tree.modules.keys()


def complexities(tree: Tree) -> list[int]:
    """Return the complexity of each function, the least complex first."""
    return sorted(complexity_of(node) for node in all_nodes(tree) if isinstance(node, Function))


def complexity_of(function: Function) -> int:
    """Return the complexity of one function, without those inside it."""
    return 1 + sum(map(branches_of, outside_functions(function)))


def branches_of(node: ast.AST) -> int:
    """Return how many ways through a function one node adds."""
    match node:
        case ast.BoolOp(values=values):
            return len(values) - 1
        case ast.comprehension(ifs=conditions):
            return 1 + len(conditions)
        case ast.If() | ast.IfExp() | ast.For() | ast.AsyncFor() | ast.While() | ast.ExceptHandler() | ast.match_case():
            return 1
        case _:
            return 0


def headless(root: Path) -> list[str]:
    """Return the files below a root whose docstring does not begin with a verb in the third person."""
    modules = read_modules(root).values()
    first = {module.path.as_posix(): (ast.get_docstring(module.syntax) or "-").split()[0] for module in modules}
    return [path for path, word in first.items() if word.strip(".,:;") not in VERBS]


def called(node: ast.AST) -> str:
    """Return the last name of what a node calls; nothing if it is no call."""
    match node:
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return name
        case _:
            return ""


def source_files(tree: Tree) -> int:
    return len(tree.modules)


def source_lines(tree: Tree) -> int:
    return sum(module.lines for module in tree.modules.values())


def spine_files(tree: Tree) -> int:
    return len({tree.at(path).path for path in tree.spine})


def spine_lines(tree: Tree) -> int:
    return sum(tree.at(path).lines for path in set(tree.spine))


def executed_modules(tree: Tree) -> int:
    """Run a check, and count the modules of which a function runs, in whatever thread it starts."""
    ran: set[str] = set()

    def record(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code.co_flags & inspect.CO_OPTIMIZED:  # a function, not a module or a class
            ran.add(frame.f_code.co_filename)

    with tree.check() as check:
        before, before_in_threads = sys.getprofile(), threading.getprofile()
        threading.setprofile(record)
        sys.setprofile(record)
        try:
            check()
        finally:
            sys.setprofile(before)
            threading.setprofile(before_in_threads)
    files = {Path(name).resolve() for name in ran}
    return sum((tree.root / module.path).resolve() in files for module in tree.modules.values())


def longest_import_chain(tree: Tree) -> int:
    graph = {name: imported(tree, module, outside_functions(module.syntax)) for name, module in tree.modules.items()}
    length: dict[str, int] = {}
    for name in TopologicalSorter(graph).static_order():
        length[name] = 1 + max((length[each] for each in graph[name]), default=0)
    return max(length.values(), default=0)


def largest_room(tree: Tree) -> int:
    paths = [module.path for module in tree.modules.values() if module.path.stem != "__init__"]
    return max(Counter(path.parent for path in paths if path.parent.name not in LISTS).values(), default=0)


def fan_out_of_the_check_job(tree: Tree) -> int:
    job = tree.at(tree.check_job)
    return len(imported(tree, job, ast.walk(job.syntax)))


def branches(tree: Tree) -> int:
    return sum(complexities(tree))


def branches_per_line(tree: Tree) -> float:
    return branches(tree) / source_lines(tree)


def complexity_of_nine_in_ten(tree: Tree) -> int:
    every = complexities(tree)
    return every[len(every) * 9 // 10]


def functions_too_complex(tree: Tree) -> int:
    return sum(complexity > MOST_COMPLEX for complexity in complexities(tree))


def shared_module_names(tree: Tree) -> int:
    names = Counter(name.rpartition(".")[2] for name in tree.modules)
    return sum(count for count in names.values() if count > 1)


def shared_class_names(tree: Tree) -> int:
    names = Counter(node.name for node in all_nodes(tree) if isinstance(node, ast.ClassDef))
    return sum(count > 1 for count in names.values())


def percent_imported_by_one_other(tree: Tree) -> int:
    every = [imported(tree, module, ast.walk(module.syntax)) - {name} for name, module in tree.modules.items()]
    importers = Counter(name for names in every for name in names)
    return round(100 * sum(count == 1 for count in importers.values()) / len(tree.modules))


def headless_docstrings(tree: Tree) -> int:
    return len(headless(tree.root))


def jobs_enqueued_by_string(tree: Tree) -> int:
    """Count job names that are passed or looked up as text, so that no tool sees which job is meant.

    Names are what spec classes assign to `job`, with hyphens or underscores; what is passed to JobSpec itself is one too.
    """
    classes = [node for node in all_nodes(tree) if isinstance(node, ast.ClassDef)]
    assigned = [node for each in classes for node in each.body if isinstance(node, ast.Assign)]
    names = {
        text(node.value) for node in assigned if isinstance(node.targets[0], ast.Name) and node.targets[0].id == "job"
    }
    names |= {name.replace("-", "_") for name in names}
    passed = [text(each) for node in all_nodes(tree) for each in passed_values(node)]
    specs = [node for node in all_nodes(tree) if isinstance(node, ast.Call) and called(node) == "JobSpec" and node.args]
    unknown = [name for name in (text(node.args[0]) for node in specs) if name and name not in names]
    return sum(name in names - {""} for name in passed) + len(unknown)


def text(node: ast.AST) -> str:
    """Return the text of a constant; nothing for any other node."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def passed_values(node: ast.AST) -> list[ast.expr]:
    """Return what a call is given, or a subscript looks up, also as an element of a list or tuple."""
    match node:
        case ast.Call(args=args, keywords=keywords):
            values = [*args, *(keyword.value for keyword in keywords)]
        case ast.Subscript(slice=index):
            values = [index]
        case _:
            return []
    inner = [each.elts for each in values if isinstance(each, ast.List | ast.Tuple)]
    return [*values, *(element for elements in inner for element in elements)]


def string_imports(tree: Tree) -> int:
    calls = [node for node in all_nodes(tree) if called(node) in {"import_module", "resolve_name", "__import__"}]
    inside = {id(node) for call in calls for node in ast.walk(call)}
    others = [node for node in all_nodes(tree) if isinstance(node, ast.Constant) and id(node) not in inside]
    place = re.compile(r"(bot|handlers)(\.\w+)*:\w+")
    return len(calls) + sum(isinstance(node.value, str) and bool(place.fullmatch(node.value)) for node in others)


def imports_without_a_reason(tree: Tree) -> int:
    """Count imports inside functions that have no comment, neither on their own lines nor on the line before."""
    count = 0
    for module in tree.modules.values():
        lines = module.text.splitlines()
        top = {id(node) for node in outside_functions(module.syntax)}
        for node in ast.walk(module.syntax):
            if isinstance(node, Import) and id(node) not in top:
                own = "".join(lines[node.lineno - 1 : node.end_lineno])
                count += "#" not in own and not lines[node.lineno - 2].lstrip().startswith("#")
    return count


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table; what was before is the first table of the plan, nothing where it had no such figure."""

    name: str
    before: float | None
    measure: Callable[[Tree], float]
    goal: str = "-"


FIGURES = (
    Figure("source files", 523, source_files, "≤ 340"),
    Figure("source lines", 48_212, source_lines, "≤ 45,000"),
    Figure("files from a delivery to its check run", 31, spine_files, "≤ 12"),
    Figure("lines from a delivery to its check run", 3_816, spine_lines, "≤ 1,500"),
    Figure("modules executed by one green check of one workflow", 154, executed_modules, "≤ 90"),
    Figure("longest import chain", 51, longest_import_chain, "≤ 25"),
    Figure("largest room, in modules", 79, largest_room, "≤ 15"),
    Figure("fan-out of the check job, in modules", 38, fan_out_of_the_check_job, "≤ 15"),
    Figure("branches in all", 13_441, branches, "≤ 12,000"),
    Figure("branches per line", 0.28, branches_per_line),
    Figure("complexity of a function, p90", 9, complexity_of_nine_in_ten, "≤ 7"),
    Figure("functions above a complexity of 12", None, functions_too_complex, "0"),
    Figure("modules that share their name with another", 183, shared_module_names),
    Figure("class names defined more than once", None, shared_class_names, "0"),
    Figure("modules imported by one other only (percent)", 39, percent_imported_by_one_other),
    Figure("module docstrings that do not begin with a verb", 157, headless_docstrings, "0"),
    Figure("jobs enqueued by a string and a tuple", 40, jobs_enqueued_by_string, "0"),
    Figure("string imports", 14, string_imports, "0"),
    Figure("imports inside functions without a reason", None, imports_without_a_reason, "0"),
)


def written(value: float | None) -> str:
    """Write a value as the table does."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if value == round(value) else f"{value:.2f}"


def now(figure: Figure, tree: Tree) -> str:
    """Measure a figure; a circle of imports has no longest chain, and is shown instead."""
    try:
        return written(figure.measure(tree))
    except CycleError as error:
        return "circle: " + " → ".join(error.args[1])


def table(tree: Tree) -> str:
    """Render all figures as a table in Markdown, its columns aligned."""
    rows = [(figure.name, written(figure.before), now(figure, tree), figure.goal) for figure in FIGURES]
    rows = [("figure", "before", "now", "goal"), *rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [" | ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in rows]
    rule = " | ".join(["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])])
    return "".join(f"| {line} |\n" for line in [lines[0], rule, *lines[1:]])


if __name__ == "__main__":
    root = Path(__file__).parent.parent
    sys.stdout.write(table(Tree(root, read_modules(root))))
