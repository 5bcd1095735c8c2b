"""Judges whether the newest version was published by the same identity as the versions before it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from bot.checks.check import Rule
from bot.model.core_types import RuleName
from bot.model.findings import Finding, FindingSubject, Unknown
from bot.packages.manifests import format_purl
from bot.packages.publish_history import Observation, WatchedPackage, publisher_changes
from bot.snapshot.repository_snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsistentPublisher(Rule):
    """The newest version has the same publisher as the versions before it.

    A token in place of a trusted publisher, missing provenance or another workflow can be a sign of stolen credentials.
    """

    name: ClassVar[RuleName] = RuleName("consistent-publisher")

    def applies(self, snapshot: Snapshot) -> bool:
        return any(True for _ in self.packages_to_check(snapshot))

    def judge(self, snapshot: Snapshot) -> Iterator[Finding | Unknown]:
        for each in self.packages_to_check(snapshot):
            if isinstance(each, Unknown):
                yield each
                continue
            place, watched = each
            newest = _newest_observation(watched)
            for step in (
                publisher_changes(watched.observations, newest.version.number, watched.repository) if newest else ()
            ):
                yield Finding(
                    location=place,
                    message=f"{watched.package.name}: {step}",
                    fix=(
                        "Ask your maintainers who published it and how. If none of them did, withdraw the version and revoke every token "
                        "that can publish the package."
                    ),
                    subject=FindingSubject(package=format_purl(watched.package, snapshot.catalog)),
                )


def _newest_observation(watched: WatchedPackage) -> Observation | None:
    return next((each for each in reversed(watched.observations) if not each.version.withdrawn), None)
