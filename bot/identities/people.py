"""Who may approve what is published: the reviewers of the environments that publications run in."""

from collections.abc import Iterator

from bot.identities.publishing_identity import Identity
from bot.model.findings import Unseen, settings_page
from bot.model.identity_register import IdentityKind
from bot.settings import Reviewer, ReviewerKind
from bot.snapshot.protection import PublishEnvironment, publish_environments
from bot.snapshot.repository_snapshot import Snapshot


def people_who_approve(snapshot: Snapshot) -> Iterator[Identity | Unseen]:
    """Yield each person and team that is asked before something is published, once for each environment."""
    for found in publish_environments(snapshot.publications, snapshot):
        if isinstance(found, Unseen):
            yield found
        elif found.environment is not None:
            for reviewer in found.environment.reviewers:
                yield _person(found, reviewer, snapshot)


def _person(found: PublishEnvironment, reviewer: Reviewer, snapshot: Snapshot) -> Identity:
    login = snapshot.repository.partition("/")[0]
    return Identity(
        kind=IdentityKind.PERSON,
        name=f"@{login}/{reviewer.name}" if reviewer.kind is ReviewerKind.TEAM else f"@{reviewer.name}",
        holder=snapshot.repository,
        place=settings_page("settings/environments"),
        environment=found.name,
        registries=tuple(dict.fromkeys(each.registry for each in found.publications)),
        publications=found.publications,
        machine=reviewer.is_bot or (None if reviewer.kind is ReviewerKind.TEAM else False),
    )
