"""Where an organisation wants its reports: issues, the central repository, the digest."""

from dataclasses import dataclass
from enum import StrEnum

from bot.model.core_types import FullName


class Issues(StrEnum):
    """Where issues are opened."""

    REPOSITORY = "repository"  # in the repository they are about
    CENTRAL = "central"  # all in one repository
    OFF = "off"


class Every(StrEnum):
    """How often a digest is due."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class DigestForm(StrEnum):
    """What a digest is written as."""

    STANDING = "standing"  # one issue, rewritten, with a comment when something changed
    PERIOD = "period"  # an issue for each period


@dataclass(frozen=True, slots=True)
class Digest:
    """The digest of an organisation."""

    repository: FullName
    every: Every = Every.WEEK
    form: DigestForm = DigestForm.STANDING


@dataclass(frozen=True, slots=True)
class Reports:
    """What a policy's `reports` asks for. Nothing is opened unless a policy asks for it."""

    issues: Issues = Issues.OFF
    central: FullName | None = None  # for central issues, alarms and reviews
    digest: Digest | None = None


NOT_ASKED_FOR = Reports()
