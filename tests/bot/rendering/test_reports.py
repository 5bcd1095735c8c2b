"""One report in the words of each place: within its limits, and with repository text that cannot act."""

import html
import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.checks.check import Rule
from bot.checks.engine import WaiverMatch
from bot.checks.rules.protected_environment import ProtectedEnvironment
from bot.checks.rules.separate_publish_job import SeparatePublishJob
from bot.checks.rules.trusted_publishing import TrustedPublishing
from bot.detection import Publication
from bot.evaluation.evaluate import Report, evaluate_repository
from bot.model.core_types import Conclusion, Credential, FullName, Mode, RegistryId, RuleName
from bot.model.findings import Finding, Known, Location, Unknown, UnreadableFile
from bot.policy import Policy, Waiver, WaiverStatus
from bot.registries import load_catalog
from bot.rendering import check_run, scan_report
from bot.rendering.markdown import code_block, inline_code, markdown_text, plain_line
from bot.rendering.markdown_template import MAX_TITLE, join_blocks
from bot.settings import Environment, RepositorySettings
from bot.snapshot.repository_snapshot import Snapshot
from bot.workflows import read_workflow
from tests.scan_output import scan_output

PATH = ".github/workflows/release.yml"
WORKFLOW = read_workflow(
    PATH,
    b"""on: {push: {tags: ["v*"]}, workflow_dispatch: }
jobs:
  build:
    runs-on: ubuntu-latest
    steps: [run: make]
  publish:
    needs: build
    runs-on: ubuntu-latest
    environment: pypi
    steps:
      - uses: pypa/gh-action-pypi-publish@release/v1
        with: {password: "${{ secrets.TOKEN }}"}
""",
)
STORED = Publication(
    file=PATH,
    job="publish",
    step=0,
    line=11,
    end_line=12,
    registry=RegistryId("pypi"),
    tool="pypa/gh-action-pypi-publish",
    credential=Credential.LONG_LIVED,
    secrets=("TOKEN",),
    environment="pypi",
    id_token_write=False,
)
SNAPSHOT = Snapshot(
    FullName("acme/tool"),
    None,
    datetime(2026, 11, 24, tzinfo=UTC),
    workflows={PATH: WORKFLOW},
    publications=(STORED,),
    registries=load_catalog().registries,
    settings=RepositorySettings(environments=Known((Environment("pypi"),))),
)
SCHEMA = Path(__file__).parents[3] / "docs" / "scan.schema.json"

STORIED: tuple[type[Rule], ...] = (
    TrustedPublishing,
    ProtectedEnvironment,
    SeparatePublishJob,
)  # the rules of these stories, whatever others come

HOSTILE = [
    "@acme/admins please merge",
    "fixes #1, GH-2, acme/tool#3",
    "[click](https://evil.example)",
    "https://evil.example www.evil.example",
    "<img src=x onerror=alert(1)>",
    "</code></pre><script>alert(1)</script>",
    "a | b | c",
    "`code` ``more`` ```fence```",
    "**bold** _it_ ~~gone~~ # head",
    "![tracker](https://evil.example/p.png)",
    "line\nbreak\r\n\n## Heading",
    "\x1b[31mred\x1b]0;title\x07",
    "right\u202eleft \u2066iso\u2069 zero\u200bwidth \ufeff",
    "nul\x00 lone\ud800 tag\U000e0041",
    "&amp; &#64;admins &lt;b&gt;",
    "- item",
    "1. item",
    "+ item",
    "=====",
    "$x$ http:evil",
    "$(rm -rf) %0a::error::x",
    "\\@acme \\[x\\](y)",
    ":rocket: CVE-2026-1 GHSA-aaaa-bbbb-cccc",
    "x" * 100_000,
]


def report(snapshot: Snapshot = SNAPSHOT, mode: Mode = Mode.OBSERVE) -> Report:
    return evaluate_repository(snapshot, Policy(tuple(rule(mode=mode) for rule in STORIED)))


