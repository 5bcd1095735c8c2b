"""The words that all reports share: of outcomes, credentials, counts and the verdict as a whole."""

from bot.detection import Publication
from bot.evaluation.evaluate import Report, Result
from bot.model.core_types import Credential, Outcome
from bot.model.findings import listed

OUTCOMES = {
    Outcome.PASSED: "holds",
    Outcome.FAILED: "does not hold",
    Outcome.WAIVED: "waived",
    Outcome.NOT_APPLICABLE: "not applicable",
    Outcome.UNSEEN: "could not be seen",
    Outcome.BROKEN: "could not be judged (our fault)",
}

CREDENTIALS = {
    Credential.LONG_LIVED: "stored token",
    Credential.OIDC: "trusted publishing",
    Credential.GITHUB_TOKEN: "the job's own GITHUB_TOKEN",
    Credential.CLOUD_OIDC: "short-lived cloud login",
    Credential.HYBRID: "trusted publishing and a stored token",
    Credential.NONE: "no credential",
    Credential.UNKNOWN: "unknown credential",
}

MOST_NAMES = 4  # of rules, for each outcome in a title


def count(number: int, thing: str) -> str:
    """Say `1 finding`, `2 findings`, `2 repositories`."""
    ending = thing.endswith("y") and not thing.endswith("day")
    plural = thing if number == 1 else thing.removesuffix("y") + "ies" if ending else thing + "s"
    return f"{number:,} {plural}"


def untold(reason: str, permission: str | None) -> str:
    """Return the permission that would show a fact, where the reason does not name it already: once is enough."""
    return permission if permission and permission not in reason else ""


def credential(publication: Publication) -> str:
    """Say what a publication authenticates with, secrets named."""
    kind = CREDENTIALS[publication.credential]
    named = publication.secrets and publication.credential is not Credential.GITHUB_TOKEN
    return f"{kind} ({listed(publication.secrets)})" if named else kind


def verdict(report: Report) -> str:
    """Say in one line what became of the rules: `2 of 3 rules hold; trusted-publishing does not`."""
    judged = [result for result in report.results if result.outcome is not Outcome.NOT_APPLICABLE]
    if not report.results:
        return "No rule is in force here"
    if not judged:
        return (
            "Nothing that the rules are about is published from here"
            if report.snapshot.publications
            else "Nothing is published from here"
        )
    held = _of(judged, Outcome.PASSED)
    if len(held) == len(judged):
        return f"All {len(held)} rules hold" if len(held) > 1 else f"{held[0]} holds"
    parts = [f"{len(held)} of {len(judged)} rules {'holds' if len(held) == 1 else 'hold'}"]
    failed, waived, unseen, broken = (
        _of(judged, each) for each in (Outcome.FAILED, Outcome.WAIVED, Outcome.UNSEEN, Outcome.BROKEN)
    )
    if failed:
        parts.append(f"{_first(failed)} {'does' if len(failed) == 1 else 'do'} not")
    if waived:
        parts.append(f"{_first(waived)} {'is' if len(waived) == 1 else 'are'} waived")
    if unseen:
        parts.append(f"{_first(unseen)} could not be seen")
    if broken:
        parts.append(f"{_first(broken)} could not be judged")
    return "; ".join(parts)


def _first(names: list[str]) -> str:
    """List the first few names: a title that lists a dozen is read by nobody, and cut by GitHub."""
    return listed(
        names if len(names) <= MOST_NAMES else [*names[: MOST_NAMES - 1], f"{len(names) - MOST_NAMES + 1} more"]
    )


def _of(results: list[Result], outcome: Outcome) -> list[str]:
    return [result.rule.name for result in results if result.outcome is outcome]
