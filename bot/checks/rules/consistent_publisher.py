"""The rule consistent-publisher: a version comes from where the versions before it came from."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from bot.checks.rule import Rule
from bot.model.core_types import RuleName
from bot.model.findings import About, Finding, Unseen
from bot.packages.manifests import purl_of
from bot.packages.publish_history import Sighting, Watched
from bot.packages.steady import steps_back
from bot.snapshot.repository_snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class SteadyIdentity(Rule):
    """The newest version came from the identity that those before it came from.

    A step back from a trusted publisher to a token, or away from provenance or the workflow of all those before, is how stolen
    credentials show.
    """

    name: ClassVar[RuleName] = RuleName("consistent-publisher")

    def applies(self, snapshot: Snapshot) -> bool:
        return any(True for _ in self.watched(snapshot))

    def check(self, snapshot: Snapshot) -> Iterator[Finding | Unseen]:
        for each in self.watched(snapshot):
            if isinstance(each, Unseen):
                yield each
                continue
            place, watched = each
            newest = _newest(watched)
            for step in steps_back(watched.sightings, newest.version.number, watched.repository) if newest else ():
                yield Finding(
                    place=place,
                    message=f"{watched.package.name}: {step}",
                    fix=(
                        "Find out who sent it. If nobody of yours did, withdraw it and revoke the tokens that may publish the "
                        "package; then publish the next version as those before it were."
                    ),
                    about=About(package=purl_of(watched.package, snapshot.catalogue)),
                )


def _newest(watched: Watched) -> Sighting | None:
    return next((each for each in reversed(watched.sightings) if not each.version.withdrawn), None)
