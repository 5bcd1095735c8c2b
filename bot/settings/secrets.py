"""Secrets and variables that GitHub keeps: where, since when and for whom; never what is in them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.model.core_types import FullName
from bot.model.findings import Fact


class Store(StrEnum):
    """Where a secret or variable is kept, and so who can reach it."""

    REPOSITORY = "repository"
    ENVIRONMENT = "environment"
    ORGANISATION = "organization"
    DEPENDABOT = "dependabot"
    ORGANISATION_DEPENDABOT = "organization dependabot"
    AGENT = "agent"  # GitHub's coding agent
    ORGANISATION_AGENT = "organization agent"


class Visibility(StrEnum):
    """Which of an organisation's repositories may use what it keeps."""

    ALL = "all"
    PRIVATE = "private"  # internal ones too
    SELECTED = "selected"


@dataclass(frozen=True, slots=True)
class Reach:
    """Who may use what an organisation keeps."""

    visibility: Visibility
    repositories: tuple[FullName, ...] | None = None  # those of `selected`; None where they were not asked for


@dataclass(frozen=True, slots=True)
class Secret:
    """One stored secret. GitHub shows its value to nobody; a new value moves `updated_at`."""

    name: str
    store: Store
    created_at: datetime
    updated_at: datetime
    environment: str | None = None  # of Store.ENVIRONMENT
    reach: Fact[Reach] | None = None  # of an organisation's secret


@dataclass(frozen=True, slots=True)
class Variable:
    """One stored variable. Its value is looked at once, when it is read, and not kept."""

    name: str
    store: Store
    created_at: datetime
    updated_at: datetime
    environment: str | None = None  # of Store.ENVIRONMENT
    looks_like: str | None = None  # the kind of token that its value looks like: "npm" …
