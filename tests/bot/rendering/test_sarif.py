"""SARIF: what code scanning and other viewers need of it is there, and what was not seen is not passed over."""

import json
from dataclasses import replace
from typing import Any

import jsonschema_rs
import pytest

from bot.model.findings import UnreadableFile
from bot.rendering.markdown import plain_line
from bot.rendering.scan_exports import sarif_format
from tests.bot.rendering.test_reports import HOSTILE, PATH, SNAPSHOT, hostile, report
from tests.scan_output import scan_output

MESSAGE = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}}
URI = {"type": "string", "pattern": r"^[A-Za-z0-9._~!$&'()*+,;=:@%/-]*$"}  # RFC 3986, what "uri-reference" may hold
LOCATION = {
    "type": "object",
    "required": ["physicalLocation"],
    "properties": {
        "physicalLocation": {
            "type": "object",
            "required": ["artifactLocation", "region"],
            "properties": {
                "artifactLocation": {"type": "object", "required": ["uri"], "properties": {"uri": URI}},
                "region": {
                    "type": "object",
                    "required": ["startLine"],
                    "properties": {
                        "startLine": {"type": "integer", "minimum": 1},
                        "endLine": {"type": "integer", "minimum": 1},
                    },
                },
            },
        }
    },
}
# What the published schema (OASIS, SARIF 2.1.0) requires of the parts that we use, in our own words.
ESSENTIALS: dict[str, Any] = {
    "type": "object",
    "required": ["version", "runs"],
    "properties": {
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["tool", "results"],
                "properties": {
                    "tool": {
                        "type": "object",
                        "required": ["driver"],
                        "properties": {
                            "driver": {
                                "type": "object",
                                "required": ["name"],
                                "properties": {"rules": {"type": "array", "uniqueItems": True, "items": {"type": "object", "required": ["id"]}}},
                            }
                        },
                    },
                    "automationDetails": {"type": "object", "properties": {"id": URI}},
                    "invocations": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["executionSuccessful"],
                            "properties": {
                                "toolExecutionNotifications": {
                                    "type": "array",
                                    "items": {
                                        "type": "object",
                                        "required": ["message"],
                                        "properties": {"message": MESSAGE, "locations": {"type": "array", "items": LOCATION}},
                                    },
                                }
                            },
                        },
                    },
                    "results": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["message", "ruleId", "ruleIndex", "level", "locations", "partialFingerprints"],
                            "properties": {
                                "message": MESSAGE,
                                "level": {"enum": ["none", "note", "warning", "error"]},
                                "locations": {"type": "array", "minItems": 1, "items": LOCATION},
                                "fixes": {"type": "array", "items": {"type": "object", "required": ["artifactChanges"]}},
                            },
                        },
                    },
                },
            },
        },
    },
}  # fmt: skip


def test_a_finding_is_a_result_of_its_rule_at_its_line() -> None:
    run = json.loads(scan_output(sarif_format("0.1.0"), [("acme/tool", report())]))["runs"][0]
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
        json.loads(scan_output(sarif_format("0.1.0"), [("a", report(snapshot))]))["runs"][0]["results"][0][
            "partialFingerprints"
        ]
        for snapshot in (SNAPSHOT, moved)
    ]

    assert prints[0] == prints[1]


def test_what_could_not_be_read_makes_the_run_unsuccessful() -> None:
    blind = replace(SNAPSHOT, unreadable=(UnreadableFile(".github/workflows/a.yml", "line 3 has a tab", 3),))
    good, bad = (
        json.loads(scan_output(sarif_format("0.1.0"), [("a", report(each))]))["runs"][0]["invocations"][0]
        for each in (SNAPSHOT, blind)
    )

    assert good == {"executionSuccessful": True, "toolExecutionNotifications": []}
    assert bad["executionSuccessful"] is False
    assert (
        bad["toolExecutionNotifications"][0]["message"]["text"]
        == "Could not be read: .github/workflows/a.yml: line 3 has a tab"
    )


@pytest.mark.parametrize("words", HOSTILE, ids=lambda words: plain_line(words[:30]))
def test_whatever_a_repository_names_the_form_is_kept(words: str) -> None:
    document = json.loads(scan_output(sarif_format("0.1.0"), [(words, hostile(words)), ("b", report())]))

    jsonschema_rs.validator_for(ESSENTIALS).validate(document)
