"""Which workflows use an identity, as events start them, and when they last did."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from bot.detection import Publication
from bot.detection.path import publish_path
from bot.detection.publish_path import PublishPath
from bot.identities.publishing_identity import PublishingIdentity
from bot.model.identity_register import IdentityKind
from bot.snapshot.repository_snapshot import Snapshot
from bot.workflows import Workflow

KINDS_USED_BY_RUNS = (
    IdentityKind.SECRET,
    IdentityKind.PUBLISHER,
)  # GitHub says of keys and tokens itself when they were used


def workflows_using(identity: PublishingIdentity, snapshot: Snapshot) -> tuple[Workflow, ...]:
    """Return the workflows that events start and that lead to what the identity publishes, each once."""
    path = publish_path(snapshot.publications, snapshot.workflows, snapshot.actions)
    found = {
        workflow.path: workflow
        for each in identity.publications
        for workflow in _started_workflows(each, path, snapshot)
    }
    return tuple(found[name] for name in sorted(found))


def last_use(identity: PublishingIdentity, snapshot: Snapshot, runs: Mapping[str, datetime]) -> datetime | None:
    """Return when it was last used: as GitHub says, else when one of its workflows last ran (`runs`, by path).

    A run need not have come as far as to publish, so that this is the latest moment at which it can have been used.
    """
    if identity.last_used_at is not None or identity.kind not in KINDS_USED_BY_RUNS:
        return identity.last_used_at
    return max((runs[each.path] for each in workflows_using(identity, snapshot) if each.path in runs), default=None)


def _started_workflows(publication: Publication, path: PublishPath, snapshot: Snapshot) -> Iterator[Workflow]:
    files = {publication.file, *(way.rpartition(":")[0] for way in publication.via)}
    for key, starts in path.starts.items():
        if key[1] == publication.job and key[0] in files:
            yield from (start.workflow for start in starts)
    if publication.file in snapshot.workflows and not path.starts:
        yield snapshot.workflows[publication.file]
