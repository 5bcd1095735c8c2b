"""Formats the wording that all reports share: outcomes, credentials, counts and waivers."""

import json
import re

from bot.checks.engine import WaiverMatch
from bot.detection import Publication
from bot.evaluation.evaluate import Report, RuleResult, subject_of_finding
from bot.model.core_types import Credential, Outcome
from bot.model.findings import Finding, Known, join_names
from bot.model.waiver import Waiver, WaiverStatus
from bot.policy.policy_schema import format_duration
from bot.snapshot.repository_snapshot import WORKFLOW_PATH

OUTCOME_TEXTS = {
    Outcome.PASSED: "passed",
    Outcome.FAILED: "failed",
    Outcome.WAIVED: "waived",
    Outcome.NOT_APPLICABLE: "not applicable",
    Outcome.UNKNOWN: "unknown",
    Outcome.ERROR: "error (in Wharfinger itself)",
}

CREDENTIAL_TEXTS = {
    Credential.LONG_LIVED: "stored token",
    Credential.OIDC: "trusted publishing",
    Credential.GITHUB_TOKEN: "the job's own GITHUB_TOKEN",
    Credential.CLOUD_OIDC: "short-lived cloud login",
    Credential.HYBRID: "trusted publishing and a stored token",
    Credential.NONE: "no credential",
    Credential.UNKNOWN: "unknown credential",
}

MAX_NAMES = 4  # of rules, for each outcome in a title


def count(number: int, thing: str) -> str:
    """Say `1 finding`, `2 findings`, `2 repositories`."""
    ending = thing.endswith("y") and not thing.endswith("day")
    plural = thing if number == 1 else thing.removesuffix("y") + "ies" if ending else thing + "s"
    return f"{number:,} {plural}"


def missing_permission(reason: str, permission: str | None) -> str:
    """Return the permission that would show a fact, where the reason does not name it already: once is enough."""
    return permission if permission and permission not in reason else ""


def credential_text(publication: Publication) -> str:
    """Say what a publication authenticates with, secrets named."""
    kind = CREDENTIAL_TEXTS[publication.credential]
    named = publication.secrets and publication.credential is not Credential.GITHUB_TOKEN
    return f"{kind} ({join_names(publication.secrets)})" if named else kind


def outcome_text(result: RuleResult) -> str:
    """Name an outcome, and the rules that a rule which does not apply requires: `not applicable: see protected-environment`."""
    see = f": see {join_names(result.see)}" if result.outcome is Outcome.NOT_APPLICABLE and result.see else ""
    return f"{OUTCOME_TEXTS[result.outcome]}{see}"


def summarize_outcomes(report: Report) -> str:
    """Say in one line what became of the rules: `1 of 3 rules failed: trusted-publishing`."""
    judged = [result for result in report.results if result.outcome is not Outcome.NOT_APPLICABLE]
    if not report.results:
        return "No rule is in force here"
    if not judged:
        return (
            "Nothing that the rules are about is published from here"
            if report.snapshot.publications
            else "Nothing is published from here"
        )
    passed = _rules_with_outcome(judged, Outcome.PASSED)
    if len(passed) == len(judged):
        return f"All {len(passed)} rules passed" if len(passed) > 1 else f"{passed[0]} passed"
    parts = [f"{len(passed)} of {len(judged)} rules passed"]
    failed, waived, unknown, errors = (
        _rules_with_outcome(judged, each) for each in (Outcome.FAILED, Outcome.WAIVED, Outcome.UNKNOWN, Outcome.ERROR)
    )
    if failed:
        parts = [f"{len(failed)} of {len(judged)} rules failed: {_first_names(failed)}"]
    if waived:
        parts.append(f"waived: {_first_names(waived)}")
    if unknown:
        parts.append(f"unknown: {_first_names(unknown)}")
    if errors:
        parts.append(f"error: {_first_names(errors)}")
    return "; ".join(parts)


