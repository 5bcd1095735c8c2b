"""Defines a waiver, which findings it covers, and whether it is in force on a given date."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from bot.model.core_types import FullName, RuleName
from bot.model.findings import FindingSubject, Known, Location, MaybeKnown, Unknown

DEFAULT_MAX_WAIVER_DURATION = timedelta(days=180)  # that a waiver may last, unless the policy says otherwise
EXPIRY_NOTICE = timedelta(days=14)  # before its end, in which it is said that it ends

APPROVAL_NOT_READ = Unknown("who approved the waiver", "a file does not show its review")


class WaiverStatus(StrEnum):
    """Where a waiver stands on a day."""

    ACTIVE = "followed"
    EXPIRING = "ending"  # followed, for at most 14 more days
    EXPIRED = "ended"  # from the day it names on
    TOO_LONG = "too long"  # it would last longer than the policy allows
    NOT_APPROVED = "not approved"  # the review shows nobody but the one who asked for it


@dataclass(frozen=True, slots=True)
class WaiverApproval:
    """Who asked for a waiver and who approved that, by login."""

    requester: str
    approvers: tuple[str, ...]

    @property
    def is_independent(self) -> bool:
        return any(approver.lower() != self.requester.lower() for approver in self.approvers)


@dataclass(frozen=True, slots=True)
class Waiver:
    """One entry of a policy's `waivers`; what it is not narrowed to is None."""

    rule: RuleName
    repository: FullName
    reason: str
    owner: str  # "@login", or "@organization/team"
    expires: date  # the day on which it is not in force any more
    workflow: str | None = None  # its path, or the name of its file
    job: str | None = None
    secret: str | None = None
    environment: str | None = None
    package: str | None = None  # package URL
    origin: str = ""  # the policy file, and the lines in it
    line: int = 0
    end_line: int = 0
    approval: MaybeKnown[WaiverApproval] = APPROVAL_NOT_READ

    def __str__(self) -> str:
        return f"{self.origin}:{self.line}"

    def status(self, day: date, max_duration: timedelta) -> WaiverStatus:
        """Say where it stands on a day, under a policy's longest waiver."""
        if day >= self.expires:
            return WaiverStatus.EXPIRED
        if isinstance(self.approval, Known) and not self.approval.value.is_independent:
            return WaiverStatus.NOT_APPROVED
        if self.expires - day > max_duration:
            return WaiverStatus.TOO_LONG
        return WaiverStatus.EXPIRING if self.expires - day <= EXPIRY_NOTICE else WaiverStatus.ACTIVE

    def covers(self, rule: RuleName, place: Location, about: FindingSubject) -> bool:
        """Whether it is about this finding: of this rule, and within all that it is narrowed to."""
        return (
            rule == self.rule
            and (self.workflow is None or place.file in (self.workflow, f".github/workflows/{self.workflow}"))
            and (self.job is None or about.job == self.job)
            # GitHub's secrets and environments have no case. A finding about two secrets is not waived for one of them.
            and (self.secret is None or {name.upper() for name in about.secrets} == {self.secret.upper()})
            and (self.environment is None or (about.environment or "").lower() == self.environment.lower())
            and (self.package is None or about.package == self.package)
        )
