"""Describes which workflows, events and people can use an identity, and finds its last use."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.detection import Publication
from bot.detection.publish_path import PublishPath
from bot.identities.publishing_identity import PublishingIdentity
from bot.model.findings import Known, Unknown, join_names
from bot.model.identity_register import IdentityKind
from bot.settings import AnyRef, Environment, ProtectedBranches, ReviewerKind, SecretStore, SecretVisibility
from bot.snapshot.repository_snapshot import Snapshot
from bot.workflows import Workflow


@dataclass(frozen=True, slots=True)
class IdentityReach:
    """Who can use an identity: what does so now, and who could."""

    workflows: tuple[str, ...]  # paths of those that use it
    events: tuple[str, ...]  # that start them
    open_to: str  # one sentence without its full stop


def identity_reach(identity: PublishingIdentity, snapshot: Snapshot) -> IdentityReach:
    """Say how far an identity reaches; what could not be seen is said in the sentence."""
    used = workflows_using(identity, snapshot)
    events = dict.fromkeys(event for workflow in used for event in workflow.triggers)
    return IdentityReach(tuple(each.path for each in used), tuple(events), _describe_access(identity, snapshot))


def _describe_access(identity: PublishingIdentity, snapshot: Snapshot) -> str:
    if identity.kind is IdentityKind.SECRET:
        return _describe_secret_access(identity, snapshot)
    if identity.kind is IdentityKind.PUBLISHER:
        where = f" in the environment {identity.environment}, {_describe_environment(identity.environment, snapshot)}"
        return f"{identity.workflow}{where if identity.environment else ' on any branch or tag'}"
    others = {
        IdentityKind.DEPLOY_KEY: "whoever has the private key",
        IdentityKind.TOKEN: f"{identity.token_owner}, and whoever has the token",
        IdentityKind.APP: "whoever runs the App",
        IdentityKind.PERSON: "nobody: it approves, and does not publish",
    }
    return others[identity.kind]


def _describe_secret_access(identity: PublishingIdentity, snapshot: Snapshot) -> str:
    if identity.environment:
        return (
            f"jobs in the environment {identity.environment}, {_describe_environment(identity.environment, snapshot)}"
        )
    if identity.store is SecretStore.ORGANIZATION:
        return (
            f"every workflow of {_describe_repositories(identity, snapshot)}, so everybody who can push to one of them"
        )
    if identity.store is None:
        return "where it is kept could not be seen"
    return "every workflow of the repository on any branch, so everybody who can push"


def _describe_environment(name: str | None, snapshot: Snapshot) -> str:
    found = snapshot.settings.environment(name or "")
    if isinstance(found, Unknown):
        return "whose protection could not be seen"
    if found.value is None:
        return "which does not exist yet"
    return ", ".join(_protection_phrases(found.value, snapshot))


def _protection_phrases(environment: Environment, snapshot: Snapshot) -> Iterator[str]:
    if isinstance(environment.allowed_refs, Unknown):
        yield "from refs that could not be seen"
    else:
        match environment.allowed_refs.value:
            case AnyRef():
                yield "from any branch or tag"
            case ProtectedBranches():
                yield "from protected branches"
            case selected:
                yield f"from {join_names(each.pattern for each in selected.patterns) or 'nowhere'}"
    login = snapshot.repository.partition("/")[0]
    who = [
        f"@{login}/{each.name}" if each.kind is ReviewerKind.TEAM else f"@{each.name}" for each in environment.reviewers
    ]
    yield f"once {' or '.join(who)} approved" if who else "without anybody's approval"


def _describe_repositories(identity: PublishingIdentity, snapshot: Snapshot) -> str:
    secrets = snapshot.settings.organization_secrets
    stored = secrets.value if isinstance(secrets, Known) else ()
    mine = next((each for each in stored if each.name.casefold() == identity.name.casefold()), None)
    if mine is None or mine.access is None or isinstance(mine.access, Unknown):
        return "repositories that could not be seen"
    match mine.access.value.visibility:
        case SecretVisibility.ALL:
            return "all repositories of the organization"
        case SecretVisibility.PRIVATE:
            return "all private repositories of the organization"
        case SecretVisibility.SELECTED:
            chosen = mine.access.value.repositories
            return "chosen repositories" if chosen is None else f"{len(chosen)} chosen repositories"


KINDS_USED_BY_RUNS = (
    IdentityKind.SECRET,
    IdentityKind.PUBLISHER,
)  # GitHub says of keys and tokens itself when they were used


def workflows_using(identity: PublishingIdentity, snapshot: Snapshot) -> tuple[Workflow, ...]:
    """Return the workflows that events start and that lead to what the identity publishes, each once."""
    path = snapshot.publish_path
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
