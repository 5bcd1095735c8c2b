"""Defines distinct types for identifiers, and the values of severity, outcome and mode."""

from enum import StrEnum
from typing import NewType

InstallationId = NewType("InstallationId", int)
RepositoryId = NewType("RepositoryId", int)
FullName = NewType("FullName", str)  # owner/name
Sha = NewType("Sha", str)  # a full commit id
RegistryId = NewType("RegistryId", str)  # as in the catalog: pypi, npm, crates.io …
RuleName = NewType("RuleName", str)  # the good state in kebab case: trusted-publishing
DayRange = NewType("DayRange", str)  # the first and the last day: 2026-12-20/2027-01-03


class Credential(StrEnum):
    """What a publication authenticates with."""

    LONG_LIVED = "long-lived"
    OIDC = "oidc"
    GITHUB_TOKEN = "github-token"  # noqa: S105 - the kind of credential, not one
    CLOUD_OIDC = "cloud-oidc"
    HYBRID = "hybrid"  # OIDC is possible, but a stored token reaches the step too
    NONE = "none"
    UNKNOWN = "unknown"


class Confidence(StrEnum):
    """How sure we are that a step publishes; `low` says so in every report, with the reason."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Severity(StrEnum):
    """How bad a finding is, in the four words security teams sort by."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        return list(Severity).index(self)

    @property
    def next_lower(self) -> "Severity":
        """The next lower severity; the lowest stays."""
        return list(Severity)[max(self.rank - 1, 0)]


class Outcome(StrEnum):
    """What became of one rule. `unknown` and `error` never turn a check green."""

    PASSED = "passed"
    FAILED = "failed"
    WAIVED = "waived"
    NOT_APPLICABLE = "not-applicable"
    UNKNOWN = "unknown"  # a permission or an API kept the fact from us
    ERROR = "error"  # our own fault


class Mode(StrEnum):
    """What a failed rule does: `observe` says it, `enforce` also fails the check and rejects at the gate."""

    OBSERVE = "observe"
    ENFORCE = "enforce"

    @property
    def rank(self) -> int:
        return list(Mode).index(self)


class Conclusion(StrEnum):
    """What a completed check run says, in GitHub's words; of these only `failure` and `action_required` stop a merge."""

    SUCCESS = "success"
    NEUTRAL = "neutral"
    FAILURE = "failure"
    ACTION_REQUIRED = "action_required"


def conclusion_of(outcome: Outcome, mode: Mode, *, waivers_approved: bool) -> Conclusion | None:
    """Say what an outcome asks of a check run; None where it has nothing to say. `approved`: another person approved each waiver."""
    enforced = mode is Mode.ENFORCE
    match outcome:
        case Outcome.FAILED:
            return Conclusion.FAILURE if enforced else Conclusion.NEUTRAL
        case Outcome.UNKNOWN | Outcome.ERROR:
            # Grey lets a merge through. Where a rule is enforced, not knowing has to stop it, or hiding would be a way round.
            return Conclusion.ACTION_REQUIRED if enforced else Conclusion.NEUTRAL
        case Outcome.WAIVED:
            # A waiver is as good as its review: where nobody saw another person approve it, it is not green.
            return Conclusion.SUCCESS if waivers_approved else Conclusion.NEUTRAL
        case Outcome.PASSED:
            return Conclusion.SUCCESS
        case Outcome.NOT_APPLICABLE:
            return None
