"""Judges whether packages that are published as a trusted publisher refuse tokens at their registry."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar

from bot.checks.check import Rule, StricterWhen
from bot.identities import trusted_publications
from bot.model.core_types import RuleName, Severity
from bot.model.findings import Finding, FindingSubject, Known, Location, MaybeKnown, Unknown
from bot.packages.manifests import format_purl
from bot.packages.publish_history import WatchedPackage
from bot.snapshot.attested_settings import attestations_of
from bot.snapshot.repository_snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedPackage(Rule):
    """Packages that use trusted publishing refuse tokens.

    A stolen token can publish as long as the registry accepts one, whatever the workflow uses.
    """

    name: ClassVar[RuleName] = RuleName("locked-package")
    severity: Severity = field(
        default=Severity.MEDIUM,
        metadata={"means": "How bad a finding of this rule is.", "stricter": StricterWhen.HIGHER},
    )
    max_age: timedelta = field(
        default=timedelta(days=180),
        metadata={
            "means": "How long it counts that a person saw the setting (`lock-down` in the policy).",
            "stricter": StricterWhen.LOWER,
        },
    )

    def applies(self, snapshot: Snapshot) -> bool:
        return any(True for _ in self._lockable(snapshot))

    def judge(self, snapshot: Snapshot) -> Iterator[Finding | Unknown]:
        for each in self._lockable(snapshot):
            if isinstance(each, Unknown):
                yield each
                continue
            place, watched = each
            refused = self._tokens_refused(watched, snapshot)
            if isinstance(refused, Unknown):
                yield refused
            elif not refused.value:
                yield _finding(place, watched, snapshot)

    def _lockable(self, snapshot: Snapshot) -> Iterator[tuple[Location, WatchedPackage] | Unknown]:
        """Yield the packages that this repository publishes as a trusted publisher, where the registry has such a setting."""
        lockable = {
            registry
            for registry in trusted_publications(snapshot)
            if (known := snapshot.registries[registry].lock_down) is not None and known.setting
        }
        if not lockable:
            return
        for each in self.packages_to_check(snapshot):
            if isinstance(each, Unknown) or each[1].package.registry in lockable:
                yield each

    def _tokens_refused(self, watched: WatchedPackage, snapshot: Snapshot) -> MaybeKnown[bool]:
        """Return the setting as the registry tells it, else as a person saw it lately."""
        if isinstance(watched.tokens_refused, Known):
            return watched.tokens_refused
        attested = attestations_of(watched.package, snapshot, self.max_age)
        said = next((each.tokens_refused for each in attested if each.tokens_refused is not None), None)
        if said is not None:
            return Known(said)
        reason = "the registry shows that only to a login; add what you see to the policy's `lock-down`"
        return Unknown(f"whether {watched.package.name} refuses tokens", reason)


def _finding(place: Location, watched: WatchedPackage, snapshot: Snapshot) -> Finding:
    told = snapshot.registries[watched.package.registry].lock_down
    return Finding(
        location=place,
        message=f"{watched.package.name} is published as a trusted publisher but accepts tokens too",
        fix=f"{told.setting if told else ''}.",
        subject=FindingSubject(package=format_purl(watched.package, snapshot.catalog)),
    )
