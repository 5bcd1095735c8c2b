"""Defines findings with their location and fix, and facts that are known or unknown."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeAlias, TypeVar

T = TypeVar("T")
NOT_READ = "nothing that was judged needs it, so it was not read"


@dataclass(frozen=True, slots=True)
class Location:
    """Lines of one file of the repository, 1-based and inclusive; or a page of settings, of which there are no lines."""

    file: str
    line: int
    end_line: int

    @property
    def in_file(self) -> bool:
        return self.line > 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.in_file else self.file


def settings_location(page: str) -> Location:
    """Return a page of GitHub's settings as a place: its address below the repository (`settings/keys`), or below GitHub."""
    return Location(page, 0, 0)


@dataclass(frozen=True, slots=True)
class FindingSubject:
    """What a finding is about, so that a waiver can be narrowed to it. What a rule leaves out is taken from its place."""

    job: str | None = None
    secrets: tuple[str, ...] = ()
    environment: str | None = None
    package: str | None = None  # package URL
    identity: str | None = None  # the key of a publishing identity, for what follows from the finding


NO_SUBJECT = FindingSubject()


@dataclass(frozen=True, slots=True)
class Finding:
    """A place where a rule does not hold: what is wrong, why it matters, the very next step."""

    location: Location
    message: str  # one sentence, no Markdown; repository text in it is escaped by whoever shows it
    fix: str  # the very next step, one or two sentences
    suggestion: str | None = None  # text to stand instead of the lines of `place`, where the change is that small
    subject: FindingSubject = NO_SUBJECT
    probable: bool = False  # it rests only on publications that are not certain, so it weighs one severity less


@dataclass(frozen=True, slots=True)
class Unknown:
    """A fact that was kept from us: never a pass."""

    fact: str  # "the repository's environments"
    reason: str  # "the App was not granted actions: read"
    permission: str | None = None  # what would show it, in GitHub's words: "actions: read"


class ReadableFact(Enum):
    """Something that may be read, in words, and the App's permission that shows it; its members are of whoever judges."""

    def __init__(self, fact: str, permission: str) -> None:
        self.fact = fact
        self.permission = permission

    def __str__(self) -> str:
        return self.permission

    @property
    def not_read(self) -> Unknown:
        """The fact as it stands while nobody has asked GitHub."""
        return Unknown(self.fact, NOT_READ, self.permission)

    def permission_denied(self, permission: str | None = None) -> Unknown:
        """Say that GitHub refused the fact; `permission` is what GitHub itself says would be enough."""
        granted = permission or self.permission
        return Unknown(self.fact, f"the App was not granted {granted}", granted)


@dataclass(frozen=True, slots=True)
class Known(Generic[T]):
    """A fact that GitHub told us."""

    value: T


MaybeKnown: TypeAlias = Known[T] | Unknown


@dataclass(frozen=True, slots=True)
class UnreadableFile:
    """A file that could not be read, and why; it makes every rule that needed it `unknown`."""

    file: str
    reason: str
    line: int | None = None


def join_names(names: Iterable[str]) -> str:
    """Say names as a person would: `A`, `A and B`, `A, B and C`; each once, in the order given."""
    each = list(dict.fromkeys(names))
    return " and ".join(part for part in [", ".join(each[:-1]), *each[-1:]] if part)