def hostile(words: str) -> Report:
    """Everything a repository can name is named by an attacker."""
    workflow = replace(WORKFLOW, jobs={words: replace(WORKFLOW.jobs["publish"], id=words, needs=(words, "build"))})
    publication = replace(STORED, file=words, job=words, secrets=(words,), environment=words, why=words)
    snapshot = replace(
        SNAPSHOT,
        workflows={words: workflow},
        publications=(publication,),
        settings=RepositorySettings(environments=Known((Environment("other"),))),
        unreadable=(UnreadableFile(words, words, 3),),
        partially_read=(UnreadableFile(words, words, 3),),
    )
    judged = evaluate_repository(snapshot, Policy(notes=(words,), origins=(words,)))
    finding = Finding(Location(words, 1, 2), words, words, words)
    waiver = Waiver(RuleName(words), FullName(words), words, words, date(2027, 1, 31), origin=words, line=1, job=words)
    results = tuple(
        replace(
            result,
            findings=(*result.findings, finding),
            unknown=(Unknown(words, words, words),),
            waived=(WaiverMatch(finding, waiver, WaiverStatus.EXPIRING),),
            ineffective_waivers=(WaiverMatch(finding, waiver, WaiverStatus.EXPIRED),),
        )
        for result in judged.results
    )
    return replace(judged, results=results)


@pytest.mark.parametrize("words", HOSTILE, ids=lambda words: plain_line(words[:30]))
def test_repository_text_is_inert_in_markdown(words: str) -> None:
    rendered = check_run.render_check_run(hostile(words))

    for markdown in (rendered.summary, rendered.text):
        assert all(char.isprintable() or char in "\n\u2060" for char in markdown)
        prose_only = re.sub(r"^(`{3,})\w*\n.*?^\1$", "", markdown, flags=re.MULTILINE | re.DOTALL)
        assert not re.search(r"https?:|www\.|\]\(|<(?!/?(code|details|summary)>)|(?<!&)#\d", prose_only)
        # Inside code GitHub links no names and numbers; outside of it there must be none to link.
        assert not re.search(r"@\w|GH-\d", html.unescape(re.sub(r"<code>[^<]*</code>", "", prose_only)))
        assert all(line.count("|") == 6 for line in prose_only.splitlines() if line.startswith("|"))


@pytest.mark.parametrize("words", HOSTILE, ids=lambda words: plain_line(words[:30]))
def test_repository_text_is_inert_on_a_terminal_and_in_annotations(words: str) -> None:
    judged = hostile(words)
    rendered = check_run.render_check_run(judged)

    assert all(char.isprintable() or char == "\n" for char in scan_output(scan_report.text_format(), [(words, judged)]))
    assert rendered.title.isprintable()
    for annotation in rendered.annotations:
        assert annotation.title.isprintable()
        assert all(char.isprintable() or char == "\n" for char in annotation.message + (annotation.raw_details or ""))


@pytest.mark.parametrize("words", HOSTILE, ids=lambda words: plain_line(words[:30]))
def test_a_fence_is_longer_than_any_inside_and_prose_keeps_its_letters(words: str) -> None:
    fenced = code_block([words])

    assert fenced.splitlines()[-1] not in fenced.splitlines()[1:-1]
    assert len(fenced.splitlines()) == 3
    assert not set("<>|`*_[]") & set(markdown_text(words))
    assert inline_code(words).count("<") == 2


@pytest.mark.parametrize("words", HOSTILE, ids=lambda words: plain_line(words[:30]))
def test_every_text_stays_within_githubs_limits(words: str) -> None:
    many = hostile(words)
    many = replace(many, results=tuple(replace(result, findings=result.findings * 20) for result in many.results))
    rendered = check_run.render_check_run(many)

    assert len(rendered.title) <= MAX_TITLE
    assert len(rendered.summary.encode()) <= 65_535
    assert len(rendered.text.encode()) <= 65_535
    assert re.search(r"… and [\d,]+ more findings$", rendered.text), "there is more than one text can hold"
    assert max(len(page) for page in rendered.annotation_pages) <= 50
    assert [annotation for page in rendered.annotation_pages for annotation in page] == list(rendered.annotations)
    assert all(len(note.title) <= 255 and len(note.message.encode()) <= 65_536 for note in rendered.annotations)


