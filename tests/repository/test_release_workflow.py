"""Our own release is the model of what the rules ask for, as far as files show it."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot import __version__
from tests.conftest import run_cli

ROOT = Path(__file__).parents[2]
RELEASE = ROOT / ".github" / "workflows" / "release.yml"
CHECKOUT = "actions/checkout@"


def jobs() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load(RELEASE.read_text())["jobs"]
    return found


def test_the_project_passes_each_rule_that_reads_files(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_cli("scan", [str(ROOT), "--format", "json"]) == 0
    (repository,) = json.loads(capsys.readouterr().out)["repositories"]

    assert (repository["findings"], repository["unexplained"], repository["unreadable"]) == ([], [], [])
    assert {"pypi", "github-releases"} <= {each["registry"] for each in repository["publications"]}
    assert {each["environment"] for each in repository["publications"]} == {"release"}
    assert {each["credential"] for each in repository["publications"]} == {"oidc", "github-token"}


def test_jobs_that_publish_build_nothing_and_jobs_that_build_hold_nothing() -> None:
    for name, job in jobs().items():
        uses = [step.get("uses", "") for step in job["steps"]]
        publishes = "publish" in name
        assert publishes == (job.get("environment") == "release"), name
        assert publishes != any(use.startswith(CHECKOUT) for use in uses), name
        assert publishes == ("id-token" in job["permissions"]), name
        assert publishes or job["permissions"] == {"contents": "read"}, name


def test_what_is_uploaded_is_attested_first() -> None:
    uses = [step.get("uses", "").partition("@")[0] for step in jobs()["publish"]["steps"]]
    assert uses.index("actions/attest") < uses.index("pypa/gh-action-pypi-publish")


def test_a_tag_that_does_not_name_the_version_is_refused(tmp_path: Path) -> None:
    command = [str(ROOT / ".ci" / "build"), str(tmp_path), "v0.0.0"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own script

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"the tag v0.0.0 is not v{__version__}: ")
    assert not list(tmp_path.iterdir())
