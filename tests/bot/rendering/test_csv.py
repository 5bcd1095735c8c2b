"""The report as CSV: all that is told, a line each, and nothing that a spreadsheet would run."""

import csv
import io

import pytest

from bot.rendering.markdown import plain_line
from bot.rendering.scan_exports import CSV_COLUMNS, CSV_FORMAT
from tests.bot.rendering.test_reports import HOSTILE, hostile, report
from tests.scan_output import scan_output

FORMULAS = ['=HYPERLINK("https://evil.example")', "+1", "-1", "@SUM(A1)", "\t=1"]


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_a_finding_is_a_line_with_its_place_and_the_next_step() -> None:
    (row, *_) = rows(scan_output(CSV_FORMAT, [("widgets", report())]))
    assert (row["path"], row["rule"], row["outcome"], row["line"]) == ("widgets", "trusted-publishing", "failed", "11")
    assert row["fix"]


@pytest.mark.parametrize("words", [*HOSTILE, *FORMULAS], ids=lambda words: plain_line(words[:30]))
def test_whatever_is_named_stays_in_its_cell_and_runs_nothing(words: str) -> None:
    found = rows(scan_output(CSV_FORMAT, [(words, hostile(words))]))
    outcomes = {row["outcome"] for row in found}
    assert {"failed", "waived", "unknown", "unreadable"} <= outcomes
    for row in found:
        assert set(row) == set(CSV_COLUMNS)
        assert all(cell.isprintable() and cell[:1] not in {"=", "+", "-", "@"} for cell in row.values())
