"""A fix: what to change in workflows so that publications need no stored token, and what is left to a person."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.detection import Publication
from bot.fixes.file_draft import FileDraft
from bot.model.core_types import RegistryId
from bot.registries import Registry


@dataclass(frozen=True, slots=True, order=True)
class FixTarget:
    """What one fix is about: all that one job publishes to one registry."""

    file: str
    job: str
    registry: RegistryId

    @classmethod
    def for_publication(cls, publication: Publication) -> "FixTarget":
        """Name the target that a publication belongs to."""
        return cls(publication.file, publication.job, publication.registry)


@dataclass(frozen=True, slots=True)
class Fix:
    """The change for one target; without drafts there is none to offer, and `refusal` says why."""

    target: FixTarget
    registry: Registry
    publications: tuple[Publication, ...]
    drafts: Mapping[str, FileDraft]  # changed workflows by path
    refusal: str | None  # follows "no change is offered: "
    notes: tuple[str, ...]  # what the change leaves to a person, a sentence each
    registry_steps: tuple[str, ...]  # what to do on the registry's side, a sentence each, with the identity to enter

    @property
    def location(self) -> str:
        """Say where it is, as a finding does."""
        return f"{self.publications[0].file}:{self.publications[0].line}"