def _first_names(names: list[str]) -> str:
    """List the first few names: a title that lists a dozen is read by nobody, and cut by GitHub."""
    return join_names(
        names if len(names) <= MAX_NAMES else [*names[: MAX_NAMES - 1], f"{len(names) - MAX_NAMES + 1} more"]
    )


def _rules_with_outcome(results: list[RuleResult], outcome: Outcome) -> list[str]:
    return [result.rule.name for result in results if result.outcome is outcome]


PLAIN_SCALAR = re.compile(r"[A-Za-z_.][A-Za-z0-9_./@-]*")  # stands for itself in YAML, and cannot be taken for a number
YAML_KEYWORDS = frozenset(
    {"true", "false", "null", "yes", "no", "on", "off", "~"}
)  # words that YAML readers may take for others


def waiver_text(waived: WaiverMatch) -> str:
    """Say who waived a finding, until when and why, and whether anybody else approved that."""
    waiver = waived.waiver
    soon = "; it ends soon, and then this fails again" if waived.status is WaiverStatus.EXPIRING else ""
    return f"waived until {waiver.expires} by {waiver.owner}{soon} ({waiver}): {waiver.reason}; {approval_text(waiver)}"


def approval_text(waiver: Waiver) -> str:
    """Say who approved a waiver, or why that is not known."""
    if not isinstance(waiver.approval, Known):
        return f"who approved it was not seen: {waiver.approval.reason}"
    approval = waiver.approval.value
    others = [f"@{login}" for login in approval.approvers if login.lower() != approval.requester.lower()]
    return f"@{approval.requester} asked for it, {join_names(others) or 'nobody else'} approved it"


def lapsed_waiver_text(lapsed: WaiverMatch, report: Report) -> str:
    """Say why a waiver does not help a finding that it covers."""
    waiver, longest = lapsed.waiver, format_duration(report.policy.max_waiver_duration)
    match lapsed.status:
        case WaiverStatus.EXPIRED:
            return f"the waiver {waiver} of {waiver.owner} ended on {waiver.expires}"
        case WaiverStatus.TOO_LONG:
            return f"the waiver {waiver} is not followed: it would last until {waiver.expires}, and a waiver may last {longest}"
        case _:
            return f"the waiver {waiver} is not followed: {approval_text(waiver)}"


def unused_waiver_text(waiver: Waiver) -> str:
    """Say that a waiver can go."""
    return f"the waiver {waiver} of {waiver.rule} covers nothing here; take it out"


def waiver_template(report: Report, result: RuleResult, finding: Finding) -> list[str]:
    """Give the lines that waive this finding and little else, for `waivers:` in the policy; what a person has to say is left empty.

    Left empty it is refused, with the line: nobody waives by pasting alone.
    """
    about = subject_of_finding(finding, report.snapshot)
    workflow = finding.location.file if WORKFLOW_PATH.fullmatch(finding.location.file) else None
    narrowed = {
        "workflow": workflow,
        "job": about.job,
        "secret": about.secrets[0] if len(about.secrets) == 1 and about.secrets[0] in finding.message else None,
        "environment": None if about.job else about.environment,
        "package": about.package,
    }
    repository = report.snapshot.repository
    lines = [
        f"  - rule: {result.rule.name}",
        f"    repository: {_yaml_scalar(repository) if '/' in repository else f'OWNER/{_yaml_scalar(repository)}'}",
    ]
    lines += [f"    {key}: {_yaml_scalar(value)}" for key, value in narrowed.items() if value]
    longest = format_duration(report.policy.max_waiver_duration)
    return [
        "waivers:",
        *lines,
        "    reason:   # why it has to be, and what is done about it",
        '    owner:    # who answers for it: "@login", or "@organization/team"',
        f"    expires:  # a day such as 2027-01-31, at most {longest} from now",
    ]


def _yaml_scalar(text: str) -> str:
    """Write a text as one YAML scalar, whatever is in it; a JSON string is one."""
    plain = PLAIN_SCALAR.fullmatch(text) and text.lower() not in YAML_KEYWORDS and "@" not in text[:1]
    return text if plain else json.dumps(text)
