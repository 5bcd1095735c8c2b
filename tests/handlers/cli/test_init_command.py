"""`wharfinger init`: what it proposes is valid, and it writes only what is asked for and not there."""

from functools import partial
from pathlib import Path

import pytest
import yaml

from bot.policy.read_policy import read_policy
from bot.registries import load_catalog
from handlers.cli.init_command import WORKFLOW_FILE
from tests.conftest import run_cli
from tests.handlers.cli.test_scan import STORED, checkout

init, scan = partial(run_cli, "init"), partial(run_cli, "scan")
POLICY_FILE = ".github/publishing.yml"


def test_it_prints_and_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = checkout(tmp_path)
    before = sorted(folder.rglob("*"))

    assert init([str(folder)]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"# {WORKFLOW_FILE}\n")
    assert f"\n# {POLICY_FILE}\n" in out
    assert sorted(folder.rglob("*")) == before


def test_the_policy_enforces_what_passes_and_fails_nothing_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = checkout(tmp_path)
    assert init([str(folder), "--write"]) == 0
    policy = read_policy((folder / POLICY_FILE).read_bytes(), list(load_catalog().registries))

    assert {"no-hardcoded-tokens", "explicit-secrets"} <= {str(name) for name in policy.checks}
    assert "trusted-publishing" not in policy.checks
    assert "#   trusted-publishing\n" in (folder / POLICY_FILE).read_text()
    assert scan([str(folder)]) == 1
    assert "policy: .github/publishing.yml" in capsys.readouterr().out


def test_the_workflow_is_no_finding_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert init([str(tmp_path), "--write"]) == 0
    assert scan([str(tmp_path)]) == 0
    assert "0 publications, 0 findings" in capsys.readouterr().out
    job = yaml.safe_load((tmp_path / WORKFLOW_FILE).read_text())["jobs"]["scan"]
    assert job["permissions"] == {"contents": "read", "security-events": "write"}


def test_what_is_there_stays_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = checkout(tmp_path, STORED)
    (folder / POLICY_FILE).write_text("version: 1\n")

    assert init([str(folder), "--write"]) == 0
    assert f"{folder / POLICY_FILE} is there already, and stays as it is\n" in capsys.readouterr().out
    assert (folder / POLICY_FILE).read_text() == "version: 1\n"
    assert (folder / WORKFLOW_FILE).exists()


def test_nothing_is_written_out_of_the_checkout(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, elsewhere = tmp_path / "checkout", tmp_path / "elsewhere"
    (folder / ".github").mkdir(parents=True)
    elsewhere.mkdir()
    (folder / ".github" / "workflows").symlink_to(elsewhere)

    assert init([str(folder), "--write"]) == 2
    assert "leads out of the checkout" in capsys.readouterr().err
    assert not list(elsewhere.iterdir())
