"""A change as a file and as a diff: git takes it, and every other byte stays."""

import subprocess
from pathlib import Path

import pytest

from bot.fixes.file_draft import apply_draft, unified_diff
from tests.bot.fixes.fixed_repository import fix_repository, job

TEXT = job(
    "      - uses: actions/checkout@v5\n\n      # send it\n      - run: npm publish\n        env:\n"
    "          NODE_AUTH_TOKEN: ${{ secrets.T }}\n"
)


def git(folder: Path, *words: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["git", *words], cwd=folder, input=given, capture_output=True, check=False)  # noqa: S603, S607 - git, as everybody has it


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode(),
        TEXT.rstrip("\n").encode(),
        TEXT.replace("\n", "\r\n").encode(),
        TEXT.rstrip("\n").replace("\n", "\r\n").encode(),
        b"\xef\xbb\xbf" + TEXT.encode(),
        TEXT.replace("checkout@v5\n", "checkout@v5\r\n").encode(),
        TEXT.replace("# send it", "# sénd ït 🚢").encode(),
    ],
    ids=["plain", "no last newline", "CRLF", "CRLF, no last newline", "byte order mark", "mixed ends", "not ASCII"],
)
@pytest.mark.parametrize("name", ["release.yml", 'odd "náme" .yml'])
def test_git_applies_the_diff_and_gets_the_file_that_is_written(tmp_path: Path, content: bytes, name: str) -> None:
    (draft,) = fix_repository(content.decode()).verified_fix.drafts.values()
    path = f".github/workflows/{name}"
    file = tmp_path / path
    file.parent.mkdir(parents=True)
    file.write_bytes(content)

    applied = git(tmp_path, "apply", "--whitespace=nowarn", "-", given=unified_diff(path, content, draft).encode())

    assert applied.returncode == 0, applied.stderr
    assert file.read_bytes() == apply_draft(content, draft)
    assert b"NODE_AUTH_TOKEN" not in file.read_bytes()


def test_lines_keep_the_ends_they_have() -> None:
    content = TEXT.replace("\n", "\r\n").encode()
    (draft,) = fix_repository(content.decode()).verified_fix.drafts.values()

    after = apply_draft(content, draft)

    assert after.count(b"\n") == after.count(b"\r\n")


def test_breaks_that_only_yaml_knows_are_not_counted_on() -> None:
    story = fix_repository(TEXT.replace("- run", '- name: "send\u2028it"\n        run'))

    assert "breaks lines with characters that only YAML takes for breaks" in str(story.fix.refusal)
    assert not story.verified_fix.drafts


def test_what_is_mended_has_nothing_left_to_mend() -> None:
    assert not fix_repository(fix_repository(TEXT).text()).verified_fix.fixes
