"""What a workflow shows of a scan: annotations on lines, and the summary of its job."""

import html
import re
from dataclasses import replace

import pytest

from bot.evaluation.evaluate import Report
from bot.rendering.actions_report import MAX_ANNOTATIONS, annotations_format, summary_format
from bot.rendering.baseline import NO_BASELINE, Baseline, finding_fingerprint
from bot.rendering.links import check_page_url
from bot.rendering.markdown import plain_line
from tests.bot.rendering.test_reports import HOSTILE, PATH, hostile, report
from tests.scan_output import scan_output


def known(judged: Report) -> Baseline:
    found = [(each.rule.name, finding) for each in judged.results for finding in each.findings]
    return Baseline({finding_fingerprint(name, finding): 1 for name, finding in found})


def test_a_finding_is_an_annotation_at_its_line() -> None:
    (line,) = scan_output(annotations_format(NO_BASELINE), [("tool", report())]).rstrip("\n").splitlines()

    assert line.startswith(f"::error file={PATH},line=11,endLine=11,title=trusted-publishing (high)::publishes to PyPI")


def test_beyond_what_github_shows_the_rest_is_counted() -> None:
    judged = report()
    results = tuple(replace(each, findings=each.findings * 25) for each in judged.results)
    lines = (
        scan_output(annotations_format(NO_BASELINE), [("tool", replace(judged, results=results))])
        .rstrip("\n")
        .splitlines()
    )

    assert len(lines) == MAX_ANNOTATIONS
    assert lines[-1] == "::error title=Wharfinger::16 more findings; the summary of the job lists them"


def test_the_summary_lists_publications_and_findings_with_the_page_of_the_rule() -> None:
    summary = scan_output(summary_format(NO_BASELINE), [(".", report())])

    assert html.unescape(summary).startswith("## 1 of 3 rules failed: trusted-publishing\n")
    assert f"[<code>trusted-publishing</code>]({check_page_url('trusted-publishing')})" in summary
    assert f"<code>{PATH}:11</code>" in html.unescape(summary)


def test_what_the_baseline_lists_is_counted_and_not_shown() -> None:
    judged = report()

    assert scan_output(annotations_format(known(judged)), [("tool", judged)]).rstrip("\n") == ""
    assert "1 finding of the baseline is not listed." in scan_output(summary_format(known(judged)), [(".", judged)])


@pytest.mark.parametrize("words", HOSTILE, ids=lambda words: plain_line(words[:30]))
def test_repository_text_begins_no_command_and_no_markup(words: str) -> None:
    judged = hostile(words)
    for line in scan_output(annotations_format(NO_BASELINE), [(words, judged)]).rstrip("\n").splitlines():
        assert re.fullmatch(r"::(error|warning|notice) [^:]*::.*", line)
        assert line.isprintable()
    summary = scan_output(summary_format(NO_BASELINE), [(words, judged)])
    own = re.sub(re.escape(check_page_url("")[:-1]), "", summary)
    assert all(char.isprintable() or char in "\n\u2060" for char in summary)
    assert not re.search(r"https?:|www\\.|<(?!/?code>|br>)", own)
    assert not re.search(r"@\w|GH-\d", html.unescape(re.sub(r"<code>[^<]*</code>", "", own)))
