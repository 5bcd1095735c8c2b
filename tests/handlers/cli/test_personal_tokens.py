"""Holds that the report, the diff and least-permissions say the same of a stored personal token."""

from functools import partial
from pathlib import Path
from textwrap import dedent

import pytest

from bot.registries import load_catalog
from tests.conftest import run_cli

scan = partial(run_cli, "scan")

WORKFLOW = """\
    on: {push: {tags: ["v*"]}}
    jobs:
      publish:
        runs-on: ubuntu-latest
        steps:
          - uses: docker/login-action@v3
            with:
              registry: "{host:ghcr.registry}"
              username: acme
              password: ${{ secrets.GHCR_PAT }}
          - uses: docker/build-push-action@v6
            with: {push: true, tags: "{host:ghcr.registry}/acme/widgets:1"}
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    file = tmp_path / ".github" / "workflows" / "release.yml"
    file.parent.mkdir(parents=True)
    file.write_text(load_catalog().expand_addresses(dedent(WORKFLOW)))
    return tmp_path


def scanned(capsys: pytest.CaptureFixture[str], *words: str | Path) -> str:
    scan(["--no-zizmor", *map(str, words)])
    return capsys.readouterr().out


def test_the_diff_makes_the_change_that_the_report_describes(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report, diff = scanned(capsys, checkout), scanned(capsys, "--diff", checkout)

    assert "packages: write" in report
    assert "packages: write" in diff


def test_least_permissions_names_what_this_registry_needs(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = scanned(capsys, checkout)
    (advice,) = (line for line in report.splitlines() if "Give the job publish its own permissions" in line)

    assert "packages: write" in advice
