"""Formats the wording that all reports share: outcomes, credentials, counts and waivers."""

import json
import re
from collections.abc import Mapping

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
    Outcome.ERROR: "error in Wharfinger",
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


MAX_SUMMARY = 80  # characters of the line that is a check run's title
SUMMARY_WORDS = {
    Outcome.PASSED: "passed",
    Outcome.FAILED: "failed",
    Outcome.WAIVED: "waived",
    Outcome.UNKNOWN: "unknown",
    Outcome.ERROR: "error",
}
# How many rules are named for the first outcome and for the others, as far as there is room; the others are counted.
NAMED_RULES = ((3, 3), (2, 2), (3, 0), (2, 0), (1, 1), (1, 0), (0, 0))


def summarize_outcomes(report: Report) -> str:
    """Say in one line what became of the rules, the most severe first: `1 of 3 rules failed: trusted-publishing`."""
    judged = [result for result in report.results if result.outcome is not Outcome.NOT_APPLICABLE]
    if not judged:
        return _nothing_judged(report)
    names: dict[Outcome, list[str]] = {}
    for result in sorted(judged, key=lambda result: -result.rule.severity.rank):
        names.setdefault(result.outcome, []).append(result.rule.name)
    if set(names) == {Outcome.PASSED}:
        return f"All {len(judged)} rules passed" if len(judged) > 1 else f"{judged[0].rule.name} passed"
    named = NAMED_RULES if Outcome.FAILED in names else tuple((0, each) for each in (3, 2, 1, 0))
    lines = [_outcome_summary(names, len(judged), *each) for each in named]
    return next((line for line in lines if len(line) <= MAX_SUMMARY), lines[-1])


def _nothing_judged(report: Report) -> str:
    if not report.results:
        return "No rule is in force here"
    published = bool(report.snapshot.publications)
    return "No rule applies to what is published here" if published else "Nothing is published from here"


def _outcome_summary(names: Mapping[Outcome, list[str]], judged: int, named_first: int, named_others: int) -> str:
    first = Outcome.FAILED if Outcome.FAILED in names else Outcome.PASSED
    rules = names.get(first, [])
    listed = f": {_first_names(rules, named_first)}" if first is Outcome.FAILED and named_first else ""
    parts = [f"{len(rules)} of {count(judged, 'rule')} {SUMMARY_WORDS[first]}{listed}"]
    for outcome in (Outcome.WAIVED, Outcome.UNKNOWN, Outcome.ERROR):
        if rules := names.get(outcome, []):
            word = SUMMARY_WORDS[outcome]
            parts.append(f"{word}: {_first_names(rules, named_others)}" if named_others else f"{len(rules)} {word}")
    return "; ".join(parts)


def _first_names(names: list[str], named: int) -> str:
    more = len(names) - named
    return join_names([*names[:named], f"{more} more"] if more > 0 else names)


PLAIN_SCALAR = re.compile(r"[A-Za-z_.][A-Za-z0-9_./@-]*")  # stands for itself in YAML, and cannot be taken for a number
YAML_KEYWORDS = frozenset(
    {"true", "false", "null", "yes", "no", "on", "off", "~"}
)  # words that YAML readers may take for others


def waiver_text(waived: WaiverMatch) -> str:
    """Say who waived a finding, until when and why, and whether anybody else approved that."""
    waiver = waived.waiver
    soon = "; it expires soon, and then the finding returns" if waived.status is WaiverStatus.EXPIRING else ""
    return f"waived until {waiver.expires} by {waiver.owner}{soon} ({waiver}): {waiver.reason}; {approval_text(waiver)}"


def approval_text(waiver: Waiver) -> str:
    """Say who approved a waiver, or why that is not known."""
    if not isinstance(waiver.approval, Known):
        return f"its approval is unknown: {waiver.approval.reason}"
    approval = waiver.approval.value
    others = [f"@{login}" for login in approval.approvers if login.lower() != approval.requester.lower()]
    return f"requested by @{approval.requester}, approved by {join_names(others) or 'nobody else'}"


def ineffective_waiver_text(match: WaiverMatch, report: Report) -> str:
    """Say why a waiver does not help a finding that it covers."""
    waiver, longest = match.waiver, format_duration(report.policy.max_waiver_duration)
    match match.status:
        case WaiverStatus.EXPIRED:
            return f"the waiver {waiver} of {waiver.owner} expired on {waiver.expires}"
        case WaiverStatus.TOO_LONG:
            return (
                f"the waiver {waiver} is ignored: it would last until {waiver.expires}, and the policy allows {longest}"
            )
        case _:
            return f"the waiver {waiver} is ignored: {approval_text(waiver)}"


def unused_waiver_text(waiver: Waiver) -> str:
    """Say that a waiver can be removed."""
    return f"the waiver {waiver} of {waiver.rule} matches no finding here; remove it"


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
        "    reason:   # why the finding is accepted, and until what",
        '    owner:    # who is responsible: "@login" or "@organization/team"',
        f"    expires:  # a date such as 2027-01-31, at most {longest} from now",
    ]


def _yaml_scalar(text: str) -> str:
    """Write a text as one YAML scalar, whatever is in it; a JSON string is one."""
    plain = PLAIN_SCALAR.fullmatch(text) and text.lower() not in YAML_KEYWORDS and "@" not in text[:1]
    return text if plain else json.dumps(text)
