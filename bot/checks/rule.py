"""What every rule is: a good state that a policy demands."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import ClassVar

from bot.detection import Publication
from bot.model.core_types import Mode, RegistryId, RuleName, Severity
from bot.model.findings import Finding, Place, Unseen, settings_page
from bot.packages.publish_history import Watched
from bot.registries.registry import Registry
from bot.settings import Read
from bot.snapshot.repository_snapshot import Snapshot
from bot.tracing import Account


class Stricter(StrEnum):
    """Which way an option gets stricter: what a repository's own policy may do under `overrides: stricter`."""

    HIGHER = "higher"  # of words in order: a higher severity, `enforce` over `observe`; of numbers, durations, `true`
    LOWER = "lower"  # of numbers and durations: a shorter maximum age
    FEWER = "fewer"  # of a list of exceptions: only entries that the organisation's list has too
    MORE = "more"  # of a list of demands: entries may be added, none taken away


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(ABC):
    """One rule: its docstring's first line is its title, its fields are its options, its page lies beside it.

    An option is a field whose metadata says what it `means` and which way it gets `stricter`. Its type is one that policy
    files can say (bot/policy/policy_schema.py): a StrEnum, a list of such or of texts, a number, true or false, a duration. In a
    file `maximum_age` is `maximum-age`.
    """

    name: ClassVar[RuleName]
    reads: ClassVar[frozenset[Read]] = frozenset({Read.FILES})
    severity: Severity = field(
        default=Severity.HIGH, metadata={"means": "How bad a finding of this rule is.", "stricter": Stricter.HIGHER}
    )
    mode: Mode = field(
        default=Mode.OBSERVE,
        metadata={"means": "observe or enforce, for this rule alone.", "stricter": Stricter.HIGHER},
    )
    allow: tuple[RegistryId, ...] = field(
        default=(), metadata={"means": "Registries that this rule leaves alone.", "stricter": Stricter.FEWER}
    )

    @classmethod
    def title(cls) -> str:
        """Say the good state in words: the first line of the class docstring, without its full stop."""
        return (cls.__doc__ or "").partition("\n")[0].rstrip(".")

    def judged(self, snapshot: Snapshot) -> Iterator[tuple[Publication, Registry]]:
        """Yield the publications that this rule is about, each with its registry."""
        for publication in snapshot.publications:
            if publication.registry not in self.allow:
                yield publication, snapshot.registries[publication.registry]

    def watched(self, snapshot: Snapshot) -> Iterator[tuple[Place, Watched] | Unseen]:
        """Yield each package that this rule is about, with where it is published; and where that was not seen, so.

        A registry that nobody can ask for its versions is left out. Where the repository publishes to one and none of its
        packages is known by name, that is unseen too.
        """
        places = {
            registry.id: Place(publication.file, publication.line, publication.line)
            for publication, registry in reversed(list(self.judged(snapshot)))
            if registry.etiquette is not None
        }
        if isinstance(snapshot.watched, Unseen):
            if places:
                yield snapshot.watched
            return
        found = [each for each in snapshot.watched.value if each.package.registry not in self.allow]
        for watched in found:
            yield places.get(watched.package.registry, settings_page("actions")), watched
        for registry in places.keys() - {each.package.registry for each in found}:
            reason = "no file that was read tells its name; add it to the policy's `packages`"
            yield Unseen(f"the package that is published to {snapshot.registries[registry].name}", reason)

    def accounts(
        self, snapshot: Snapshot, back: timedelta, *, newest: bool = False
    ) -> Iterator[tuple[Place, Account] | Unseen]:
        """Yield the account of each version that came lately, with where it is published; and where nobody keeps any, so.

        `newest`: only of the newest version of each package. What was withdrawn is not judged: nothing more can be done about it.
        """
        if isinstance(snapshot.released, Unseen):
            if any(registry.etiquette is not None for _, registry in self.judged(snapshot)):
                yield snapshot.released
            return
        places = {
            publication.registry: Place(publication.file, publication.line, publication.line)
            for publication, _ in reversed(list(self.judged(snapshot)))
        }
        seen = set()
        for account in snapshot.released.value:
            package = account.version.package
            if account.version.withdrawn or (newest and package in seen):
                continue
            seen.add(package)
            registry, came = account.version.package.registry, account.version.published or account.taken_at
            if registry not in self.allow and snapshot.taken_at - came <= back:
                yield places.get(registry, settings_page("actions")), account

    def applies(self, snapshot: Snapshot) -> bool:
        """Whether there is anything to judge; a rule that does not apply is `not-applicable`, never `passed`."""
        return any(True for _ in self.judged(snapshot))

    @abstractmethod
    def check(self, snapshot: Snapshot) -> Iterator[Finding | Unseen]:
        """Yield each place where the good state does not hold, and each fact that was needed and not seen."""
