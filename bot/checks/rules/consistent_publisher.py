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
    """The newest version came from the identity that those before it came from.

    A step back from a trusted publisher to a token, or away from provenance or the workflow of all those before, is how stolen
    credentials show.
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
                        "Find out who sent it. If nobody of yours did, withdraw it and revoke the tokens that may publish the "
                        "package; then publish the next version as those before it were."
                    ),
                    subject=FindingSubject(package=format_purl(watched.package, snapshot.catalog)),
                )


def _newest_observation(watched: WatchedPackage) -> Observation | None:
    return next((each for each in reversed(watched.observations) if not each.version.withdrawn), None)
