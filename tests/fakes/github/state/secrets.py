"""Secrets and variables: their names and dates. A secret's value never exists here."""

from dataclasses import dataclass, field
from enum import StrEnum


class FakeSecretKind(StrEnum):
    """Whose secrets they are: workflows', Dependabot's, Codespaces' or the coding agent's."""

    ACTIONS = "actions"
    DEPENDABOT = "dependabot"
    CODESPACES = "codespaces"
    AGENTS = "agents"


@dataclass
class FakeSecret:
    """A stored secret; visibility and selection only count for an organization's."""

    name: str
    created: float
    updated: float
    visibility: str = "all"  # all, private, selected
    selected_repositories: set[int] = field(default_factory=set)


@dataclass
class FakeVariable:
    """A stored variable, whose value anyone with access can read."""

    name: str
    value: str
    created: float
    updated: float
    visibility: str = "all"
    selected_repositories: set[int] = field(default_factory=set)


@dataclass
class FakeSecretStore:
    """All of one holder: a repository, an environment or an organization."""

    secrets: dict[FakeSecretKind, dict[str, FakeSecret]] = field(
        default_factory=lambda: {kind: {} for kind in FakeSecretKind}
    )
    variables: dict[FakeSecretKind, dict[str, FakeVariable]] = field(
        default_factory=lambda: {kind: {} for kind in FakeSecretKind}
    )
    private_registries: list[dict[str, object]] = field(default_factory=list)  # an organization's private registries
