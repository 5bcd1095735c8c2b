"""The rule publish-rate: versions do not come in bursts."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar

from bot.checks.rule import Rule, Stricter
from bot.model.core_types import RuleName, Severity
from bot.model.findings import About, Finding, Unseen
from bot.packages.manifests import purl_of
from bot.packages.pace import bursts
from bot.snapshot.repository_snapshot import Snapshot

LOOKED_BACK = timedelta(days=7)  # what came before is no news


@dataclass(frozen=True, slots=True, kw_only=True)
class CalmPace(Rule):
    """Versions of a package do not come in bursts.

    Worms publish what they reach again and again, within minutes; people seldom do.
    """

    name: ClassVar[RuleName] = RuleName("publish-rate")
    severity: Severity = field(
        default=Severity.MEDIUM, metadata={"means": "How bad a finding of this rule is.", "stricter": Stricter.HIGHER}
    )
    most: int = field(
        default=5,
        metadata={
            "means": "How many versions of a package may come within that time.",
            "stricter": Stricter.LOWER,
        },
    )
    within: timedelta = field(
        default=timedelta(hours=1),
        metadata={"means": "The time over which versions are counted.", "stricter": Stricter.HIGHER},
    )

    def applies(self, snapshot: Snapshot) -> bool:
        return any(True for _ in self.watched(snapshot))

    def check(self, snapshot: Snapshot) -> Iterator[Finding | Unseen]:
        for each in self.watched(snapshot):
            if isinstance(each, Unseen):
                yield each
                continue
            place, watched = each
            for burst in bursts(watched.sightings, self.most, self.within):
                first, last = burst[0], burst[-1]
                if snapshot.taken_at - last.at > LOOKED_BACK:
                    continue
                span = f"from {first.at:%Y-%m-%d %H:%M} to {last.at:%H:%M} UTC"
                yield Finding(
                    place=place,
                    message=f"{watched.package.name}: {len(burst)} versions came {span}, {first.version.number} to {last.version.number}",
                    fix=(
                        "Find out who sent them. If that is how you release, raise `most`; if nobody of yours did, withdraw them "
                        "and revoke what may publish the package."
                    ),
                    about=About(package=purl_of(watched.package, snapshot.catalogue)),
                )
