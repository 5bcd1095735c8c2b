"""Runs zizmor on the files of the publish path in a process with restricted resources."""

import contextlib
import os
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

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

TIME_LIMIT = 10.0  # for all files of one repository
MEMORY_LIMIT = 1 << 30  # bytes of address space
MAX_OUTPUT_BYTES = 32 << 20  # bytes of an answer

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
    if not snapshot.publications or not any(isinstance(rule, WorkflowHygiene) for rule in policy.rules):
        return snapshot
    return replace(snapshot, zizmor_findings=run_zizmor(snapshot, find_zizmor()))


def run_zizmor(snapshot: Snapshot, program: Path | None, time_limit: float = TIME_LIMIT) -> ZizmorFindings:
    """Return what zizmor finds in each file on the publish path, or why that is unknown."""
    files = publish_path_files(snapshot.publications, snapshot.workflows, snapshot.actions)
    if program is None:
        return {file: unknown_findings(file, "zizmor is not installed beside Wharfinger") for file in files}
    findings: dict[str, MaybeKnown[tuple[ZizmorFinding, ...]]] = {}
    checked: dict[str, Workflow | Action] = {}
    for path, file in files.items():
        reason = why_too_large(file)
        if reason is None:
            checked[path] = file
        else:
            findings[path] = unknown_findings(path, reason)
    return {**findings, **(_ZizmorRun(program, time.monotonic() + time_limit).check(checked) if checked else {})}


@dataclass(frozen=True, slots=True)
class _ZizmorRun:
    """One repository's questions; one file that zizmor stumbles over must not hide the others."""

    program: Path
    deadline: float  # of the monotonic clock

    def check(self, files: Mapping[str, Workflow | Action]) -> dict[str, MaybeKnown[tuple[ZizmorFinding, ...]]]:
        """Ask about all files at once; if that fails, about each half, down to the file that makes it fail."""
        try:
            return {file: Known(found) for file, found in self._run(files).items()}
        except OSError as error:  # no room for the copies, a program that is none
            reason = f"zizmor could not be started ({(error.strerror or 'unknown reason').lower()})"
            return {file: unknown_findings(file, reason) for file in files}
        except UnreadableError as error:
            if len(files) == 1 or time.monotonic() >= self.deadline:
                return {file: unknown_findings(file, error.reason) for file in files}
        names = list(files)
        halves = names[: len(names) // 2], names[len(names) // 2 :]
        return {
            file: fact for half in halves for file, fact in self.check({each: files[each] for each in half}).items()
        }

    def _run(self, files: Mapping[str, Workflow | Action]) -> dict[str, tuple[ZizmorFinding, ...]]:
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
            self._wait_for_exit(process)
            return parse_zizmor_output(answer.read_bytes(), paths)

    def _wait_for_exit(self, process: "subprocess.Popen[bytes]") -> None:
        with process:
            try:
                _limit_resources(process.pid)
                status = process.wait(timeout=max(0.0, self.deadline - time.monotonic()))
            except subprocess.TimeoutExpired as error:
                raise UnreadableError("zizmor took too long and was stopped") from error
            finally:
                process.kill()
        if status != 0:
            raise UnreadableError(f"zizmor could not judge it (it ended with {status})")


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
