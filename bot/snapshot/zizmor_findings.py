"""Selects the workflow files that zizmor checks, and parses its findings."""

import json
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from bot.detection import Publication
from bot.detection.publish_path import PathRole, publish_path
from bot.model.errors import UnreadableError
from bot.model.findings import MaybeKnown, Unknown
from bot.workflows import Action, Workflow

Key = TypeVar("Key", bound=Hashable)

# What is taken from zizmor 1.32. What our own rules judge with more to go on is theirs alone (trusted-publishing,
# protected-environment, pinned-actions, least-permissions, no-shared-cache, explicit-secrets, no-hardcoded-tokens,
# ephemeral-runners); matters of style are not about publishing. An audit that a later zizmor adds is not taken unread.
AUDITS = frozenset({
    "archived-uses", "artipacked", "bot-conditions", "dangerous-triggers", "github-app", "github-env", "insecure-commands",
    "obfuscation", "template-injection", "typosquat-uses", "unredacted-secrets", "unsound-condition", "unsound-contains",
    "unsound-ternary",
})  # fmt: skip

# Beyond these zizmor takes longer than linear time: 4,000 steps of one job took 25 s.
MAX_FILE_BYTES = 256 * 1024
MAX_JOB_STEPS = 500

_SEVERITIES = ("Low", "Medium", "High")  # severities; what zizmor calls Informational is no weakness
_UNKNOWN_FORMAT = "zizmor answered in a form that is not known"


@dataclass(frozen=True, slots=True)
class ZizmorFinding:
    """One thing that zizmor found; lines are 1-based and inclusive."""

    audit: str  # zizmor's id: template-injection
    line: int
    end_line: int
    message: str  # zizmor's words
    severity: str  # in small letters
    ignored: bool  # whether a comment in the file asks zizmor to be silent


ZizmorFindings = Mapping[str, MaybeKnown[tuple[ZizmorFinding, ...]]]  # by file


def unknown_findings(file: str, reason: str) -> Unknown:
    """Say that a file was not looked at."""
    return Unknown(fact=f"the hygiene of {file}", reason=reason)


def publish_path_files(
    publications: Iterable[Publication], workflows: Mapping[str, Workflow], actions: Mapping[str, Action]
) -> Mapping[str, Workflow | Action]:
    """Give the files of the publish path by their path, those of jobs left out of which nothing is handed on."""
    by_path = {action.path: action for action in actions.values()}
    found: dict[str, Workflow | Action] = {}
    for job in publish_path(publications, workflows, actions).jobs:
        if job.role is not PathRole.GATES:
            found[job.workflow.path] = job.workflow
            found |= {step.file: by_path[step.file] for step in job.steps if step.file in by_path}
    return found


def why_too_large(file: Workflow | Action) -> str | None:
    """Say why a file is not handed to zizmor, if it is too large for it."""
    size = sum(len(line.encode()) + 1 for line in file.lines)
    if size > MAX_FILE_BYTES:
        return f"the file has {size:,} bytes and at most {MAX_FILE_BYTES:,} are looked at; split it"
    lists = [job.steps for job in file.jobs.values()] if isinstance(file, Workflow) else [file.steps]
    steps = max(map(len, lists), default=0)
    return (
        f"a job has {steps:,} steps and at most {MAX_JOB_STEPS} are looked at; split it"
        if steps > MAX_JOB_STEPS
        else None
    )


def parse_zizmor_output(content: bytes, files: Mapping[str, Key]) -> dict[Key, tuple[ZizmorFinding, ...]]:
    """Read zizmor's `json-v1`; `files` says which of ours stands at each path that zizmor was given.

    Raises UnreadableError where the answer is not in that form. What is said of no file of ours is left out.
    """
    try:
        found: dict[Key, list[ZizmorFinding]] = {file: [] for file in files.values()}
        findings = json.loads(content)
        if not isinstance(findings, list):
            raise UnreadableError(_UNKNOWN_FORMAT)
        for finding in findings:
            if finding["ident"] in AUDITS and finding["determinations"]["severity"] in _SEVERITIES:
                for path, weakness in _parse_finding(finding):
                    if path in files:
                        found[files[path]].append(weakness)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UnreadableError(_UNKNOWN_FORMAT) from error
    return {file: tuple(dict.fromkeys(sorted(each, key=lambda one: one.line))) for file, each in found.items()}


def _parse_finding(finding: dict[str, object]) -> Iterator[tuple[str, ZizmorFinding]]:
    """Take the primary places of one finding apart; what zizmor does not say as it should raises."""
    match finding:
        case {
            "ident": str(audit),
            "desc": str(about),
            "determinations": {"severity": str(severity)},
            "ignored": bool(ignored),
            "locations": list(locations),
        }:
            for location in locations:
                if location["symbolic"]["kind"] == "Primary":
                    place = location["concrete"]["location"]
                    first, last = int(place["start_point"]["row"]) + 1, int(place["end_point"]["row"]) + 1
                    what = f"{about}: {location['symbolic']['annotation']}"
                    path = str(location["symbolic"]["key"]["Local"]["verbatim_path"])
                    yield path, ZizmorFinding(audit, first, max(first, last), what, severity.lower(), ignored)
        case _:
            raise UnreadableError(_UNKNOWN_FORMAT)
