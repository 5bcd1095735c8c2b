"""The rule immutable-releases: what was released stays what it was."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from bot.checks.rule import Rule, Stricter
from bot.detection import Publication
from bot.detection.path import PublishPath, publish_path
from bot.model.core_types import RuleName, Severity
from bot.model.findings import Finding, Place, Unseen
from bot.settings import Read
from bot.settings.ref_protection import samples, tagged_jobs
from bot.settings.review import tag_guard
from bot.snapshot.repository_snapshot import Snapshot

KEPT = {"update", "deletion"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImmutableReleases(Rule):
    """A release cannot be changed once it is published, nor its tag moved.

    Where a server of one's own does not have immutable releases, tags that a ruleset keeps are the next best.
    """

    name: ClassVar[RuleName] = RuleName("immutable-releases")
    reads: ClassVar[frozenset[Read]] = frozenset({Read.FILES, Read.IMMUTABLE_RELEASES, Read.RULESETS})
    severity: Severity = field(
        default=Severity.MEDIUM, metadata={"means": "How bad a finding of this rule is.", "stricter": Stricter.HIGHER}
    )

    def applies(self, snapshot: Snapshot) -> bool:
        path = self._path(snapshot)
        return bool(path.unseen or tagged_jobs(path))

    def check(self, snapshot: Snapshot) -> Iterator[Finding | Unseen]:
        path = self._path(snapshot)
        yield from path.unseen
        setting = snapshot.holdings.immutable_releases
        if isinstance(setting, Unseen):
            yield setting
        elif not setting.value.enabled:
            for tagged in tagged_jobs(path)[:1]:
                first = tagged.job.publications[0]
                if not setting.value.offered:
                    yield from _next_best(first, tagged.patterns, snapshot)
                    continue
                yield _finding(
                    first,
                    "Settings, General, Releases: tick Enable release immutability; it holds for releases from then on.",
                )

    def _path(self, snapshot: Snapshot) -> PublishPath:
        publications = [publication for publication, _ in self.judged(snapshot)]
        return publish_path(publications, snapshot.workflows, snapshot.actions)


def _next_best(publication: Publication, patterns: tuple[str, ...], snapshot: Snapshot) -> Iterator[Finding | Unseen]:
    guards = [tag_guard(name, snapshot.holdings) for pattern in patterns for name in samples(pattern)]
    unseen = next((guard.unseen for guard in guards if guard.unseen), None)
    if unseen is not None:
        yield unseen
    elif not all(guard.forbidden >= KEPT for guard in guards):
        yield _finding(
            publication,
            "This server does not have immutable releases. The next best: a tag ruleset with Restrict updates and Restrict deletions.",
        )


def _finding(publication: Publication, fix: str) -> Finding:
    return Finding(
        place=Place(publication.file, publication.line, publication.line),
        message="publishes from a tag whose release and files can still be replaced afterwards",
        fix=fix,
    )
