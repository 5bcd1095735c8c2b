"""The rules of this house that no linter holds (see docs/decisions.md and CONTRIBUTING.md)."""

import ast
import re
import subprocess
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path

import yaml

from bot.checks.rules import RULES
from tests.figures import MOST_COMPLEX, Function, complexity_of

ROOT = Path(__file__).parents[2]
GIT = ["git", "ls-files", "-z"]  # what is committed is the house; what lies about is not
LISTED = subprocess.run(GIT, cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")  # noqa: S603 - our own words
FILES = [ROOT / name for name in LISTED if name and (ROOT / name).is_file()]
PYTHON = [path for path in FILES if path.suffix == ".py"]
OURS = [path for path in PYTHON if path.relative_to(ROOT).parts[0] in {"bot", "handlers"}]

MOST_LINES = 550  # 500 is the aim; what bounds a file is its complexity
FORBIDDEN = {"utils", "util", "common", "helpers", "helper", "manager", "base", "misc"}
REASONED = re.compile(r"#\s*(noqa: [A-Z]+\d+(, [A-Z]+\d+)* - \S.*|type: ignore\[[\w, -]+\]\s+# \S.*)")
MACHINE = re.compile(r"/(?:work|root)/\w|/home/\w+/")


def wrong(rule: Callable[[Path], Iterator[str]], paths: Iterable[Path]) -> list[str]:
    """Say what is wrong in which file. Thousands of small tests would take longer to be counted than to be run."""
    return [f"{path.relative_to(ROOT)}: {said}" for path in paths for said in rule(path)]


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def test_the_first_line_says_what_a_file_is_for() -> None:
    def rule(path: Path) -> Iterator[str]:
        if not ast.get_docstring(tree_of(path)) or not path.read_text().startswith(('"""', 'r"""')):
            yield "begin the file with a docstring that says what it is for"

    assert wrong(rule, PYTHON) == []


def test_an_import_inside_a_function_says_what_start_up_time_it_saves() -> None:
    def rule(path: Path) -> Iterator[str]:
        top, lines = {id(node) for node in tree_of(path).body}, path.read_text().splitlines()
        for node in ast.walk(tree_of(path)):
            match node:
                case ast.Import() | ast.ImportFrom() if id(node) not in top:
                    if path not in OURS or not lines[node.lineno - 2].lstrip().startswith("#"):
                        yield f"line {node.lineno} imports inside something without a comment above it"
                case ast.Call() if path in OURS and ast.unparse(node.func).endswith(("import_module", "resolve_name")):
                    yield f"line {node.lineno} imports by a string"
            if isinstance(node, ast.Name) and node.id == "TYPE_CHECKING":
                yield f"line {node.lineno} hides an import"

    assert wrong(rule, PYTHON) == []


def test_rooms_are_small_and_named_for_what_they_hold() -> None:
    def rule(path: Path) -> Iterator[str]:
        lines = len(path.read_text().splitlines())
        if lines > MOST_LINES:
            yield f"it has {lines} lines, and {MOST_LINES} are the most"
        if FORBIDDEN & {path.stem, *path.relative_to(ROOT).parts[:-1]}:
            yield "name it for what it holds"

    assert wrong(rule, PYTHON) == []


MOST_COMPLEX_FUNCTIONS = 68  # above tests.figures.MOST_COMPLEX; only ever lower this number


def test_functions_become_simpler() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}: {complexity}"
        for path in OURS
        for node in ast.walk(tree_of(path))
        if isinstance(node, Function) and (complexity := complexity_of(node)) > MOST_COMPLEX
    ]
    assert len(found) <= MOST_COMPLEX_FUNCTIONS, "\n".join(found)


def test_every_exception_has_a_reason() -> None:
    def rule(path: Path) -> Iterator[str]:
        for number, line in enumerate(path.read_text().splitlines(), start=1):
            for comment in re.findall(r"#\s*(?:noqa\b|type: ignore\b).*", line):
                if not REASONED.match(comment):
                    yield f"line {number} gives no reason: {comment}"

    assert wrong(rule, [path for path in PYTHON if path != Path(__file__)]) == []


def test_what_others_may_use_is_described() -> None:
    def rule(path: Path) -> Iterator[str]:
        for node in tree_of(path).body:
            match node:
                case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                    if not (node.name.startswith("_") or ast.get_docstring(node)):
                        yield f"{node.name} (line {node.lineno}) has no docstring"

    assert wrong(rule, OURS) == []


