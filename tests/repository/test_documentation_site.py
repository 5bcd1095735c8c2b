"""The documentation site has an address for each thing that reports lead to, and its commands and examples work."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from bot.checks.documentation import documented_checks
from bot.policy.policy_schema import policy_schema
from bot.policy.read_policy import read_policy
from bot.registries import load_catalog
from bot.rendering.links import DOCUMENTATION_SITE, check_page_url
from handlers.cli.main import COMMANDS, build_parser, run_command
from tests.handlers.cli.test_scan import checkout
from tests.repository.documentation_site import generated_pages

ROOT = Path(__file__).parents[2]
PAGES = sorted(ROOT.glob("docs/*.md"))
SITE = yaml.safe_load((ROOT / "mkdocs.yml").read_text())
GENERATED = generated_pages()


def blocks(page: Path, language: str) -> Iterator[str]:
    """Yield a page's fenced blocks of a language, also those within a list."""
    for indent, text in re.findall(rf"^( *)```{language}\n(.*?)^ *```$", page.read_text(), re.MULTILINE | re.DOTALL):
        yield re.sub(rf"^{indent}", "", text, flags=re.MULTILINE)


def commands(page: Path) -> list[list[str]]:
    lines = [line for text in blocks(page, "sh") for line in text.splitlines()]
    return [shlex.split(line, comments=True)[1:] for line in lines if line.startswith("wharfinger ")]


def test_each_check_has_the_page_that_reports_lead_to() -> None:
    assert SITE["site_url"].rstrip("/") == DOCUMENTATION_SITE
    for name in documented_checks():
        path = urlsplit(check_page_url(name)).path.removeprefix(urlsplit(DOCUMENTATION_SITE).path).strip("/")
        assert GENERATED[f"{path}.md"].startswith("# ")


def test_each_registry_and_each_key_of_a_policy_has_its_place() -> None:
    assert {f"registries/{name}.md" for name in load_catalog().registries} <= GENERATED.keys()
    headings = re.findall(r"^## `(.+)`$", GENERATED["policy-reference.md"], re.MULTILINE)
    assert headings == list(policy_schema()["properties"])


def test_the_site_leads_to_each_page_once() -> None:
    def listed(entries: list[Any]) -> Iterator[str]:
        for entry in entries:
            for value in entry.values() if isinstance(entry, dict) else [entry]:
                yield from listed(value) if isinstance(value, list) else [value]

    named = list(listed(SITE["nav"]))
    assert len(named) == len(set(named))
    assert {page.name for page in PAGES} == {name for name in named if "/" not in name} - {
        "index.md",
        "policy-reference.md",
    }


@pytest.mark.parametrize(
    "page", [*PAGES, ROOT / "README.md", ROOT / "deploy" / "README.md"], ids=lambda page: page.name
)
def test_each_command_that_is_shown_is_one_that_there_is(page: Path) -> None:
    for name, *arguments in commands(page):
        parser, _ = build_parser([name])
        parser.parse_args([name, *arguments])
    mentioned = re.findall(r"`wharfinger ([a-z][a-z-]*)", page.read_text())
    assert set(mentioned) <= COMMANDS.keys()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_policy_that_is_shown_is_valid(page: Path) -> None:
    for text in blocks(page, "yaml"):
        if text.startswith("version: 1\n"):
            read_policy(text.encode(), list(load_catalog().registries))


def test_the_first_steps_work_as_they_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = checkout(tmp_path)
    monkeypatch.chdir(folder)
    (folder / "publishing.yml").write_text((ROOT / "docs" / "publishing.recommended.yml").read_text())
    statuses = []
    for name, *arguments in commands(ROOT / "docs" / "getting-started.md"):
        typed, _, target = " ".join([name, *arguments]).partition(" > ")
        statuses.append((typed, run_command(typed.split())))
        said = capsys.readouterr()
        assert said.err == "" or "--diff" in typed
        if target:
            Path(target).write_text(said.out)

    assert [typed for typed, status in statuses if status == 2] == []
    assert statuses[-2:] == [("scan --baseline .github/wharfinger-baseline.json .", 0), ("policy publishing.yml", 0)]


def test_what_the_action_is_given_is_what_it_takes() -> None:
    inputs = yaml.safe_load((ROOT / "action.yml").read_text())["inputs"].keys()
    (steps,) = [
        yaml.safe_load(text)["steps"]
        for text in blocks(ROOT / "docs" / "getting-started.md", "yaml")
        if "wharfinger/wharfinger@" in text
    ]
    used = {key for step in steps if "wharfinger/" in step["uses"] for key in step["with"]}
    assert used
    assert used <= inputs