@given(words=st.text())
def test_whatever_is_written_stands_there_and_does_nothing(words: str) -> None:
    shown = html.unescape(markdown_text(words)).replace("\u2060", "")

    assert plain_line(words).isprintable()
    assert shown == plain_line(words)
    assert not re.search(
        r"[!\"#$&*:<>@\[\\\]^_`{|}~]|^\s*([-+=]|\d+[.)])|www\.", re.sub(r"&#\d+;", "x", markdown_text(words))
    )
    assert html.unescape(inline_code(words).removeprefix("<code>").removesuffix("</code>")) == plain_line(words)


def test_what_has_no_room_is_counted() -> None:
    fitted = join_blocks(["a" * 40] * 20, "finding", max_bytes=300)

    assert len(fitted.encode()) <= 300
    assert fitted.endswith(f"… and {20 - fitted.count('a' * 40)} more findings")


def test_a_button_fits() -> None:
    for action in check_run.render_check_run(report()).actions:
        assert (len(action.label) <= 20, len(action.description) <= 40, len(action.identifier) <= 20) == (
            True,
            True,
            True,
        )


def test_a_check_run_says_in_words_what_holds_and_what_does_not() -> None:
    rendered = check_run.render_check_run(report())

    assert rendered.title == "1 of 3 rules failed: trusted-publishing"
    assert rendered.conclusion is Conclusion.NEUTRAL
    assert "nothing here blocks a merge" in rendered.summary
    assert f"| ❌ failed | {inline_code('trusted-publishing')} |" in rendered.summary


def test_an_annotation_stands_at_the_line_and_says_the_next_step() -> None:
    note = check_run.render_check_run(report(mode=Mode.ENFORCE)).annotations[0]

    assert (note.path, note.start_line, note.end_line, note.annotation_level) == (PATH, 11, 11, "failure")
    assert note.message.startswith(
        "publishes to PyPI with the stored secret TOKEN\n\nOn PyPI, let the package trust acme/tool, workflow release.yml, environment pypi. In the job publish"
    )


def test_the_publish_path_is_drawn() -> None:
    assert (
        code_block(
            [
                PATH,
                "  on push (tags v*), workflow_dispatch",
                "  └─ job build → job publish",
                "     └─ environment pypi → PyPI, with stored token (TOKEN)   line 11",
            ]
        )
        in check_run.render_check_run(report()).text
    )


def test_jobs_that_need_each_other_are_drawn_all_the_same() -> None:
    round_about = replace(WORKFLOW.jobs["build"], needs=("publish", "nowhere"))
    workflow = replace(WORKFLOW, jobs={**WORKFLOW.jobs, "build": round_about})

    assert (
        "job build → job publish"
        in check_run.render_check_run(report(replace(SNAPSHOT, workflows={PATH: workflow}))).text
    )


def test_json_is_true_to_its_committed_schema() -> None:
    document = json.loads(
        scan_output(
            scan_report.JSON_FORMAT,
            [("a", report()), ("b", hostile("\ud800 @x")), ("c", report(replace(SNAPSHOT, publications=())))],
        )
    )

    jsonschema_rs.validator_for(json.loads(SCHEMA.read_text())).validate(document)
    first = document["repositories"][0]
    assert first["outcomes"] == {
        "trusted-publishing": "failed",
        "protected-environment": "passed",
        "separate-publish-job": "passed",
    }
    assert first["publications"][0]["secrets"] == ["TOKEN"]
    assert (first["findings"][0]["line"], first["findings"][0]["severity"]) == (11, "high")


def test_the_terminal_text_reads_like_a_letter_and_is_coloured_only_when_asked() -> None:
    shown = scan_output(scan_report.text_format(), [("acme/tool", report())])

    assert shown.startswith("acme/tool: 1 of 3 rules failed: trusted-publishing\n")
    assert f"high {PATH}:11 publishes to PyPI with the stored secret TOKEN" in shown
    assert shown.endswith("1 repository, 1 publication, 1 finding.\n")
    assert "\x1b[" not in shown
    assert "\x1b[" in scan_output(scan_report.text_format(scan_report.TextStyle(color=True)), [("acme/tool", report())])
