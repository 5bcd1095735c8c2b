"""What CONTRIBUTING.md, README.md and pages of docs/ tell people to do is done here, step by step."""

import re
import shlex
import shutil
import subprocess
import sys
from functools import partial
from itertools import chain
from pathlib import Path

import pytest

from handlers.cli.main import COMMANDS
from tests.conftest import run_cli
from tests.repository.page_examples import FENCED_BLOCK

policy = partial(run_cli, "policy")

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "CONTRIBUTING.md").read_text()
README = (ROOT / "README.md").read_text()
GENERATED_PAGES = {"registries.md", "rules.md", "change-alerts.md"}


def run(*command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603 - our own words


SECTIONS = ("rule", "change alert", "gate condition", "registry", "event", "job", "page")
BLOCK = re.compile(
    r"^(?P<fence>`{3,})(?P<language>\w+) (?P<path>\S+)\n(?P<text>.*?)^(?P=fence)$", re.MULTILINE | re.DOTALL
)


def section(thing: str) -> str:
    """Give the guide's section on adding a thing, with what it shows."""
    found = re.search(rf"^## Adding an? {thing}\n(.*?)(?=^## Adding|\Z)", GUIDE, re.MULTILINE | re.DOTALL)
    assert found, f"the guide does not say how to add a {thing}"
    return found[1]


def apply_block(house: Path, path: str, language: str, text: str) -> None:
    """Write a file that the guide shows, or make a change to one: its lines without the added ones stand there once."""
    file = house / path
    if language != "diff":
        assert not file.exists()
        file.write_text(text)
        return
    lines = text.splitlines(keepends=True)
    before = "".join(line[1:] for line in lines if not line.startswith("+"))
    assert file.read_text().count(before) == 1, f"{path} does not have these lines once:\n{before}"
    file.write_text(file.read_text().replace(before, "".join(line[1:] for line in lines)))


def command(thing: str) -> tuple[list[str], str]:
    """Give the files and the expression of the command that ends a section: it runs the tests of what was added."""
    shown = re.findall(r"^\.venv/bin/python -m pytest (.+) -k (.+)$", section(thing), re.MULTILINE)
    assert len(shown) == 1, f"the guide has to end on how to test a {thing}: pytest FILES -k WORDS"
    return shlex.split(shown[0][0]), shlex.split(shown[0][1])[0]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the house to which all has been added that the guide adds."""
    copy = tmp_path_factory.mktemp("house")
    for name in ("bot", "handlers", "tests", "docs"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("pyproject.toml", "SECURITY.md", "app-manifest.yml", "app-manifest-revocation.yml"):
        shutil.copy(ROOT / file, copy)
    for thing in SECTIONS:
        for block in BLOCK.finditer(section(thing)):
            apply_block(copy, block["path"], block["language"], block["text"])
    return copy


def test_what_is_added_as_the_guide_says_passes_its_tests(house: Path) -> None:
    files, expressions = zip(*map(command, SECTIONS), strict=True)
    words = [
        *chain.from_iterable(files),
        "-k",
        " or ".join(expressions),
    ]  # at once: most of their time goes into starting
    result = run(sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", *words, folder=house)

    assert result.returncode == 0, result.stdout + result.stderr
    passed = [line for line in result.stdout.splitlines() if " PASSED " in line]
    for expression in expressions:
        assert any(word in line for line in passed for word in expression.split(" or ")), f"no test of {expression} ran"


def test_what_is_added_as_the_guide_says_keeps_to_lint_and_format(house: Path) -> None:
    changed = sorted({block["path"] for block in BLOCK.finditer(GUIDE) if block["path"].endswith(".py")})
    assert len(changed) >= 2 * len(SECTIONS)

    assert (
        run(sys.executable, "-m", "ruff", "check", "--no-cache", *changed, folder=house).stdout
        == "All checks passed!\n"
    )
    assert run(sys.executable, "-m", "ruff", "format", "--no-cache", "--check", *changed, folder=house).returncode == 0


def test_the_schema_for_editors_is_made_as_the_guide_says(capsys: pytest.CaptureFixture[str]) -> None:
    assert policy(["--schema"]) == 0
    assert capsys.readouterr().out == (ROOT / "docs" / "publishing.schema.json").read_text()


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(
        re.findall(r"\bmake ([a-z]+)\b", " ".join(re.findall(r"`make [^`]+`|^make .*$", GUIDE + README, re.MULTILINE)))
    )

    assert {"check", "demo", "format", "run", "test"} <= named <= targets


def test_the_docs_tell_every_setting_there_is() -> None:
    read = set(
        re.findall(r'"(WHARFINGER_[A-Z_]+|REDIS_URL)"', (ROOT / "handlers" / "config" / "settings.py").read_text())
    )
    told = set(re.findall(r"`(WHARFINGER_[A-Z_]+|REDIS_URL)`", (ROOT / "docs" / "operate.md").read_text()))

    assert read == told


def test_the_docs_tell_every_command_there_is() -> None:
    page = (ROOT / "docs" / "command-line.md").read_text()

    assert set(re.findall(r"`wharfinger ([a-z-]+)", page)) == set(COMMANDS)
    assert set(re.findall(r"`wharfinger ([a-z-]+)", README)) <= set(COMMANDS)


def test_the_readmes_policy_is_valid(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = re.search(r"^```yaml\n(version: 1.*?)^```$", README, re.MULTILINE | re.DOTALL)
    assert shown
    file = tmp_path / "publishing.yml"
    file.write_text(shown[1])

    assert policy([str(file)]) == 0, capsys.readouterr().out


def test_every_page_and_file_that_is_linked_exists() -> None:
    pages = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")]
    pages += [page for page in sorted((ROOT / "docs").glob("*.md")) if page.name not in GENERATED_PAGES]
    for page in pages:
        text = FENCED_BLOCK.sub("", page.read_text())
        for target in re.findall(r"\]\((?!https:)([^)#]+)(?:#[^)]*)?\)", text):
            assert (page.parent / target).exists(), f"{page.name} links {target}"
