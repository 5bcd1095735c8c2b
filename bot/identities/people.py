"""Who may approve what is published: the reviewers of the environments that publications run in."""

from collections.abc import Iterator

from bot.identities.publishing_identity import PublishingIdentity
from bot.model.findings import Unknown, settings_location
from bot.model.identity_register import IdentityKind
from bot.settings import Reviewer, ReviewerKind
from bot.snapshot.protection import PublishEnvironment, publish_environments
from bot.snapshot.repository_snapshot import Snapshot


def environment_reviewers(snapshot: Snapshot) -> Iterator[PublishingIdentity | Unknown]:
    """Yield each person and team that is asked before something is published, once for each environment."""
    for found in publish_environments(snapshot.publications, snapshot):
        if isinstance(found, Unknown):
            yield found
        elif found.environment is not None:
            for reviewer in found.environment.reviewers:
                yield _reviewer_identity(found, reviewer, snapshot)


def _reviewer_identity(
    publish_environment: PublishEnvironment, reviewer: Reviewer, snapshot: Snapshot
) -> PublishingIdentity:
    login = snapshot.repository.partition("/")[0]
    return PublishingIdentity(
        kind=IdentityKind.PERSON,
        name=f"@{login}/{reviewer.name}" if reviewer.kind is ReviewerKind.TEAM else f"@{reviewer.name}",
        holder=snapshot.repository,
        location=settings_location("settings/environments"),
        environment=publish_environment.name,
        registries=tuple(dict.fromkeys(each.registry for each in publish_environment.publications)),
        publications=publish_environment.publications,
        machine=reviewer.is_bot or (None if reviewer.kind is ReviewerKind.TEAM else False),
    )
