"""Runs zizmor on the files of the publish path in a process with restricted resources."""

import contextlib
import os
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeAlias, TypeVar

from bot.checks.rules.workflow_hygiene import WorkflowHygiene
from bot.model.errors import UnreadableError
from bot.model.findings import Known, MaybeKnown
from bot.policy import Policy
from bot.snapshot.repository_snapshot import Snapshot
from bot.snapshot.zizmor_findings import (
    ZizmorFinding,
    ZizmorFindings,
    parse_zizmor_output,
    publish_path_files,
    unknown_findings,
    why_too_large,
)
from bot.workflows import Action, Workflow

TIME_LIMIT = 10.0  # seconds for all files of one repository, and for those of a batch
MEMORY_LIMIT = 1 << 30  # bytes of address space
MAX_OUTPUT_BYTES = 32 << 20  # bytes of an answer
MAX_BATCH_LINES = 20_000  # lines of the files that one process checks; zizmor reads them in a second

Key = TypeVar("Key", bound=Hashable)
Item = TypeVar("Item")
FileFindings: TypeAlias = dict[str, MaybeKnown[tuple[ZizmorFinding, ...]]]  # by path
FilesByRepository: TypeAlias = dict[int, dict[str, Workflow | Action]]  # by the repository's number, and by path

# No word of the repository's configuration, of its comments, or of our environment counts; zizmor asks nobody.
_ARGUMENTS = (
    "--quiet", "--offline", "--no-config", "--no-ignores", "--strict-collection", "--persona=regular",
    "--format=json-v1", "--no-exit-codes", "--no-progress", "--color=never", "--",
)  # fmt: skip

_INHERITED = {
    name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ
}  # Windows starts nothing without it


def find_zizmor() -> Path | None:
    """Find the program that was installed with us; another one on the PATH is none that we know."""
    program = shutil.which("zizmor", path=sysconfig.get_path("scripts"))
    return Path(program) if program else None


def add_zizmor_findings(snapshot: Snapshot, policy: Policy) -> Snapshot:
    """Add zizmor's findings to a snapshot, if something is published and the policy has the rule that needs them."""
    return add_all_zizmor_findings([(snapshot, policy)])[0]


def add_all_zizmor_findings(judged: Sequence[tuple[Snapshot, Policy]]) -> list[Snapshot]:
    """Add zizmor's findings to many snapshots, as `add_zizmor_findings` does to one, with few processes."""
    asked = [number for number, (snapshot, policy) in enumerate(judged) if _asks_zizmor(snapshot, policy)]
    found = run_zizmor_on_all([judged[number][0] for number in asked], find_zizmor()) if asked else []
    snapshots = [snapshot for snapshot, _ in judged]
    for number, findings in zip(asked, found, strict=True):
        snapshots[number] = replace(snapshots[number], zizmor_findings=findings)
    return snapshots


def _asks_zizmor(snapshot: Snapshot, policy: Policy) -> bool:
    return bool(snapshot.publications) and any(isinstance(rule, WorkflowHygiene) for rule in policy.rules)


def run_zizmor(snapshot: Snapshot, program: Path | None, time_limit: float = TIME_LIMIT) -> ZizmorFindings:
    """Return what zizmor finds in each file on the publish path, or why that is unknown."""
    return run_zizmor_on_all([snapshot], program, time_limit)[0]


def run_zizmor_on_all(
    snapshots: Sequence[Snapshot], program: Path | None, time_limit: float = TIME_LIMIT
) -> list[ZizmorFindings]:
    """Return what zizmor finds in the files of each snapshot's publish path; `time_limit` is for each repository, in seconds.

    One process checks many repositories. Where it fails, each half is checked again, down to the file that makes it fail.
    """
    found: list[FileFindings] = [{} for _ in snapshots]
    asked: FilesByRepository = {}
    for number, snapshot in enumerate(snapshots):
        for path, file in publish_path_files(snapshot.publications, snapshot.workflows, snapshot.actions).items():
            reason = "zizmor is not installed beside Wharfinger" if program is None else why_too_large(file)
            if reason is None:
                asked.setdefault(number, {})[path] = file
            else:
                found[number][path] = unknown_findings(path, reason)
    if program is not None:
        run = _ZizmorRun(program, time_limit)
        for batch in _batches(asked):
            for number, findings in run.check_all(batch).items():
                found[number] |= findings
    return list(found)


def _batches(asked: FilesByRepository) -> Iterator[FilesByRepository]:
    """Cut what is asked into batches of whole repositories, by the number of lines that zizmor has to read."""
    batch: FilesByRepository = {}
    lines = 0
    for number, files in asked.items():
        more = sum(len(file.lines) for file in files.values())
        if batch and lines + more > MAX_BATCH_LINES:
            yield batch
            batch, lines = {}, 0
        batch[number] = files
        lines += more
    if batch:
        yield batch


