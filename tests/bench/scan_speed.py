"""`wharfinger scan` on many files, beside zizmor on the same ones: files per second, memory, start-up, growth, long jobs.

`python -m tests.bench scan FOLDER` measures on the checkouts in a folder of your own.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from tests.bench import generated_workflows

TIMES = 3  # of which the quickest counts: what else the machine does only ever adds
REPOSITORIES = 90
STEPS = 4_000
OURS = (sys.executable, "-m", "handlers.cli.main", "scan", "--format", "json")
ZIZMOR = (str(Path(sys.executable).parent / "zizmor"), "--offline", "--no-progress", "-q", "--no-config", "--format", "json")  # fmt: skip


class ProcessCost(NamedTuple):
    """What a command cost at best."""

    seconds: float
    cpu: float
    megabytes: float


def process_cost(*words: str | Path, times: int = TIMES, most: float = 60) -> ProcessCost | None:
    """Run a command; None when it takes longer than `most` seconds."""
    runs = [_run([str(word) for word in words], most) for _ in range(times)]
    kept = [run for run in runs if run is not None]
    return ProcessCost(*(min(each) for each in zip(*kept, strict=True))) if len(kept) == times else None


def _run(words: list[str], most: float) -> ProcessCost | None:
    begin, highest = time.perf_counter(), 0.0
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603 - our own command, and zizmor
    while True:
        done, _, used = os.wait4(process.pid, os.WNOHANG)
        seconds = time.perf_counter() - begin
        if done:
            process.returncode = 0
            return ProcessCost(seconds, used.ru_utime + used.ru_stime, highest)
        if seconds > most:
            process.kill()
            process.wait()
            return None
        highest = max(highest, _megabytes(process.pid))  # rusage counts what this process weighed when it split
        time.sleep(0.002)


def _megabytes(process: int) -> float:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return max((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:")), default=0.0)


def require_cost(cost: ProcessCost | None) -> ProcessCost:
    assert cost is not None, "it took longer than a minute"
    return cost


def files_in(folders: Sequence[Path]) -> int:
    return sum(1 for folder in folders for _ in folder.glob(".github/**/*.y*ml"))


def figures(chosen: Path | None = None) -> Iterator[dict[str, Any]]:
    with TemporaryDirectory(prefix="wf") as place:
        own = list(generated_workflows.write(Path(place) / "many", REPOSITORIES))
        if chosen is None:
            yield from throughput(own, Path(place) / "many")
        else:
            yield from throughput(sorted(each for each in chosen.iterdir() if each.is_dir()), chosen)
        yield start_up(own[0])
        yield growth(own)
        yield from long_jobs(Path(place))


def throughput(folders: Sequence[Path], together: Path) -> Iterator[dict[str, Any]]:
    files = files_in(folders)
    zizmor = require_cost(process_cost(*ZIZMOR, together))
    compared = {"to": "zizmor's default run on the same files", "files per second": round(files / zizmor.seconds)}
    for words, path in (((*OURS, "--no-zizmor"), "without workflow-hygiene"), (OURS, "with workflow-hygiene")):
        ours = require_cost(process_cost(*words, *folders))
        yield {
            "figure": f"files scanned per second by one process, {path}, its start included",
            "value": round(files / ours.seconds), "files": files, "seconds": round(ours.seconds, 2),
            "cpu seconds": round(ours.cpu, 2), **({"aim": ">= 2 times zizmor"} if path.startswith("without") else {}),
            "compared": compared | {"times zizmor": round(zizmor.seconds / ours.seconds, 2)},
        }  # fmt: skip
        yield {
            "figure": f"memory of that process in MB, {path}",
            "value": round(ours.megabytes), "compared": {"to": "zizmor", "MB": round(zizmor.megabytes)},
        }  # fmt: skip


def start_up(folder: Path) -> dict[str, Any]:
    ours = require_cost(process_cost(*OURS, "--no-zizmor", folder, times=10))
    bare = require_cost(process_cost(sys.executable, "-c", "pass", times=10))
    return {
        "figure": "scan of one small repository in ms, from start to end",
        "value": round(ours.seconds * 1000), "aim": "<= 350", "cpu ms": round(ours.cpu * 1000),
        "compared": {"to": "Python that does nothing", "ms": round(bare.seconds * 1000)},
    }  # fmt: skip


def growth(folders: Sequence[Path]) -> dict[str, Any]:
    few = require_cost(process_cost(*OURS, "--no-zizmor", *folders[: len(folders) // 10]))
    many, start = (
        require_cost(process_cost(*OURS, "--no-zizmor", *folders)),
        require_cost(process_cost(*OURS, "--help")).cpu,
    )
    return {
        "figure": "times the processor time for ten times the files, the start left out",
        "value": round((many.cpu - start) / (few.cpu - start), 1), "aim": "<= 11",
        "compared": {"to": "the start counted in", "times": round(many.cpu / few.cpu, 1)},
    }  # fmt: skip


def long_jobs(root: Path) -> Iterator[dict[str, Any]]:
    for name, steps in generated_workflows.LONG.items():
        folder = generated_workflows.write_long(root / name, steps, STEPS)
        ours, zizmor = (
            require_cost(process_cost(*OURS, "--no-zizmor", folder)),
            process_cost(*ZIZMOR, folder, times=1, most=20),
        )
        yield {
            "figure": f"seconds for one job of {STEPS:,} steps: {name}", "value": round(ours.seconds, 2), "aim": "<= 2",
            "cpu seconds": round(ours.cpu, 2), "compared": {"to": "zizmor", "seconds": round(zizmor.seconds, 2) if zizmor else "more than 20"},
        }  # fmt: skip
