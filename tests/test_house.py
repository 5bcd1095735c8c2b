"""The rules of this house that no linter holds (see docs/decisions.md and CONTRIBUTING.md)."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

from bot.rules import RULES

ROOT = Path(__file__).parent.parent
GIT = ["git", "ls-files", "-z"]  # what is committed is the house; what lies about is not
LISTED = subprocess.run(GIT, cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")  # noqa: S603 - our own words
FILES = [ROOT / name for name in LISTED if name and (ROOT / name).is_file()]
PYTHON = [path for path in FILES if path.suffix == ".py"]
OURS = [path for path in PYTHON if path.relative_to(ROOT).parts[0] in {"bot", "handlers"}]

MOST_LINES = 300
FORBIDDEN = {"utils", "util", "common", "helpers", "helper", "manager", "base", "misc"}
REASONED = re.compile(r"#\s*(noqa: [A-Z]+\d+(, [A-Z]+\d+)* - \S.*|type: ignore\[[\w, -]+\]\s+# \S.*)")
MACHINE = re.compile(r"/(?:work|root)/\w|/home/\w+/")


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", PYTHON, ids=named)
def test_the_first_line_says_what_a_file_is_for(path: Path) -> None:
    docstring = ast.get_docstring(ast.parse(path.read_text()))

    assert docstring, "begin the file with a docstring that says what it is for"
    assert path.read_text().startswith(('"""', 'r"""'))


@pytest.mark.parametrize("path", PYTHON, ids=named)
def test_imports_stand_at_the_top(path: Path) -> None:
    tree = ast.parse(path.read_text())
    top = {id(node) for node in tree.body}
    hidden = [
        node.lineno for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom) and id(node) not in top
    ]

    assert not hidden, f"imports inside something, at lines {hidden}"
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == "TYPE_CHECKING"]


@pytest.mark.parametrize("path", PYTHON, ids=named)
def test_rooms_are_small_and_named_for_what_they_hold(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= MOST_LINES
    assert path.stem not in FORBIDDEN
    assert not set(path.relative_to(ROOT).parts[:-1]) & FORBIDDEN


@pytest.mark.parametrize("path", PYTHON, ids=named)
def test_every_exception_has_a_reason(path: Path) -> None:
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        for comment in re.findall(r"#\s*(?:noqa\b|type: ignore\b).*", line):
            if path != Path(__file__):
                assert REASONED.match(comment), f"line {number} gives no reason: {comment}"


@pytest.mark.parametrize("path", OURS, ids=named)
def test_what_others_may_use_is_described(path: Path) -> None:
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"{node.name} (line {node.lineno}) has no docstring"


def test_the_folder_of_rules_is_the_list_of_rules() -> None:
    folder = ROOT / "bot" / "rules"
    modules = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    pages = {path.stem for path in folder.glob("*.md")}

    assert modules == pages == {rule.name.replace("-", "_") for rule in RULES}
    assert all(rule.__module__ == f"bot.rules.{rule.name.replace('-', '_')}" for rule in RULES)


@pytest.mark.parametrize(
    "path", [path for path in FILES if path.suffix in {".py", ".md", ".yml", ".toml", ".json", ""}], ids=named
)
def test_nothing_names_the_machine_it_was_written_on(path: Path) -> None:
    if path != Path(__file__):
        found = MACHINE.search(path.read_text(errors="replace"))
        assert found is None, "it names a folder of the machine it was written on"


@pytest.mark.parametrize(
    "path",
    [path for path in FILES if path.suffix == ".yml" and path.parent == ROOT / ".github" / "workflows"],
    ids=named,
)
def test_our_own_workflows_pin_what_they_use(path: Path) -> None:
    used = re.findall(r"uses: (\S+)(.*)", path.read_text())

    assert all(re.search(r"@[0-9a-f]{40}$", action) and re.search(r"# v\d", note) for action, note in used)
