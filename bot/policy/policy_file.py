"""Where an organization wants its reports: issues, the central repository, the digest."""

from dataclasses import dataclass
from enum import StrEnum

from bot.model.core_types import FullName


class IssueDestination(StrEnum):
    """Where issues are opened."""

    REPOSITORY = "repository"  # in the repository they are about
    CENTRAL = "central"  # all in one repository
    OFF = "off"


class DigestInterval(StrEnum):
    """How often a digest is due."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class DigestForm(StrEnum):
    """What a digest is written as."""

    SINGLE_ISSUE = "standing"  # one issue, rewritten, with a comment when something changed
    ISSUE_PER_PERIOD = "period"  # an issue for each period


@dataclass(frozen=True, slots=True)
class DigestSettings:
    """The digest of an organization."""

    repository: FullName
    interval: DigestInterval = DigestInterval.WEEK
    form: DigestForm = DigestForm.SINGLE_ISSUE


@dataclass(frozen=True, slots=True)
class ReportSettings:
    """What a policy's `reports` asks for. Nothing is opened unless a policy asks for it."""

    issues: IssueDestination = IssueDestination.OFF
    central_repository: FullName | None = None  # for central issues, alerts and reviews
    digest: DigestSettings | None = None


NO_REPORTS = ReportSettings()