class _TookTooLongError(UnreadableError):
    """zizmor did not end within its time."""


@dataclass(frozen=True, slots=True)
class _ZizmorRun:
    """Asks about files of one or more repositories; one file that zizmor stumbles over must not hide the others."""

    program: Path
    time_limit: float  # seconds for the files of one repository, and for a batch of them

    def check_all(self, batch: FilesByRepository) -> dict[int, FileFindings]:
        """Ask about all repositories at once; if that fails, about each half, down to the repository that makes it fail."""
        if len(batch) == 1:
            return {number: self.check(files, time.monotonic() + self.time_limit) for number, files in batch.items()}
        parts = [dict(part) for part in _halves(list(batch.items()))]
        try:
            named = {(number, path): file for number, files in batch.items() for path, file in files.items()}
            told = self._run(named, time.monotonic() + self.time_limit)
        except _TookTooLongError:  # to ask halves would take as long again and again
            parts = [{number: files} for number, files in batch.items()]
        except (OSError, UnreadableError):
            pass  # asked again below, where it is said what failed
        else:
            return {number: {path: Known(told[number, path]) for path in files} for number, files in batch.items()}
        return {number: findings for part in parts for number, findings in self.check_all(part).items()}

    def check(self, files: Mapping[str, Workflow | Action], deadline: float) -> FileFindings:
        """Ask about all files of a repository at once; if that fails, about each half, down to the file that makes it fail."""
        try:
            return {file: Known(found) for file, found in self._run(files, deadline).items()}
        except OSError as error:  # no room for the copies, a program that is none
            reason = f"zizmor could not be started ({(error.strerror or 'unknown reason').lower()})"
            return {file: unknown_findings(file, reason) for file in files}
        except UnreadableError as error:
            if len(files) == 1 or time.monotonic() >= deadline:
                return {file: unknown_findings(file, error.reason) for file in files}
        halves = _halves(list(files.items()))
        return {file: fact for half in halves for file, fact in self.check(dict(half), deadline).items()}

    def _run(self, files: Mapping[Key, Workflow | Action], deadline: float) -> dict[Key, tuple[ZizmorFinding, ...]]:
        """Run zizmor on copies under our own names: it sees nothing of a repository but the text of these files."""
        with TemporaryDirectory(prefix="wharfinger-zizmor-") as folder:
            root = Path(folder).resolve()
            paths = {str(_write_copy(root, number, file)): name for number, (name, file) in enumerate(files.items())}
            answer = root / "answer"
            with answer.open("wb") as out:
                process = subprocess.Popen(  # noqa: S603 - our own program, our own words, names that we made
                    [str(self.program), *_ARGUMENTS, *paths],
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=subprocess.DEVNULL,  # it may quote what is in the files
                    cwd=root,
                    env=_INHERITED | {"PATH": str(self.program.parent), "HOME": str(root), "LC_ALL": "C.UTF-8"},
                )
            _wait_for_exit(process, deadline)
            return parse_zizmor_output(answer.read_bytes(), paths)


def _wait_for_exit(process: "subprocess.Popen[bytes]", deadline: float) -> None:
    with process:
        try:
            _limit_resources(process.pid)
            status = process.wait(timeout=max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired as error:
            raise _TookTooLongError("zizmor took too long and was stopped") from error
        finally:
            process.kill()
    if status != 0:
        raise UnreadableError(f"zizmor could not judge it (it ended with {status})")


def _halves(items: list[Item]) -> tuple[list[Item], list[Item]]:
    return items[: len(items) // 2], items[len(items) // 2 :]


def _write_copy(root: Path, number: int, file: Workflow | Action) -> Path:
    """Write a copy at a path that shows what it is; it is a regular file, whatever it was in the repository."""
    path = (
        root / ".github" / "workflows" / f"{number}.yml"
        if isinstance(file, Workflow)
        else root / f"{number}" / "action.yml"
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(file.lines), encoding="utf-8", newline="\n")
    return path


def _limit_resources(pid: int) -> None:
    """Limit the resources of the process, where the system allows it; a process that has ended needs no limits."""
    if sys.platform != "linux":
        return
    # Windows has no such module, and `scan` runs there too.
    import resource

    limits = {
        resource.RLIMIT_AS: MEMORY_LIMIT,
        resource.RLIMIT_CPU: int(TIME_LIMIT),
        resource.RLIMIT_FSIZE: MAX_OUTPUT_BYTES,
        resource.RLIMIT_CORE: 0,
    }
    for kind, most in limits.items():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            resource.prlimit(pid, kind, (most, most))
