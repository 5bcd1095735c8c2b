"""Targets: what a policy says for some repositories only, by name, topic, custom property or visibility."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from bot.model.core_types import FullName
from bot.settings import RepositoryVisibility


@dataclass(frozen=True, slots=True)
class Subject:
    """The repository that a policy is made for, as far as targets look at it; None is what could not be seen."""

    name: FullName  # without an owner where only a checkout's folder is known
    visibility: RepositoryVisibility | None = None
    topics: tuple[str, ...] | None = None
    properties: Mapping[str, tuple[str, ...]] | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """Which repositories are meant: all that is said has to hold, and of several values one."""

    names: tuple[str, ...] = ()  # globs; with a slash they are matched with the owner's name
    topics: tuple[str, ...] = ()
    properties: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    visibilities: tuple[RepositoryVisibility, ...] = ()

    def holds(self, subject: Subject) -> bool | None:
        """Whether a repository is meant; None where that hangs on something that could not be seen."""
        answers = [
            _known(not self.names or _named(self.names, subject.name)),
            _any(self.topics, subject.topics),
            _any(self.visibilities, None if subject.visibility is None else (subject.visibility,)),
            *(
                _any(values, None if subject.properties is None else _property(subject.properties, name))
                for name, values in self.properties.items()
            ),
        ]
        if False in answers:
            return False
        return None if None in answers else True


def _known(answer: bool) -> bool | None:  # noqa: FBT001 - an answer among answers
    return answer


def _named(globs: tuple[str, ...], name: FullName) -> bool:
    full = name.lower()
    short = full.rpartition("/")[2]
    return any(fnmatchcase(full if "/" in glob else short, glob.lower()) for glob in globs)


def _any(wanted: tuple[str, ...], seen: tuple[str, ...] | None) -> bool | None:
    if not wanted:
        return True
    if seen is None:
        return None
    have = {value.lower() for value in seen}
    return any(value.lower() in have for value in wanted)


def _property(properties: Mapping[str, tuple[str, ...]], name: str) -> tuple[str, ...]:
    """Give the values of a custom property, whose name has no case; none where the repository has none of it."""
    return next((values for known, values in properties.items() if known.lower() == name.lower()), ())
