"""`wharfinger policy`: what it says of a file before it is merged."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from handlers.cli.main import run_command

WAIVER = "- {rule: trusted-publishing, repository: acme/tool, reason: moving, owner: '@ann', expires: %s}\n"


def checked(folder: Path, text: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[str]]:
    file = folder / "publishing.yml"
    file.write_text(text)
    status = run_command(["policy", str(file)])
    return status, capsys.readouterr().out.replace(f"{folder}/", "").splitlines()


def day(days: int) -> str:
    return (datetime.now(UTC).date() + timedelta(days=days)).isoformat()


def test_what_is_in_it_is_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "version: 1\nrules: {trusted-publishing: off, pinned-actions: {mode: enforce}}\nrepositories: [{match: {name: x}}]\nwaivers:\n"
    assert checked(tmp_path, text + WAIVER % day(60), capsys) == (
        0, ["publishing.yml: valid; 1 rule set, 1 switched off, 1 target, 1 waiver"],
    )  # fmt: skip


def test_waivers_that_ask_for_attention_are_named_with_their_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, lines = checked(
        tmp_path,
        "version: 1\nmax-waiver-duration: 90d\nwaivers:\n" + "".join(WAIVER % day(n) for n in (-1, 9, 60, 91)),
        capsys,
    )

    assert status == 2
    assert lines == [
        "publishing.yml: not valid: a waiver would last too long; 0 rules set, 0 switched off, 4 waivers",
        f"publishing.yml:4: this waiver ended on {day(-1)}; take it out, or have another one reviewed",
        f"publishing.yml:5: this waiver ends on {day(9)}",
        f"publishing.yml:7: this waiver would last until {day(91)}, and a waiver may last 90d; set an earlier `expires`",
    ]
