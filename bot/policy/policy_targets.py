"""Decides which repositories a policy target matches, by name, topic, custom property or visibility."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from bot.model.core_types import FullName
from bot.settings import RepositoryVisibility


@dataclass(frozen=True, slots=True)
class TargetRepository:
    """The repository that a policy is made for, as far as targets look at it; None is what could not be seen."""

    name: FullName  # without an owner where only a checkout's folder is known
    visibility: RepositoryVisibility | None = None
    topics: tuple[str, ...] | None = None
    properties: Mapping[str, tuple[str, ...]] | None = None


@dataclass(frozen=True, slots=True)
class RepositoryMatch:
    """Which repositories are meant: all that is said has to hold, and of several values one."""

    names: tuple[str, ...] = ()  # globs; with a slash they are matched with the owner's name
    topics: tuple[str, ...] = ()
    properties: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    visibilities: tuple[RepositoryVisibility, ...] = ()

    def matches(self, target: TargetRepository) -> bool | None:
        """Whether a repository is meant; None where that hangs on something that could not be seen."""
        answers = [
            _as_answer(not self.names or _name_matches(self.names, target.name)),
            _any_matches(self.topics, target.topics),
            _any_matches(self.visibilities, None if target.visibility is None else (target.visibility,)),
            *(
                _any_matches(values, None if target.properties is None else _property_values(target.properties, name))
                for name, values in self.properties.items()
            ),
        ]
        if False in answers:
            return False
        return None if None in answers else True


def _as_answer(answer: bool) -> bool | None:  # noqa: FBT001 - an answer among answers
    return answer


def _name_matches(globs: tuple[str, ...], name: FullName) -> bool:
    full = name.lower()
    short = full.rpartition("/")[2]
    return any(fnmatchcase(full if "/" in glob else short, glob.lower()) for glob in globs)


def _any_matches(accepted: tuple[str, ...], actual: tuple[str, ...] | None) -> bool | None:
    if not accepted:
        return True
    if actual is None:
        return None
    have = {value.lower() for value in actual}
    return any(value.lower() in have for value in accepted)


def _property_values(properties: Mapping[str, tuple[str, ...]], name: str) -> tuple[str, ...]:
    """Give the values of a custom property, whose name has no case; none where the repository has none of it."""
    return next((values for known, values in properties.items() if known.lower() == name.lower()), ())
