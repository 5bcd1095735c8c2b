"""Prints fixes and diagrams or writes fixes to the checkout, for `scan --diff`, `--graph` and `--fix`."""

import os
import stat
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from bot.evaluation.evaluate import Report
from bot.fixes.file_draft import apply_draft, decode_text, unified_diff
from bot.fixes.fix_plan import RepositoryFixes
from bot.model.errors import WharfingerError
from bot.model.findings import join_names
from bot.rendering import publish_path_diagram
from bot.rendering.fix_text import describe_fix, report_fixes
from bot.rendering.markdown import plain_line
from bot.snapshot.repository_snapshot import Snapshot, unread_facts
from handlers.cli.checkout import read_files

MAX_LINE_LENGTH = 2_000


def print_diff(reports: Sequence[tuple[Path, Report]]) -> None:
    """Print what `git apply` takes in each checkout; say on the error stream what it leaves to a person."""
    for folder, report in reports:
        fixes = report_fixes(report)
        for path, draft in fixes.drafts.items():
            sys.stdout.write(unified_diff(path, _unchanged_content(folder, path, report.snapshot), draft))
        _print_explanations(fixes, report.snapshot)


def print_graph(reports: Sequence[tuple[Path, Report]]) -> None:
    """Print the publish paths as one Mermaid flowchart."""
    sys.stdout.write(
        publish_path_diagram.render_mermaid((str(folder), report.snapshot) for folder, report in reports) + "\n"
    )


def write_fixes(reports: Sequence[tuple[Path, Report]]) -> None:
    """Write the fixes into the checkouts; raise WharfingerError when a file cannot be written, or is not what was judged."""
    for folder, report in reports:
        fixes = report_fixes(report)
        for path, draft in fixes.drafts.items():
            _write(folder, path, apply_draft(_unchanged_content(folder, path, report.snapshot), draft))
        _print_explanations(fixes, report.snapshot)


def _print_explanations(fixes: RepositoryFixes, snapshot: Snapshot) -> None:
    for line in _explanations(fixes, snapshot):
        sys.stderr.write(f"{plain_line(line, MAX_LINE_LENGTH)}\n")


def _explanations(fixes: RepositoryFixes, snapshot: Snapshot) -> Iterator[str]:
    for fix in fixes.fixes:
        yield from describe_fix(fix)
    if fixes.remaining:
        yield f"{fixes.remaining:,} more were not examined; apply these first, and run it again."
    unread = unread_facts(snapshot)
    if unread:
        yield f"Not everything could be read, so there may be more: {join_names(sorted(unread))}."
    elif not fixes.fixes:
        yield "There is no stored token here that a registry could do without."


def _unchanged_content(folder: Path, path: str, snapshot: Snapshot) -> bytes:
    """Read a file again, and hold it to what was judged."""
    content = read_files(folder, [path]).contents.get(path)
    if content is None or decode_text(content) != "\n".join(snapshot.workflows[path].lines):
        raise WharfingerError(f"{folder / path}: changed during the scan; scan again")
    return content


def _write(folder: Path, path: str, content: bytes) -> None:
    """Put a new file in the place of one, in one step; no part of its path below the checkout may be a symbolic link."""
    if sys.platform == "win32":  # it cannot open a folder, so nothing would hold the path while it is walked
        raise WharfingerError("--fix writes no files on Windows; use `wharfinger scan --diff PATH | git apply`")
    parts = PurePosixPath(path).parts
    opened: list[int] = []
    try:
        opened.append(os.open(folder, os.O_RDONLY | os.O_DIRECTORY))
        for part in parts[:-1]:
            opened.append(os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=opened[-1]))
        about = os.stat(parts[-1], dir_fd=opened[-1], follow_symlinks=False)
        if not stat.S_ISREG(about.st_mode):
            raise WharfingerError(f"{folder / path}: it is a symbolic link or no regular file, and is left alone")
        _replace_file(parts[-1], opened[-1], content, stat.S_IMODE(about.st_mode))
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        raise WharfingerError(
            f"{folder / path}: cannot be written ({reason}); a way that leads over a symbolic link is not taken"
        ) from error
    finally:
        for each in opened:
            os.close(each)


def _replace_file(name: str, folder: int, content: bytes, mode: int) -> None:
    """Write beside a file, then take its place: whoever reads sees the one or the other."""
    fresh = f".{name}.wharfinger-{os.getpid()}"
    made = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600, dir_fd=folder)
    try:
        with os.fdopen(made, "wb") as file:
            file.write(content)
            os.fchmod(file.fileno(), mode)
        os.replace(fresh, name, src_dir_fd=folder, dst_dir_fd=folder)
    except OSError:
        os.unlink(fresh, dir_fd=folder)
        raise
