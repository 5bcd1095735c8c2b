"""The change on its way to a person: beside a finding, as a diff on the terminal, written into the checkout."""

import os
import subprocess
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from bot.checks.rules.protected_environment import ProtectedEnvironment
from bot.checks.rules.trusted_publishing import TrustedPublishing
from bot.evaluation.evaluate import Report, evaluate_repository
from bot.model.core_types import FullName
from bot.policy import Policy
from bot.registries import load_catalog
from bot.rendering import check_run
from bot.snapshot.repository_snapshot import take_snapshot
from tests.bot.fixes.fixed_repository import PATH, job
from tests.conftest import run_cli

scan = partial(run_cli, "scan")

NPM = "      - run: npm publish\n        env:\n          NODE_AUTH_TOKEN: ${{ secrets.T }}\n"
TWICE = job(NPM + NPM)


def report(text: str) -> Report:
    taken = take_snapshot(
        FullName("acme/tool"), None, datetime(2026, 11, 24, tzinfo=UTC), {PATH: text.encode()}, load_catalog()
    )
    return evaluate_repository(taken.snapshot, Policy((TrustedPublishing(), ProtectedEnvironment())))


def checkout(folder: Path, text: str = TWICE) -> Path:
    file = folder / PATH
    file.parent.mkdir(parents=True)
    file.write_text(text)
    return file


def scanned(capsys: pytest.CaptureFixture[str], *words: str | Path) -> tuple[int, str, str]:
    status = scan(["--no-zizmor", *map(str, words)])
    said = capsys.readouterr()
    return status, said.out, said.err


def test_the_change_stands_beside_the_first_finding_that_it_mends() -> None:
    rendered = check_run.render_check_run(report(TWICE))
    notes = [note for note in rendered.annotations if note.title.startswith("trusted-publishing")]

    assert [note.raw_details is not None for note in notes] == [True, False]
    details = str(notes[0].raw_details)
    assert details.startswith(f"Suggested change:\ndiff --git a/{PATH} b/{PATH}\n")
    assert "\n+      id-token: write\n" in details
    assert "```diff\ndiff --git" in rendered.text


def test_other_rules_findings_are_not_given_the_change() -> None:
    notes = [
        n for n in check_run.render_check_run(report(TWICE)).annotations if n.title.startswith("protected-environment")
    ]

    assert notes
    assert not any("diff --git" in str(note.raw_details) for note in notes)


def test_git_applies_what_is_printed_and_the_next_scan_is_clean(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = checkout(tmp_path)

    status, out, err = scanned(capsys, "--diff", tmp_path)
    applied = subprocess.run(["git", "apply"], cwd=tmp_path, input=out.encode(), capture_output=True, check=False)  # noqa: S607 - git, as everybody has it

    assert (status, applied.returncode, applied.stderr) == (1, 0, b"")
    assert f"{PATH}:6 → npm (job send): changes {PATH}\n" in err
    assert "  then: On npm, let the package trust this repository, workflow release.yml" in err
    assert "secrets.T" not in file.read_text()
    assert "trusted-publishing: passed" in scanned(capsys, tmp_path, "-v")[1]


def test_fix_writes_the_same_and_reports_what_is_left(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = checkout(tmp_path)
    file.chmod(0o640)

    _, out, err = scanned(capsys, "--fix", "-v", tmp_path)

    assert "trusted-publishing: passed" in out
    assert "check: The job send had the repository's default permissions" in err
    assert (file.stat().st_mode & 0o777, [each.name for each in file.parent.iterdir()]) == (0o640, ["release.yml"])
    fixed = file.read_bytes()
    assert "There is no stored token here" in scanned(capsys, "--fix", tmp_path)[2]
    assert file.read_bytes() == fixed


def test_what_the_policy_allows_is_not_changed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = checkout(tmp_path)
    (tmp_path / ".github/publishing.yml").write_text("version: 1\nrules:\n  trusted-publishing: {allow: [npm]}\n")

    assert scanned(capsys, "--diff", tmp_path)[1] == ""
    assert file.read_text() == TWICE


def test_no_change_is_offered_without_a_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    checkout(tmp_path, job("      - {run: yarn publish, env: {NPM_TOKEN: '${{ secrets.T }}'}}\n"))

    _, out, err = scanned(capsys, "--diff", tmp_path)

    assert out == ""
    assert "no change is offered: yarn publish has no trusted publishing" in err


@pytest.mark.parametrize("linked", ["file", "folder"])
def test_nothing_is_written_through_a_symbolic_link(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], linked: str
) -> None:
    file = checkout(tmp_path)
    moved = tmp_path / "elsewhere"
    (file if linked == "file" else file.parent).rename(moved)
    (file if linked == "file" else file.parent).symlink_to(moved)
    there = moved if linked == "file" else moved / "release.yml"

    status, _, err = scanned(capsys, "--fix", tmp_path)

    assert status == 2
    assert "symbolic link" in err
    assert there.read_text() == TWICE


def test_what_cannot_be_written_is_said_and_left_as_it_was(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = checkout(tmp_path)
    in_the_way = file.with_name(f".release.yml.wharfinger-{os.getpid()}")
    in_the_way.write_text("somebody else's")

    status, _, err = scanned(capsys, "--fix", tmp_path)

    assert (status, "cannot be written (file exists)" in err) == (2, True)
    assert (file.read_text(), in_the_way.read_text()) == (TWICE, "somebody else's")


def test_a_terminal_is_not_steered_by_what_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    checkout(
        tmp_path,
        job("      - {run: yarn publish, env: {NPM_TOKEN: '${{ secrets.T }}'}}\n").replace("send:", '"a\\e[31m":'),
    )

    assert "\x1b" not in scanned(capsys, "--diff", tmp_path)[2]
