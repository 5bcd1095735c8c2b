"""The words that all reports share: of outcomes, credentials, counts and the verdict as a whole."""

from bot.detection import Publication
from bot.evaluation.evaluate import Report, RuleResult
from bot.model.core_types import Credential, Outcome
from bot.model.findings import join_names

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
