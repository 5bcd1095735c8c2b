"""Defines the base of all checks, runs a check, and derives its outcome from the findings."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import ClassVar, Protocol, TypeVar

from bot.detection import Publication
from bot.model.core_types import Mode, Outcome, RegistryId, RuleName, Severity
from bot.model.errors import describe_fault
from bot.model.findings import Finding, Location, Unknown, settings_location
from bot.packages.publish_history import WatchedPackage
from bot.registries.registry import Registry
from bot.settings import SettingsQuery
from bot.snapshot.repository_snapshot import Snapshot
from bot.tracing import VersionTrace

T_contra = TypeVar("T_contra", contravariant=True)


class Check(Protocol[T_contra]):
    """Judges one kind of thing."""

    def applies(self, subject: T_contra, /) -> bool:
        """Whether there is anything to judge."""

    def check(self, subject: T_contra, /) -> Iterator[Finding | Unknown]:
        """Yield what is wrong, and what could not be seen."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """Each thing once; what was said before a judge broke stands."""

    findings: tuple[Finding, ...] = ()
    unknown: tuple[Unknown, ...] = ()
    error: str | None = None  # our own: the kind of error and where in our code, never its text
    applies: bool = True


def run_check(check: Check[T_contra], subject: T_contra) -> CheckResult:
    """Ask a judge. Whatever it raises is our fault: it lets nothing pass, and does not take the others with it."""
    findings: dict[Finding, None] = {}
    unseen: dict[Unknown, None] = {}
    fault, applies = None, True
    try:
        applies = check.applies(subject)
        for said in check.check(subject) if applies else ():
            if isinstance(said, Finding):
                findings[said] = None
            else:
                unseen[said] = None
    except Exception as error:  # noqa: BLE001 - as above
        fault = describe_fault(error)
    return CheckResult(tuple(findings), tuple(unseen), fault, applies)


def outcome_of(result: CheckResult, waived: Sequence[object] = ()) -> Outcome:
    """Give the worst that is so: failed, broken, unknown, waived, passed, not-applicable. `said` is without what is waived."""
    if result.findings:
        return Outcome.FAILED
    if result.error is not None:
        return Outcome.ERROR
    if result.unknown:
        return Outcome.UNKNOWN
    if waived:
        return Outcome.WAIVED
    return Outcome.PASSED if result.applies else Outcome.NOT_APPLICABLE


class StricterWhen(StrEnum):
    """Which way an option gets stricter: what a repository's own policy may do under `overrides: stricter`."""

    HIGHER = "higher"  # of words in order: a higher severity, `enforce` over `observe`; of numbers, durations, `true`
    LOWER = "lower"  # of numbers and durations: a shorter maximum age
    FEWER = "fewer"  # of a list of exceptions: only entries that the organization's list has too
    MORE = "more"  # of a list of demands: entries may be added, none taken away


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(ABC):
    """One rule: its docstring's first line is its title, its fields are its options, its page lies beside it.

    An option is a field whose metadata says what it `means` and which way it gets `stricter`. Its type is one that policy
    files can say (bot/policy/policy_schema.py): a StrEnum, a list of such or of texts, a number, true or false, a duration. In a
    file `maximum_age` is `maximum-age`.
    """

    name: ClassVar[RuleName]
    reads: ClassVar[frozenset[SettingsQuery]] = frozenset({SettingsQuery.FILES})
    severity: Severity = field(
        default=Severity.HIGH, metadata={"means": "How bad a finding of this rule is.", "stricter": StricterWhen.HIGHER}
    )
    mode: Mode = field(
        default=Mode.OBSERVE,
        metadata={"means": "observe or enforce, for this rule alone.", "stricter": StricterWhen.HIGHER},
    )
    allow: tuple[RegistryId, ...] = field(
        default=(), metadata={"means": "Registries that this rule leaves alone.", "stricter": StricterWhen.FEWER}
    )

    @classmethod
    def title(cls) -> str:
        """Say the good state in words: the first line of the class docstring, without its full stop."""
        return (cls.__doc__ or "").partition("\n")[0].rstrip(".")

    def publications_to_check(self, snapshot: Snapshot) -> Iterator[tuple[Publication, Registry]]:
        """Yield the publications that this rule is about, each with its registry."""
        for publication in snapshot.publications:
            if publication.registry not in self.allow:
                yield publication, snapshot.registries[publication.registry]

    def packages_to_check(self, snapshot: Snapshot) -> Iterator[tuple[Location, WatchedPackage] | Unknown]:
        """Yield each package that this rule is about, with where it is published; and where that was not seen, so.

        A registry that nobody can ask for its versions is left out. Where the repository publishes to one and none of its
        packages is known by name, that is unknown too.
        """
        places = {
            registry.id: Location(publication.file, publication.line, publication.line)
            for publication, registry in reversed(list(self.publications_to_check(snapshot)))
            if registry.request_policy is not None
        }
        if isinstance(snapshot.registry_versions, Unknown):
            if places:
                yield snapshot.registry_versions
            return
        found = [each for each in snapshot.registry_versions.value if each.package.registry not in self.allow]
        for watched in found:
            yield places.get(watched.package.registry, settings_location("actions")), watched
        for registry in places.keys() - {each.package.registry for each in found}:
            reason = "no file that was read tells its name; add it to the policy's `packages`"
            yield Unknown(f"the package that is published to {snapshot.registries[registry].name}", reason)

    def traces_to_check(
        self, snapshot: Snapshot, max_age: timedelta, *, newest_only: bool = False
    ) -> Iterator[tuple[Location, VersionTrace] | Unknown]:
        """Yield the account of each version that came lately, with where it is published; and where nobody keeps any, so.

        `newest`: only of the newest version of each package. What was withdrawn is not judged: nothing more can be done about it.
        """
        if isinstance(snapshot.version_traces, Unknown):
            if any(registry.request_policy is not None for _, registry in self.publications_to_check(snapshot)):
                yield snapshot.version_traces
            return
        places = {
            publication.registry: Location(publication.file, publication.line, publication.line)
            for publication, _ in reversed(list(self.publications_to_check(snapshot)))
        }
        seen = set()
        for account in snapshot.version_traces.value:
            package = account.version.package
            if account.version.withdrawn or (newest_only and package in seen):
                continue
            seen.add(package)
            registry, came = account.version.package.registry, account.version.published_at or account.traced_at
            if registry not in self.allow and snapshot.taken_at - came <= max_age:
                yield places.get(registry, settings_location("actions")), account

    def applies(self, snapshot: Snapshot) -> bool:
        """Whether there is anything to judge; a rule that does not apply is `not-applicable`, never `passed`."""
        return any(True for _ in self.publications_to_check(snapshot))

    @abstractmethod
    def check(self, snapshot: Snapshot) -> Iterator[Finding | Unknown]:
        """Yield each place where the good state does not hold, and each fact that was needed and not seen."""
