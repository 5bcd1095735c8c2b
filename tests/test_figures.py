"""The figures of the code base, measured on a small one where they can be counted by hand."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from graphlib import CycleError
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from threading import Thread
from types import ModuleType

import pytest

from tests import figures
from tests.figures import FIGURES, Tree, headless, read_modules, table

FILES = {
    "bot/__init__.py": "",
    "bot/names.py": '"""Names things."""\nclass Row: pass\nclass Name: pass\n',
    "bot/rules/__init__.py": '"""The rules."""\nfrom bot.rules import one, two\n',
    "bot/rules/one.py": '"""Judges one thing."""\nfrom bot.names import Row\n',
    "bot/rules/two.py": '"""Judges, too."""\nfrom bot import names\n',
    "bot/rules/three.py": '"""Reads: a third."""\n',
    "handlers/__init__.py": '"""What runs."""\n',
    "handlers/names.py": '''"""Which names there are."""
class Row: pass

def simple():
    return [each for each in range(3) if each]

def branched(a, b, c):
    if a and b and c:
        return 1
    elif a:
        return 2
    for each in a if b else c:
        while each:
            try: pass
            except ValueError: pass
            except TypeError: pass
    match a:
        case 1: pass
        case _: pass
    def inner():
        return a or b
    return lambda: b or c
''',
    "handlers/worker.py": '''"""Works on jobs."""
import importlib
import pkgutil
import bot.rules
from handlers import names

TABLE = {"one": "bot.rules:one", "two": "handlers.names:simple", "three": "names:simple"}

def late(jobs, job):
    from bot.names import Row
    # Saves the time to load it.
    from bot.rules import one
    from bot.rules import two  # saves time
    importlib.import_module("bot.names")
    pkgutil.resolve_name("bot.rules:three")
    return [JobSpec("check", 1, (1,)), jobs.JobSpec("sweep"), JobSpec(job), JobSpec(), Other("check")]
''',
}
SPINE = ("handlers/worker.py", "bot/names.py")


def make(root: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    make(tmp_path, FILES)
    return Tree(tmp_path, read_modules(tmp_path), SPINE, "handlers/worker.py")


@pytest.mark.parametrize(
    ("measure", "value"),
    [
        (figures.source_files, 9),
        (figures.source_lines, 0 + 3 + 2 + 2 + 2 + 1 + 1 + 22 + 16),
        (figures.spine_files, 2),
        (figures.spine_lines, 16 + 3),
        (figures.longest_import_chain, 4),  # worker, rules, one, names
        (figures.largest_room, 2),  # handlers; the three rules are a list
        (figures.fan_out_of_the_check_job, 5),  # rules, handlers.names, bot.names, one, two
        (figures.branches, 3 + 13 + 2 + 1),
        (figures.branches_per_line, 19 / 49),
        (figures.complexity_of_nine_in_ten, 13),
        (figures.functions_too_complex, 1),
        (figures.shared_module_names, 2),
        (figures.shared_class_names, 1),
        (figures.percent_imported_by_one_other, 22),  # rules and handlers.names, two of nine
        (figures.headless_docstrings, 5),
        (figures.jobs_enqueued_by_string, 2),
        (figures.string_imports, 2 + 2),
        (figures.imports_without_a_reason, 1),
    ],
)
def test_each_figure_is_what_one_counts_by_hand(tree: Tree, measure: Callable[[Tree], float], value: float) -> None:
    assert measure(tree) == value


def test_a_function_above_the_bound_is_counted(tmp_path: Path) -> None:
    make(tmp_path, {"bot/a.py": f"def f(a):\n    return {' or '.join(['a'] * 13)}\ndef g(a):\n    return a or a\n"})
    tree = Tree(tmp_path, read_modules(tmp_path))
    assert figures.complexities(tree) == [2, 13]
    assert figures.functions_too_complex(tree) == 1


def test_a_jobs_name_that_is_passed_as_text_is_counted(tmp_path: Path) -> None:
    uses = 'enqueue(redis, ["check_commit"])\nJOBS["check-commit"]\nrun(job="check-commit")\nshow("check")\n'
    make(tmp_path, {"bot/a.py": f'class Check:\n    job = "check-commit"\n{uses}'})
    assert figures.jobs_enqueued_by_string(Tree(tmp_path, read_modules(tmp_path))) == 3


def test_headless_files_are_listed(tree: Tree) -> None:
    expected = ["bot/__init__.py", "bot/rules/__init__.py", "handlers/__init__.py", "handlers/names.py"]
    assert headless(tree.root) == [*expected, "handlers/worker.py"]


def test_a_path_that_is_gone_is_named(tmp_path: Path) -> None:
    make(tmp_path, FILES)
    tree = Tree(tmp_path, read_modules(tmp_path), ("bot/names.py", "bot/gone.py"), "handlers/gone.py")
    for measure, path in [
        (figures.spine_files, "bot/gone.py"),
        (figures.spine_lines, "bot/gone.py"),
        (figures.fan_out_of_the_check_job, "handlers/gone.py"),
    ]:
        with pytest.raises(FileNotFoundError, match=path):
            measure(tree)


def test_a_circle_of_imports_is_shown_where_the_longest_chain_would_be(tmp_path: Path) -> None:
    make(tmp_path, {"bot/a.py": "from bot import b\n", "bot/b.py": "from .a import name\n"})
    tree = Tree(tmp_path, read_modules(tmp_path))
    with pytest.raises(CycleError):
        figures.longest_import_chain(tree)
    (chain,) = [figure for figure in FIGURES if figure.name == "longest import chain"]
    assert figures.now(chain, tree) in {"circle: bot.a → bot.b → bot.a", "circle: bot.b → bot.a → bot.b"}


def load(path: Path) -> ModuleType:
    spec = spec_from_file_location(path.stem, path)
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


RUNS = {
    "bot/first.py": "def first(other):\n    return [other.second() for _ in range(2)]\n",
    "bot/second.py": "def second():\n    return 2\n",
    "bot/third.py": "def third():\n    return 3\n",
    "bot/loaded.py": "class Loaded:\n    value = 4\n",
}


def test_modules_count_as_executed_when_a_function_of_theirs_runs(tmp_path: Path) -> None:
    make(tmp_path, RUNS)
    first, second, third = (load(tmp_path / "bot" / f"{name}.py") for name in ("first", "second", "third"))

    def call() -> None:
        first.first(second)
        load(tmp_path / "bot" / "loaded.py")  # its functions do not run
        thread = Thread(target=third.third)
        thread.start()
        thread.join()

    @contextmanager
    def check() -> Iterator[Callable[[], object]]:
        yield call

    assert figures.executed_modules(Tree(tmp_path, read_modules(tmp_path), check=check)) == 3


def test_the_table_is_aligned_and_has_every_figure(tmp_path: Path) -> None:
    make(tmp_path, FILES)

    @contextmanager
    def check() -> Iterator[Callable[[], object]]:
        yield lambda: None

    lines = table(Tree(tmp_path, read_modules(tmp_path), SPINE, "handlers/worker.py", check)).splitlines()
    assert len(lines) == len(FIGURES) + 2
    assert len({len(line) for line in lines}) == 1
    assert lines[2].split() == ["|", "source", "files", "|", "523", "|", "9", "|", "≤", "340", "|"]
    assert lines[11].split() == ["|", "branches", "per", "line", "|", "0.28", "|", "0.39", "|", "-", "|"]


def test_the_check_that_is_measured_is_green() -> None:
    with figures.green_check() as check:
        check()
