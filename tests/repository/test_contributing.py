"""What CONTRIBUTING.md, README.md and pages of docs/ tell people to do is done here, step by step."""

import re
import shutil
import subprocess
import sys
from functools import partial
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


def block(language: str, path: str) -> str:
    """Give the fenced block of the guide that stands for a file; a page's own fences lie inside a longer one."""
    found = re.search(rf"^(`{{3,}}){language} {re.escape(path)}\n(.*?)^\1$", GUIDE, re.MULTILINE | re.DOTALL)
    assert found, f"the guide does not show {path}"
    return found[2]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the house into which the guide's rule has been carried as the guide says."""
    copy = tmp_path_factory.mktemp("house")
    for name in ("bot", "handlers", "tests", "docs"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", "github", "corpus"))
    shutil.copytree(ROOT / "bot" / "github", copy / "bot" / "github", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", copy)
    (copy / "bot/checks/rules/named_workflows.py").write_text(block("python", "bot/checks/rules/named_workflows.py"))
    (copy / "bot/checks/rules/named_workflows.md").write_text(block("markdown", "bot/checks/rules/named_workflows.md"))
    rules = copy / "bot/checks/rules/__init__.py"
    listed = rules.read_text().replace(
        "from bot.checks.rules.protected",
        "from bot.checks.rules.named_workflows import NamedWorkflows\nfrom bot.checks.rules.protected",
    )
    rules.write_text(listed.replace("] = (\n", "] = (\n    NamedWorkflows,\n"))
    return copy


def test_a_rule_added_as_the_guide_says_is_tested_by_its_page(house: Path) -> None:
    result = run(
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "tests/bot/checks/rules/test_rule_pages.py",
        "-k",
        "named-workflows",
        folder=house,
    )

    assert result.returncode == 0, result.stdout + result.stderr
    assert re.search(r"\d+ passed", result.stdout)


def test_a_rule_added_as_the_guide_says_keeps_to_types_lint_and_stairs(house: Path) -> None:
    new = "bot/checks/rules/named_workflows.py"

    assert run(sys.executable, "-m", "ruff", "check", "--no-cache", new, folder=house).stdout == "All checks passed!\n"
    assert run(sys.executable, "-m", "ruff", "format", "--no-cache", "--check", new, folder=house).returncode == 0


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
