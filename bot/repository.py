"""Snapshot: one repository at one commit at one moment, all that a rule may see."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.findings import Fact, Unreadable, Unseen
from bot.names import FullName, RegistryId, Sha
from bot.publications import Publication
from bot.registries.model import Registry
from bot.workflows import Action, Workflow

UNSEEN_LOCALLY = Unseen("the repository's environments", "a local checkout does not hold them", "actions: read")


@dataclass(frozen=True, slots=True)
class Environment:
    """A deployment environment of the repository, as far as GitHub told us."""

    name: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is judged. The clock enters as `taken_at`, never otherwise."""

    repository: FullName
    commit: Sha | None  # None for a local checkout
    taken_at: datetime
    workflows: Mapping[str, Workflow] = field(default_factory=dict)  # by path
    actions: Mapping[str, Action] = field(default_factory=dict)  # local actions by folder
    unreadable: tuple[Unreadable, ...] = ()
    publications: tuple[Publication, ...] = ()
    registries: Mapping[RegistryId, Registry] = field(default_factory=dict)  # the catalogue, by id
    environments: Fact[tuple[Environment, ...]] = UNSEEN_LOCALLY
