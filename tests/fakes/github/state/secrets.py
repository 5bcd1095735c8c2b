"""Secrets and variables: their names and dates. A secret's value never exists here."""

from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """Whose secrets they are: workflows', Dependabot's, Codespaces' or the coding agent's."""

    ACTIONS = "actions"
    DEPENDABOT = "dependabot"
    CODESPACES = "codespaces"
    AGENTS = "agents"


@dataclass
class Secret:
    """A stored secret; visibility and selection only count for an organisation's."""

    name: str
    created: float
    updated: float
    visibility: str = "all"  # all, private, selected
    selected: set[int] = field(default_factory=set)


@dataclass
class Variable:
    """A stored variable, whose value anyone with access can read."""

    name: str
    value: str
    created: float
    updated: float
    visibility: str = "all"
    selected: set[int] = field(default_factory=set)


@dataclass
class Secrets:
    """All of one holder: a repository, an environment or an organisation."""

    secrets: dict[Kind, dict[str, Secret]] = field(default_factory=lambda: {kind: {} for kind in Kind})
    variables: dict[Kind, dict[str, Variable]] = field(default_factory=lambda: {kind: {} for kind in Kind})
    registries: list[dict[str, object]] = field(default_factory=list)  # an organisation's private registries
