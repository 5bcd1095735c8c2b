"""Judges whether versions of a package are published without sudden bursts."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar

from bot.checks.check import Rule, StricterWhen
from bot.model.core_types import RuleName, Severity
from bot.model.findings import Finding, FindingSubject, Unknown
from bot.packages.manifests import format_purl
from bot.packages.publish_history import find_bursts
from bot.snapshot.repository_snapshot import Snapshot

LOOKBACK = timedelta(days=7)  # what came before is no news


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishRate(Rule):
    """Versions of a package are not published in bursts.

    Worms publish many versions within minutes.
    """

    name: ClassVar[RuleName] = RuleName("publish-rate")
    severity: Severity = field(
        default=Severity.MEDIUM,
        metadata={"means": "How bad a finding of this rule is.", "stricter": StricterWhen.HIGHER},
    )
    max_versions: int = field(
        default=5,
        metadata={
            "means": "How many versions of a package may be published within the period.",
            "stricter": StricterWhen.LOWER,
        },
    )
    period: timedelta = field(
        default=timedelta(hours=1),
        metadata={"means": "The period in which versions are counted.", "stricter": StricterWhen.HIGHER},
    )

    def applies(self, snapshot: Snapshot) -> bool:
        return any(True for _ in self.packages_to_check(snapshot))

    def judge(self, snapshot: Snapshot) -> Iterator[Finding | Unknown]:
        for each in self.packages_to_check(snapshot):
            if isinstance(each, Unknown):
                yield each
                continue
            place, watched = each
            for burst in find_bursts(watched.observations, self.max_versions, self.period):
                first, last = burst[0], burst[-1]
                if snapshot.taken_at - last.published_or_seen_at > LOOKBACK:
                    continue
                span = f"from {first.published_or_seen_at:%Y-%m-%d %H:%M} to {last.published_or_seen_at:%H:%M} UTC"
                yield Finding(
                    location=place,
                    message=f"{watched.package.name}: {len(burst)} versions were published {span}, {first.version.number} to {last.version.number}",
                    fix=(
                        "Ask your maintainers who published them. If none of them did, withdraw the versions and revoke every token that "
                        "can publish the package."
                    ),
                    subject=FindingSubject(package=format_purl(watched.package, snapshot.catalog)),
                )
