"""Scans many checkouts in batches, with a process for each processor, and returns each one's part of the output."""

import gc
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot import __version__
from bot.evaluation.evaluate import Report
from bot.model.core_types import Outcome, RuleName, Severity
from bot.model.errors import WharfingerError
from bot.rendering.baseline import NO_BASELINE, Baseline
from bot.rendering.scan_report import JSON_FORMAT, ScanFormat, ScanPart, TextStyle, text_format
from handlers.cli.checkout import CheckoutOptions, evaluate_checkouts

CLEAN, FINDINGS, UNREADABLE = 0, 1, 2  # the exit status; the worst of several is the highest

MAX_BATCH = 64  # checkouts for which zizmor is started once, and whose reports are kept at once
MIN_BATCH = 8  # checkouts that are worth a process


@dataclass(frozen=True, slots=True)
class OutputOptions:
    """How reports are written, and which findings count for the exit status."""

    form: str  # text, json, csv, sarif, github or markdown
    style: TextStyle
    fail_on: Severity
    baseline: Baseline | None = None
    label: str | None = None  # what the one checkout is called, where its folder says nothing

    def scan_format(self) -> ScanFormat:
        """Return the format that writes reports so."""
        if self.form == "json":
            return JSON_FORMAT
        if self.form == "csv":
            # Few ask for this format, and every scan would wait for it to load.
            from bot.rendering.scan_exports import CSV_FORMAT

            return CSV_FORMAT
        if self.form == "sarif":
            # Few ask for this format, and every scan would wait for it to load.
            from bot.rendering.scan_exports import sarif_format

            return sarif_format(__version__, self.baseline)
        if self.form in ("github", "markdown"):
            # Few ask for these formats, and every scan would wait for them to load.
            from bot.rendering.actions_report import annotations_format, summary_format

            known = self.baseline or NO_BASELINE
            return annotations_format(known) if self.form == "github" else summary_format(known)
        return text_format(self.style)


@dataclass(frozen=True, slots=True)
class ScannedCheckout:
    """What a checkout adds to the output, and to the exit status."""

    part: ScanPart
    status: int
    failed: tuple[RuleName, ...]  # the rules that failed


def core_count() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def exit_status(report: Report, fail_on: Severity, baseline: Baseline = NO_BASELINE) -> int:
    """Return 2 if something could not be read or evaluated, 1 for new findings at or above `fail_on`, otherwise 0."""
    unread = report.snapshot.unreadable or report.snapshot.unexplained
    if unread or any(result.outcome is Outcome.ERROR for result in report.results):
        return UNREADABLE
    new = [(result, finding) for result in report.results for finding in baseline.new_findings(result)]
    if any(result.severity_of(finding).rank >= fail_on.rank for result, finding in new):
        return FINDINGS
    return CLEAN


def scan_checkouts(
    paths: Sequence[Path], options: CheckoutOptions, output: OutputOptions, jobs: int
) -> Iterator[ScannedCheckout]:
    """Scan the checkouts with as many processes, and yield what each adds to the output, in the order of `paths`.

    Raises WharfingerError where a checkout or its policy cannot be read.
    """
    # Processes are copies of this one, which is safe on Linux only: docs.python.org/3/library/multiprocessing.html
    jobs = min(jobs, -(-len(paths) // MIN_BATCH)) if sys.platform == "linux" else 1
    size = min(MAX_BATCH, max(MIN_BATCH, -(-len(paths) // (2 * jobs))))
    batches = [paths[start : start + size] for start in range(0, len(paths), size)]
    if jobs > 1:
        yield from _scan_in_pool(batches, options, output, jobs)
        return
    form = output.scan_format()
    for batch in batches:
        yield from _scan_batch(batch, options, output, form)


def _scan_batch(
    paths: Sequence[Path], options: CheckoutOptions, output: OutputOptions, form: ScanFormat
) -> list[ScannedCheckout]:
    gc.disable()  # what a batch makes is needed until its end, and then freed without the collector
    reports = evaluate_checkouts(paths, options)
    scanned = [
        ScannedCheckout(
            form.part(output.label or str(path), report),
            exit_status(report, output.fail_on, output.baseline or NO_BASELINE),
            tuple(result.rule.name for result in report.results if result.outcome is Outcome.FAILED),
        )
        for path, report in zip(paths, reports, strict=True)
    ]
    gc.enable()
    return scanned


def _scan_in_pool(
    batches: Sequence[Sequence[Path]], options: CheckoutOptions, output: OutputOptions, jobs: int
) -> Iterator[ScannedCheckout]:
    # Pools take longer to load than a small repository takes to scan.
    from concurrent.futures.process import BrokenProcessPool, ProcessPoolExecutor

    # As above.
    from multiprocessing import get_context

    with ProcessPoolExecutor(jobs, get_context("fork"), _begin_worker, (options, output)) as pool:
        try:
            for scanned in pool.map(_scan_batch_in_worker, batches):
                yield from scanned
        except BrokenProcessPool:
            raise WharfingerError(
                "a process of the scan was killed, perhaps for its use of memory; try --jobs 1"
            ) from None
        finally:
            pool.shutdown(cancel_futures=True)


_worker: tuple[CheckoutOptions, OutputOptions, ScanFormat]  # what a process of the pool was told at its start


def _begin_worker(options: CheckoutOptions, output: OutputOptions) -> None:
    """Tell a process of the pool once what is the same for all batches."""
    # Only a process of a pool needs it.
    import signal

    global _worker  # noqa: PLW0603 - the one way in which a process of a pool keeps anything
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that waits for it ends it
    _worker = options, output, output.scan_format()


def _scan_batch_in_worker(paths: Sequence[Path]) -> list[ScannedCheckout]:
    options, output, form = _worker
    return _scan_batch(paths, options, output, form)
