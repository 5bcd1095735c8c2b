"""Judges whether published releases and their tags cannot be changed."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from bot.checks.check import Rule, StricterWhen
from bot.detection import Publication
from bot.detection.publish_path import PublishPath, publish_path
from bot.model.core_types import RuleName, Severity
from bot.model.findings import Finding, Location, Unknown
from bot.settings import SettingsQuery
from bot.settings.ref_protection import TagTriggeredJob, tag_triggered_jobs, unprotected_tags
from bot.snapshot.repository_snapshot import Snapshot

REQUIRED_TAG_PROTECTIONS = ("update", "deletion")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImmutableReleases(Rule):
    """Published releases and their tags cannot be changed.

    On servers without immutable releases, a tag ruleset is enough.
    """

    name: ClassVar[RuleName] = RuleName("immutable-releases")
    reads: ClassVar[frozenset[SettingsQuery]] = frozenset(
        {SettingsQuery.FILES, SettingsQuery.IMMUTABLE_RELEASES, SettingsQuery.RULESETS}
    )
    severity: Severity = field(
        default=Severity.MEDIUM,
        metadata={"means": "How bad a finding of this rule is.", "stricter": StricterWhen.HIGHER},
    )

    def applies(self, snapshot: Snapshot) -> bool:
        path = self._publish_path(snapshot)
        return bool(path.unknown or tag_triggered_jobs(path))

    def judge(self, snapshot: Snapshot) -> Iterator[Finding | Unknown]:
        path = self._publish_path(snapshot)
        yield from path.unknown
        setting = snapshot.settings.immutable_releases
        if isinstance(setting, Unknown):
            yield setting
        elif not setting.value.enabled:
            for tagged in tag_triggered_jobs(path)[:1]:
                first = tagged.job.publications[0]
                if not setting.value.supported:
                    yield from _tag_protection_results(tagged, snapshot)
                    continue
                yield _finding(
                    first,
                    "Settings, General, Releases: select Enable release immutability. It protects releases that are published afterwards.",
                )

    def _publish_path(self, snapshot: Snapshot) -> PublishPath:
        publications = [publication for publication, _ in self.publications_to_check(snapshot)]
        return publish_path(publications, snapshot.workflows, snapshot.actions)


def _tag_protection_results(tagged: TagTriggeredJob, snapshot: Snapshot) -> Iterator[Finding | Unknown]:
    for tags in tagged.tags:
        unprotected = unprotected_tags([tags], snapshot.settings, REQUIRED_TAG_PROTECTIONS)
        if isinstance(unprotected, Unknown):
            yield unprotected
        elif unprotected.value:
            yield _finding(
                tagged.job.publications[0],
                "Add a tag ruleset with Restrict updates and Restrict deletions, because this server does not support immutable releases.",
            )


def _finding(publication: Publication, fix: str) -> Finding:
    return Finding(
        location=Location(publication.file, publication.line, publication.line),
        message="publishes from a tag whose release and files can be replaced afterwards",
        fix=fix,
    )
