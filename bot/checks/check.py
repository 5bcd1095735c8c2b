"""Defines the base of rules, gate conditions and alerts: a name, options, a page, and a judgment of one subject."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from sys import modules
from typing import ClassVar, Generic, TypeAlias, TypeVar

from bot.detection import Publication
from bot.model.core_types import Mode, RegistryId, RuleName, Severity
from bot.model.findings import Finding, Location, ReadableFact, Unknown, settings_location
from bot.packages.publish_history import WatchedPackage
from bot.registries.registry import Registry
from bot.settings import Environment, SettingsQuery
from bot.snapshot.protection import PublishEnvironment, publish_environments
from bot.snapshot.repository_snapshot import Snapshot
from bot.tracing import VersionTrace

Subject = TypeVar("Subject", contravariant=True)  # noqa: PLC0105 - the name of what a check judges, in the words of its docstring


PROTECTED_ENVIRONMENT = RuleName(
    "protected-environment"
)  # reports a missing environment for the rules about environments


class StricterWhen(StrEnum):
    """Which change makes an option stricter: what a repository's own policy may do under `overrides: stricter`."""

    HIGHER = "higher"  # of words in order: a higher severity, `enforce` over `observe`; of numbers, durations, `true`
    LOWER = "lower"  # of numbers and durations: a shorter maximum age
    FEWER = "fewer"  # of a list of exceptions: only entries that the organization's list has too
    MORE = "more"  # of a list of requirements: entries may be added, none removed


@dataclass(frozen=True, slots=True)
class Consequence:
    """A finding that another check reports as its cause: the environment without reviewers is an environment that does not exist.

    The engine leaves it out where a finding of `requirement` stands on the same publication, and keeps it everywhere else.
    """

    requirement: RuleName  # one of the check's `requires`
    finding: Finding


Judgment: TypeAlias = Finding | Unknown | Consequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Check(ABC, Generic[Subject]):
    """Judges one kind of subject.

    The first line of its docstring is its title, its fields are its options, and its page has the name of its module.

    An option is a field whose metadata says what it `means` and which change makes it `stricter`. Policy files must be able to
    express its type (bot/policy/policy_schema.py): a StrEnum, a list of such or of texts, a number, true or false, a
    duration. In a file `max_age` is `max-age`.
    """

    name: ClassVar[RuleName]
    reads: ClassVar[frozenset[ReadableFact]] = frozenset()
    requires: ClassVar[tuple[RuleName, ...]] = ()  # checks without which this one has nothing to judge
    judges_publications: ClassVar[bool] = (
        True  # whether a credential that reaches what could not be read leaves it unknown
    )
    mode: Mode = field(
        default=Mode.OBSERVE,
        metadata={
            "means": "Whether a finding is only reported (observe) or also blocks (enforce).",
            "stricter": StricterWhen.HIGHER,
        },
    )

    @classmethod
    def title(cls) -> str:
        """Return the first line of the class docstring, without its period."""
        return (cls.__doc__ or "").partition("\n")[0].rstrip(".")

    @classmethod
    def page(cls) -> Path:
        """Return the path of the documentation page, which lies beside the module."""
        return Path(str(modules[cls.__module__].__file__)).with_suffix(".md")

    @abstractmethod
    def applies(self, subject: Subject) -> bool:
        """Whether there is anything to judge; a check that does not apply is `not-applicable`, never `passed`."""

    @abstractmethod
    def judge(self, subject: Subject) -> Iterator[Judgment]:
        """Yield each place where the good state does not hold, and each fact that was needed and is unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(Check[Snapshot]):
    """A rule: a good state of a repository that publishes. Its title states that good state."""

    judges_previews: ClassVar[bool] = (
        False  # which need no environment and no approval, but hold tokens and have triggers
    )

    reads: ClassVar[frozenset[SettingsQuery]] = frozenset({SettingsQuery.FILES})
    severity: Severity = field(
        default=Severity.HIGH, metadata={"means": "How bad a finding of this rule is.", "stricter": StricterWhen.HIGHER}
    )
    allow: tuple[RegistryId, ...] = field(
        default=(), metadata={"means": "Registries to which this rule does not apply.", "stricter": StricterWhen.FEWER}
    )

    def publications_to_check(self, snapshot: Snapshot) -> Iterator[tuple[Publication, Registry]]:
        """Yield the publications to which this rule applies, each with its registry."""
        for publication in snapshot.publications:
            if publication.registry not in self.allow and (self.judges_previews or not publication.preview):
                yield publication, snapshot.registries[publication.registry]

    def packages_to_check(self, snapshot: Snapshot) -> Iterator[tuple[Location, WatchedPackage] | Unknown]:
        """Yield each package to which this rule applies, with the place that publishes it, or that the package is unknown.

        A registry that cannot be asked for its versions is left out. If the repository publishes to one and none of its
        packages is known by name, that package is unknown.
        """
        places = self._places(snapshot, readable_only=True)
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
        """Yield the trace of each recent version, with the place that publishes it, or that no traces are stored.

        With `newest_only`, only the newest version of each package is judged. A withdrawn version is not judged, because nothing
        more can be done about it.
        """
        if isinstance(snapshot.version_traces, Unknown):
            if self._places(snapshot, readable_only=True):
                yield snapshot.version_traces
            return
        places = self._places(snapshot)
        seen = set()
        for trace in snapshot.version_traces.value:
            package, published_at = trace.version.package, trace.version.published_at or trace.traced_at
            if trace.version.withdrawn or (newest_only and package in seen):
                continue
            seen.add(package)
            if package.registry not in self.allow and snapshot.taken_at - published_at <= max_age:
                yield places.get(package.registry, settings_location("actions")), trace

    def environments_to_check(
        self, snapshot: Snapshot, effect: str
    ) -> Iterator[tuple[PublishEnvironment, Environment] | Unknown | Consequence]:
        """Yield each environment from which something is published, and the `effect` of publishing without one."""
        publications = (publication for publication, _ in self.publications_to_check(snapshot))
        for each in publish_environments(publications, snapshot):
            if isinstance(each, Unknown):
                yield each
            elif each.environment is None:
                yield Consequence(PROTECTED_ENVIRONMENT, _no_environment_finding(each, snapshot, effect))
            else:
                yield each, each.environment

    def applies(self, snapshot: Snapshot) -> bool:
        return any(True for _ in self.publications_to_check(snapshot))

    def _places(self, snapshot: Snapshot, *, readable_only: bool = False) -> dict[RegistryId, Location]:
        """Return the first place that publishes to each registry; with `readable_only`, of registries that can be asked."""
        return {
            publication.registry: Location(publication.file, publication.line, publication.line)
            for publication, registry in reversed(list(self.publications_to_check(snapshot)))
            if registry.request_policy is not None or not readable_only
        }


def _no_environment_finding(publish_environment: PublishEnvironment, snapshot: Snapshot, effect: str) -> Finding:
    where, name = publish_environment.registry_names(snapshot), publish_environment.name
    if name is None:
        how = "without an environment"
        fix = f"Name an environment in {publish_environment.publications[0].publishing_job}, and protect it (Settings, Environments)."
    else:
        how = f"from the environment {name}, which does not exist"
        fix = f"Create the environment {name} (Settings, Environments), and protect it before the job first runs."
    message = f"publishes to {where} {how}, so {effect}"
    return Finding(publish_environment.location, message, fix, subject=publish_environment.subject)
