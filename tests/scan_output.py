"""Writes the whole output of a scan at once, for tests of its formats."""

from collections.abc import Sequence

from bot.evaluation.evaluate import Report
from bot.rendering.scan_report import ScanFormat


def scan_output(form: ScanFormat, reports: Sequence[tuple[str, Report]]) -> str:
    """Return what `wharfinger scan` prints for these paths and reports."""
    return "".join(form.join([form.part(path, report) for path, report in reports]))
