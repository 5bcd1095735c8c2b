"""Defines the names, stores and visibility of secrets and variables, never their values."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.model.core_types import FullName
from bot.model.findings import MaybeKnown


class SecretStore(StrEnum):
    """Where a secret or variable is kept, and so who can reach it."""

    REPOSITORY = "repository"
    ENVIRONMENT = "environment"
    ORGANIZATION = "organization"
    DEPENDABOT = "dependabot"
    ORGANIZATION_DEPENDABOT = "organization dependabot"
    AGENT = "agent"  # GitHub's coding agent
    ORGANIZATION_AGENT = "organization agent"


class SecretVisibility(StrEnum):
    """Which of an organization's repositories may use what it keeps."""

    ALL = "all"
    PRIVATE = "private"  # internal ones too
    SELECTED = "selected"


@dataclass(frozen=True, slots=True)
class SecretAccess:
    """Who may use what an organization keeps."""

    visibility: SecretVisibility
    repositories: tuple[FullName, ...] | None = None  # those of `selected`; None where they were not asked for


@dataclass(frozen=True, slots=True)
class Secret:
    """One stored secret. GitHub shows its value to nobody; a new value moves `updated_at`."""

    name: str
    store: SecretStore
    created_at: datetime
    updated_at: datetime
    environment: str | None = None  # of Store.ENVIRONMENT
    access: MaybeKnown[SecretAccess] | None = None  # of an organization's secret


@dataclass(frozen=True, slots=True)
class Variable:
    """One stored variable. Its value is looked at once, when it is read, and not kept."""

    name: str
    store: SecretStore
    created_at: datetime
    updated_at: datetime
    environment: str | None = None  # of Store.ENVIRONMENT
    token_kind: str | None = None  # the kind of token that its value looks like: "npm" …
