"""Holds that the threat model names tests that exist."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
LINE = re.compile(r"^\| .+ \| .+ \| \[`[^`]+`\]\(\.\./(tests/[^)]+)\)(?: `(test_\w+)`)? \|$", re.MULTILINE)


def names_of_tests(path: Path) -> set[str]:
    return {node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)}


def test_each_threat_names_a_test_that_exists() -> None:
    page = (ROOT / "docs" / "security.md").read_text()
    lines = LINE.findall(page)
    rows = [line for line in page.splitlines() if line.startswith("| ") and not line.startswith("| threat ")]
    assert len(lines) == len(rows) > 25, "each row ends with a test"
    wrong = [
        (file, name)
        for file, name in lines
        if not (ROOT / file).is_file() or (name and name not in names_of_tests(ROOT / file))
    ]
    assert wrong == []