BANNED = re.compile(
    r"telephone|holdings|thawed|(?<![a-z])(sightings?|unseen|alarms?|organi[s]ation|noticed|heard|weighed|wanted|ledger|shelf)(?![a-z])",
    re.IGNORECASE,
)


def test_no_definition_bears_a_private_word() -> None:
    def rule(path: Path) -> Iterator[str]:
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and BANNED.search(node.name):
                yield f"line {node.lineno}: {node.name} is no word of the field (tests/repository/renames.tsv has its successor)"

    assert wrong(rule, OURS) == []


# Phrases that people who read reports, pages and documentation should not have to puzzle over; each a regular expression.
BANNED_PHRASES = (
    *(
        "whoever",
        "of whom",
        "so that is",
        "our fault",
        "no verdict",
        "there is more",
        "take it out",
        "by hand",
        "in vain",
    ),
    *(
        r"(could|can) not be seen",
        "not seen",
        r"account(s|ed)? for",
        r"do(es)? not hold",
        "does not leave",
        "looked at",
    ),
    *(
        r"mend(s|ed)?",
        r"alarms?",
        "unseen",
        "heard",
        "anew",
        "organi[s]ation",
        "licence",
        "lapsed",
        "telephone",
        "sighting",
    ),
)
PROSE = re.compile(rf"\b({'|'.join(BANNED_PHRASES)})\b", re.IGNORECASE)
# Made from the pages of rules and registries, or not rewritten yet.
OTHER_PAGES = {"rules.md", "change-alerts.md", "registries.md", "decisions.md"}


def test_what_people_read_has_no_private_phrase() -> None:
    def rule(path: Path) -> Iterator[str]:
        for number, line in enumerate(path.read_text().splitlines(), start=1):
            if found := PROSE.search(line):
                yield f"line {number} says {found[0]!r}"

    folders = {ROOT, ROOT / "docs", ROOT / "bot/rendering/templates", ROOT / "handlers/web/pages/templates"}
    read = [path for path in FILES if path.parent in folders and path.suffix in {".md", ".jinja", ".html"}]
    assert len(read) > 40
    assert wrong(rule, [path for path in read if path.name not in OTHER_PAGES | {"CHANGELOG.md"}]) == []


def test_the_folder_of_rules_is_the_list_of_rules() -> None:
    folder = ROOT / "bot" / "checks" / "rules"
    modules = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    pages = {path.stem for path in folder.glob("*.md")}

    assert modules == pages == {rule.name.replace("-", "_") for rule in RULES}
    assert all(rule.__module__ == f"bot.checks.rules.{rule.name.replace('-', '_')}" for rule in RULES)


def test_nothing_names_the_machine_it_was_written_on() -> None:
    def rule(path: Path) -> Iterator[str]:
        if MACHINE.search(path.read_text(errors="replace")):
            yield "it names a folder of the machine it was written on"

    told = {".py", ".md", ".yml", ".toml", ".json", ""}
    assert wrong(rule, [path for path in FILES if path.suffix in told and path != Path(__file__)]) == []


def test_our_own_workflows_pin_what_they_use() -> None:
    def rule(path: Path) -> Iterator[str]:
        for action, note in re.findall(r"uses: ([^.\s]\S+)(.*)", path.read_text()):
            if not re.search(r"@[0-9a-f]{40}$", action) or not re.search(r"# v\d", note):
                yield f"pin {action} to a commit, and name its version"

    workflows = [path for path in FILES if path.suffix == ".yml" and path.parent == ROOT / ".github" / "workflows"]
    assert workflows
    assert wrong(rule, workflows) == []


def test_a_new_version_of_what_we_use_waits_a_week() -> None:
    updates = yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text())["updates"]
    assert {each["package-ecosystem"] for each in updates} == {"pip", "github-actions", "docker"}
    assert all(each["cooldown"]["default-days"] >= 7 for each in updates)


def test_a_vulnerability_is_not_reported_in_an_issue() -> None:
    folder = ROOT / ".github" / "ISSUE_TEMPLATE"
    forms = {path.stem: yaml.safe_load(path.read_text()) for path in folder.glob("*.yml")}
    (link,) = forms.pop("config")["contact_links"]
    assert link["url"].endswith("/security/advisories/new")
    assert set(forms) == {"bug", "feature"}
    assert all(form["name"] and form["description"] and form["body"] for form in forms.values())
