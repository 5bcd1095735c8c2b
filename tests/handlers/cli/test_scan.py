"""`wharfinger scan` on checkouts: what it prints, how it ends, and that nothing outside of a checkout is read."""

import json
import os
import pty
import subprocess
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from handlers.cli.scan import with_progress_bar
from tests.conftest import run_cli

scan = partial(run_cli, "scan")

STORED = """on: {push: {tags: ["v*"]}}
permissions: {}
jobs:
  upload:
    runs-on: ubuntu-latest
    environment: pypi
    steps:
      - uses: pypa/gh-action-pypi-publish@93cb6efe18208431cddfb8368fd83d5badbf9bfd
        with: {password: "${{ secrets.PYPI_TOKEN }}"}
"""
CLEAN = STORED.replace('        with: {password: "${{ secrets.PYPI_TOKEN }}"}\n', "").replace(
    "    steps:", "    permissions: {id-token: write}\n    steps:"
)


def checkout(folder: Path, workflow: str | bytes = STORED) -> Path:
    path = folder / ".github" / "workflows" / "release.yml"
    path.parent.mkdir(parents=True)
    path.write_bytes(workflow.encode() if isinstance(workflow, str) else workflow)
    return folder


def scanned(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    status = scan([str(argument) for argument in arguments])
    said = capsys.readouterr()
    return status, said.out, said.err


def test_findings_end_with_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = scanned(capsys, checkout(tmp_path))

    assert (status, err) == (1, "")
    assert "high .github/workflows/release.yml:8 publishes to PyPI with the stored secret PYPI_TOKEN" in out


def test_a_clean_checkout_ends_with_zero_and_says_what_it_cannot_see(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = checkout(tmp_path, CLEAN)
    status, out, _ = scanned(capsys, folder)
    _, all_of_it, _ = scanned(capsys, folder, "-v")

    assert status == 0
    assert "unknown, since GitHub holds what they read and the App sees it" in out
    assert "protected-environment: unknown" in all_of_it
    assert "trusted-publishing: passed" in all_of_it
    assert "trusted-publishing" not in out


def test_a_checkout_that_publishes_nothing_is_clean(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = scanned(capsys, tmp_path)

    assert status == 0
    assert "Nothing is published from here" in out


@pytest.mark.parametrize(("severity", "status"), [("low", 1), ("high", 1), ("critical", 0)])
def test_fail_on_says_from_where_findings_count(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], severity: str, status: int
) -> None:
    assert scanned(capsys, checkout(tmp_path), "--fail-on", severity)[0] == status


def test_json_lists_every_path_in_the_order_typed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    second, first = checkout(tmp_path / "b", CLEAN), checkout(tmp_path / "a")
    status, out, _ = scanned(capsys, second, first, "--format", "json")
    repositories = json.loads(out)["repositories"]

    assert status == 1
    assert [repository["path"] for repository in repositories] == [str(second), str(first)]
    assert repositories[1]["publications"][0]["credential"] == "long-lived"
    assert repositories[1]["outcomes"]["trusted-publishing"] == "failed"


@pytest.mark.parametrize(
    "content", [b"jobs:\n\ttab: 1\n", b"\xff\xfe", b"a: &a [*a, *a]", b"jobs: []\n", b"on: push\non: push\n"]
)
def test_a_workflow_that_cannot_be_read_is_listed_and_never_clean(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    status, out, _ = scanned(capsys, checkout(tmp_path, content), "--format", "json")
    repository = json.loads(out)["repositories"][0]

    assert status == 2
    assert repository["unreadable"][0]["file"] == ".github/workflows/release.yml"
    assert set(repository["outcomes"].values()) == {"unknown"}


def test_a_script_that_was_understood_in_part_is_judged_and_said_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    workflow = b"on: push\njobs:\n  a:\n    steps:\n      - run: |\n          npm publish\n          if x; then fi (\n"
    folder = checkout(tmp_path, workflow)
    repository = json.loads(scanned(capsys, folder, "--format", "json")[1])["repositories"][0]
    _, out, _ = scanned(capsys, folder)

    reason = "the grammar does not understand all of the script"
    assert repository["publications"][0]["registry"] == "npm"
    assert repository["unreadable"] == []
    assert repository["partly"] == [{"file": ".github/workflows/release.yml", "reason": reason, "line": 5}]
    assert f"read in part .github/workflows/release.yml:5: {reason}" in out


def test_what_could_be_read_is_judged_beside_what_could_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    checkout(tmp_path)
    (tmp_path / ".github/workflows/broken.yml").write_text("jobs: [")
    status, out, _ = scanned(capsys, tmp_path)

    assert status == 2
    assert "publishes to PyPI with the stored secret PYPI_TOKEN" in out
    assert "unreadable .github/workflows/broken.yml" in out


def test_a_link_out_of_the_checkout_is_not_followed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outside = tmp_path / "outside.yml"
    outside.write_text(STORED)
    inside = checkout(tmp_path / "repository", CLEAN)
    (inside / ".github/workflows/link.yml").symlink_to(outside)
    status, out, _ = scanned(capsys, inside)

    assert status == 2
    assert "link.yml: the path leads out of the checkout" in out
    assert "PYPI_TOKEN" not in out


def test_a_folder_of_workflows_that_lies_elsewhere_is_not_followed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outside = checkout(tmp_path / "outside")
    inside = tmp_path / "repository"
    inside.mkdir()
    (inside / ".github").symlink_to(outside / ".github")
    status, out, err = scanned(capsys, inside)

    assert (status, out) == (2, "")
    assert "leads out of the checkout" in err


def test_what_is_no_regular_file_does_not_hang_the_scan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo(checkout(tmp_path, CLEAN) / ".github/workflows/pipe.yml")
    (tmp_path / ".github/workflows/folder.yml").mkdir()
    (tmp_path / ".github/workflows/dangling.yml").symlink_to("nowhere.yml")
    status, out, _ = scanned(capsys, tmp_path)

    assert status == 2
    assert "pipe.yml: it is not a regular file" in out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nowhere"], "nowhere: not a folder; give the folder of a checkout"),
        ([".", "--policy", "nowhere.yml"], "nowhere.yml: cannot be read (no such file or directory); check --policy"),
    ],
)
def test_bad_use_is_told_in_one_sentence(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    sentence: str,
) -> None:
    monkeypatch.chdir(tmp_path)

    assert scanned(capsys, *arguments) == (2, "", f"wharfinger scan: {sentence}\n")


def test_an_organizations_policy_is_followed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "publishing.yml"
    file.write_text("version: 1\nrules: {trusted-publishing: {allow: [pypi]}}")

    assert scanned(capsys, checkout(tmp_path / "a"), "--policy", file)[0] == 0


def test_a_checkouts_own_policy_is_followed_and_may_not_loosen_the_organizations(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = checkout(tmp_path / "a")
    (folder / ".github/publishing.yml").write_text("version: 1\nrules: {trusted-publishing: off}")
    organization = tmp_path / "publishing.yml"
    organization.write_text("version: 1")

    assert scanned(capsys, folder)[0] == 0
    status, out, _ = scanned(capsys, folder, "--policy", organization)
    assert status == 1
    assert "note: .github/publishing.yml:2 switches it off for trusted-publishing" in out


def test_a_policy_that_is_not_valid_is_told_with_file_and_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = checkout(tmp_path / "a")
    (folder / ".github/publishing.yml").write_text("version: 1\nrules: {trusted: off}")
    status, out, err = scanned(capsys, folder)

    assert (status, out) == (2, "")
    assert f"{folder}/.github/publishing.yml: line 2: there is no rule 'trusted' here" in err


def test_a_script_that_a_step_runs_is_read_from_the_checkout(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    workflow = (
        STORED.partition("      - uses")[0]
        + "      - run: scripts/publish\n        env: {TWINE_PASSWORD: '${{ secrets.PYPI_TOKEN }}'}\n"
    )
    folder = checkout(tmp_path, workflow)
    (folder / "scripts").mkdir()
    (folder / "scripts/publish").write_text("#!/bin/sh -e\ntwine upload dist/*\n")
    publication = json.loads(scanned(capsys, folder, "--format", "json")[1])["repositories"][0]["publications"][0]

    assert (publication["registry"], publication["line"], publication["secrets"]) == ("pypi", 8, ["PYPI_TOKEN"])
    assert any("scripts/publish" in via for via in publication["via"])


def test_files_that_lead_on_and_on_are_followed_only_so_far_and_that_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [f"scripts/publish-{number}" for number in range(600)]
    runs = "".join(f"      - run: {name}\n" for name in names)
    folder = checkout(tmp_path, CLEAN.partition("      - uses")[0] + runs)
    (folder / "scripts").mkdir()
    for name in names:
        (folder / name).write_text("twine upload dist/*\n")
    status, out, _ = scanned(capsys, folder, "--format", "json")
    repository = json.loads(out)["repositories"][0]

    assert status == 2
    assert len(repository["publications"]) + len(repository["unreadable"]) >= 600
    assert "not followed" in repository["unreadable"][0]["reason"]


def at_a_terminal(folder: Path, **environment: str) -> str:
    """Scan with standard output on a terminal, and give what a person would see."""
    controller, terminal = pty.openpty()
    command = [
        sys.executable,
        "-m",
        "handlers.cli.main",
        "scan",
        str(folder),
    ]
    surroundings = {key: value for key, value in os.environ.items() if key not in {"NO_COLOR", "FORCE_COLOR"}}
    with subprocess.Popen(command, stdout=terminal, env=surroundings | {"TERM": "xterm"} | environment) as process:  # noqa: S603 - our own words
        os.close(terminal)
        shown = b""
        with suppress(OSError):  # Linux ends a terminal that nobody writes to any more with EIO
            while piece := os.read(controller, 65_536):
                shown += piece
        process.wait()
    os.close(controller)
    return shown.decode()


def test_a_terminal_is_coloured_unless_no_color_is_set(tmp_path: Path) -> None:
    folder = checkout(tmp_path)

    assert "\x1b[31mfailed" in at_a_terminal(folder)
    assert "\x1b[" not in at_a_terminal(folder, NO_COLOR="1")


def test_a_terminal_that_knows_only_ascii_is_served_too(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "handlers.cli.main", "scan", str(checkout(tmp_path))]
    said = subprocess.run(command, capture_output=True, check=False, env=os.environ | {"PYTHONIOENCODING": "ascii"})  # noqa: S603 - our own words

    assert (said.returncode, said.stderr) == (1, b"")
    assert b"release.yml:8 \\u2192 PyPI" in said.stdout


def test_progress_yields_each_path_once_and_is_silent_when_quick(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(with_progress_bar(["a", "b"], 2)) == ["a", "b"]
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("form", ["text", "json", "csv", "sarif"])
def test_many_checkouts_read_the_same_however_many_processes_scan_them(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], form: str
) -> None:
    workflows = (STORED, CLEAN, "jobs: [", STORED.replace("pypa/gh", "acme/gh"), CLEAN + "# a comment\n")
    folders = [str(checkout(tmp_path / f"r{number}", workflows[number % 5])) for number in range(41)]
    statuses = [scan([*folders, "--format", form, "--no-zizmor", "--jobs", jobs]) for jobs in ("1", "3")]
    out = capfd.readouterr().out

    assert statuses == [2, 2]
    assert out[: len(out) // 2] == out[len(out) // 2 :]
    assert all((folder if form != "sarif" else f"wharfinger/{Path(folder).name}/") in out for folder in folders)


def test_an_error_in_one_of_many_checkouts_is_told_before_anything_is_printed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folders = [checkout(tmp_path / f"r{number}") for number in range(20)]
    (folders[-1] / ".github/publishing.yml").write_text("version: 1\nrules: {trusted: off}")
    status = scan(list(map(str, folders)))
    said = capfd.readouterr()

    assert (status, said.out) == (2, "")
    assert "there is no rule 'trusted' here" in said.err


@pytest.mark.parametrize("number", ["0", "-1", "many", "1000"])
def test_a_number_of_processes_that_is_none_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], number: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        scan([str(tmp_path), f"--jobs={number}"])

    assert ended.value.code == 2
    assert "is no number from 1 to 256" in capsys.readouterr().err


def test_scan_loads_nothing_that_it_does_not_need(tmp_path: Path) -> None:
    code = "import sys; from handlers.cli.main import run_command; run_command(['scan', *sys.argv[1:]]); print(*sys.modules)"
    loaded = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-c", code, str(checkout(tmp_path))], capture_output=True, text=True, check=True
    ).stdout

    assert not {"githubkit", "httpx", "rq", "redis", "starlette", "jinja2", "jsonschema_rs", "tqdm"} & set(
        loaded.split()
    )
