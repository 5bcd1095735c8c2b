"""The demo is true: it ends well, each story as it is told; and a story that ends otherwise is noticed."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bot.registries import load_catalog
from tests.demo.check_run_watcher import differences
from tests.demo.demo_scenarios import SCENARIOS, WORKFLOW
from tests.demo.sample_organization import REPOSITORIES, files_of
from tests.fakes.github.state.checks import FakeCheckRun, FakeCheckSuite

ROOT = Path(__file__).parents[2]


def test_the_quarter_is_told_to_its_end() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.demo", "--quarter"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=170
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr
    assert "✗" not in done.stdout
    assert done.stdout.count("✓") == 11


def test_the_demo_ends_with_eight_check_runs_that_match_their_stories() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.demo", "--once"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=170
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Each ended as its story wants, and nothing was left undone." in done.stdout
    for story in SCENARIOS:
        assert f"{story.conclusion:<15} {story.repository}\n" in done.stdout
    for record in (
        "Inventory: 6 publishing identities",
        "Issue in acme/cli: acme/cli does not meet the publishing policy",
        "Digest: ",
        "Expired waiver",
    ):
        assert f"\n  {record}" in done.stdout
    assert "success         acme/toolbox, tag v1.4.0\n" in done.stdout
    assert "v1.4.0: 1 version traced" in done.stdout
    assert "\n  Gate: acme/toolbox v1.4.0 approved\n" in done.stdout
    assert "\n  Evidence: v1.4.0: 1 version traced\n    version: 1.4.0 of acme-toolbox on pypi" in done.stdout
    assert "\n    approved by: mona\n" in done.stdout
    assert "\n  Gate: acme/toolbox v1.4.1 rejected\n    release-authority: .github/workflows/release.yml" in done.stdout
    assert "\n  Publisher changed: acme-toolbox 1.4.2 on PyPI\n" in done.stdout
    assert "created or rotated" in done.stdout
    assert done.stderr == ""


def run(conclusion: str, rule: str, line: int) -> FakeCheckRun:
    suite = FakeCheckSuite(1, 2, "c0ffee", "main", None, 0, 0)
    note = {"title": f"{rule}: the good state", "path": WORKFLOW, "start_line": line}
    return FakeCheckRun(3, suite, 2, "c0ffee", "publishing", "completed", conclusion, annotations=[note])


@pytest.mark.parametrize(
    ("ended", "said"),
    [
        (run("failure", "trusted-publishing", 36), ""),
        (run("success", "trusted-publishing", 36), "ended as success, not as failure"),
        (run("failure", "pinned-actions", 36), "not because of 'trusted-publishing"),
        (run("failure", "trusted-publishing", 7), "not because of 'trusted-publishing"),
    ],
)
def test_a_story_that_ends_otherwise_is_noticed(ended: FakeCheckRun, said: str) -> None:
    found = differences(replace(SCENARIOS[0], expected_reason=f"trusted-publishing {WORKFLOW}:36"), ended)

    assert bool(found) is bool(said)
    assert said in "".join(found)


def test_every_sample_repository_has_its_story_and_no_placeholder_is_left() -> None:
    folders = {path.name for path in REPOSITORIES.iterdir() if path.is_dir()}
    catalogue = load_catalog()

    assert folders == {story.name for story in SCENARIOS}
    for name in folders:
        for path, text in files_of(name, catalogue).items():
            assert "{url:" not in text, path
            assert "{day:" not in text, path
