"""What `wharfinger scan` takes besides a folder, and what it leaves out or adds when it is asked to."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.handlers.cli.test_scan import STORED, checkout, scanned

SECOND = STORED.replace("upload:", "again:").replace("PYPI_TOKEN", "OTHER_TOKEN")


def baseline(folder: Path, file: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    file.write_text(scanned(capsys, folder, "--format", "json")[1])
    return file


def test_without_a_path_the_current_folder_is_scanned(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(checkout(tmp_path))
    assert scanned(capsys)[1].startswith(".: ")


def test_what_needs_nobody_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = scanned(capsys, tmp_path)
    assert len(out.splitlines()) == 4
    assert "not applicable (-v lists them)" in out


def test_failures_stand_first_and_the_most_severe_at_the_top(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    workflow = STORED.replace("permissions: {}\n", "").replace("@93cb6efe18208431cddfb8368fd83d5badbf9bfd", "@v1")
    _, out, _ = scanned(capsys, checkout(tmp_path, workflow), "-v")
    outcomes = [
        line.split(": ")[1] for line in out.splitlines() if line.startswith("  ") and line[2].isalpha() and ": " in line
    ]
    severities = [
        line.split()[0]
        for line in out.splitlines()
        if line.strip().startswith(("critical ", "high ", "medium ", "low "))
    ]

    assert outcomes == sorted(outcomes, key=["failed", "unknown", "passed", "not applicable"].index)
    assert severities == sorted(severities, key=["critical", "high", "medium", "low"].index)
    assert "failed" in outcomes


def test_findings_of_the_baseline_are_not_new(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = checkout(tmp_path / "tool")
    known = baseline(folder, tmp_path / "known.json", capsys)

    status, out, _ = scanned(capsys, folder, "--baseline", known)
    assert status == 0
    assert "in the baseline" in out
    assert "PYPI_TOKEN" not in out.replace("stored token (PYPI_TOKEN)", "")

    (folder / ".github" / "workflows" / "second.yml").write_text(SECOND)
    status, out, _ = scanned(capsys, folder, "--baseline", known)
    assert status == 1
    assert "publishes to PyPI with the stored secret OTHER_TOKEN" in out
    assert "publishes to PyPI with the stored secret PYPI_TOKEN" not in out


def test_the_baseline_stays_good_when_lines_move(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = checkout(tmp_path / "tool")
    known = baseline(folder, tmp_path / "known.json", capsys)
    checkout(tmp_path / "moved", f"# moved\n{STORED}")

    assert scanned(capsys, tmp_path / "moved", "--baseline", known)[0] == 0


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"repositories": [{"findings": [{}]}]}', "[" * 100_000])
def test_a_baseline_that_is_none_is_named_with_what_makes_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str
) -> None:
    file = tmp_path / "known.json"
    file.write_text(content)
    status, out, err = scanned(capsys, checkout(tmp_path / "tool"), "--baseline", file)

    assert (status, out) == (2, "")
    assert err == (
        f"wharfinger scan: {file}: it is not what `wharfinger scan PATH --format json` printed for one checkout; make it with that\n"
    )


def test_the_page_of_each_rule_that_failed_can_be_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = scanned(capsys, checkout(tmp_path), "--explain")
    assert out.count("# Packages are published with short-lived credentials") == 1
    assert "## What to do" in out
    assert "## Examples" not in out


def test_a_workflow_gets_annotations_and_a_summary(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = checkout(tmp_path)
    status, annotations, _ = scanned(capsys, folder, "--format", "github")

    assert status == 1
    assert annotations.startswith("::error file=.github/workflows/release.yml,line=8,")
    assert "| high | [<code>trusted-publishing</code>]" in scanned(capsys, folder, "--format", "markdown")[1]


@pytest.fixture
def github(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of git repositories in the place of GitHub, and one repository in it."""
    source = checkout(tmp_path / "github" / "acme" / "toolbox")
    (source / ".github" / "publishing.yml").write_text("version: 1\n")
    git = ["git", "-c", "user.name=Ann", "-c", "user.email=ann@example.com"]
    for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message", "Begin"]):
        subprocess.run([*git, *command], cwd=source, check=True)  # noqa: S603 - our own words
    settings = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.file://{tmp_path}/github/.insteadOf",
        "GIT_CONFIG_VALUE_0": "https://github.com/",
        "GIT_ALLOW_PROTOCOL": "file",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("ending", ["", ".git", "/"])
def test_a_repository_is_scanned_by_its_address(github: Path, capsys: pytest.CaptureFixture[str], ending: str) -> None:
    if ending == ".git":
        (github / "github" / "acme" / "toolbox").rename(github / "github" / "acme" / "toolbox.git")
    address = f"https://github.com/acme/toolbox{ending}"
    status, out, _ = scanned(capsys, address, "--format", "json")
    (repository,) = json.loads(out)["repositories"]

    assert status == 1
    assert repository["path"] == address
    assert repository["policy"]["files"] == [".github/publishing.yml"]
    assert not list(github.glob("wharfinger-scan-*"))


def test_a_repository_is_scanned_by_its_name_when_the_network_may_be_used(
    github: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(github)
    monkeypatch.setenv("GH_TOKEN", "a token for tests")
    status, _, err = scanned(capsys, "acme/toolbox")

    assert (status, err) == (
        2,
        "wharfinger scan: acme/toolbox: there is no such folder; to scan that repository on GitHub, add --online\n",
    )
    assert scanned(capsys, "acme/toolbox", "--online")[1].startswith("acme/toolbox: ")


def test_an_address_that_cannot_be_fetched_is_named(github: Path, capsys: pytest.CaptureFixture[str]) -> None:
    del github
    status, out, err = scanned(capsys, "https://github.com/acme/nothing")
    assert (status, out) == (2, "")
    assert err.startswith("wharfinger scan: https://github.com/acme/nothing: cannot be fetched (")
    assert err.endswith("; check the name, and that git may read it\n")


def test_git_follows_no_address_that_is_a_command(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    status, _, err = scanned(capsys, f"ext::sh -c 'touch {tmp_path}/made'")
    assert status == 2
    assert "not a folder" in err
    assert not (tmp_path / "made").exists()
