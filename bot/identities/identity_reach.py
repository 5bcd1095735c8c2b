"""The reach of an identity: which workflows, events and people can use it, in the words of a register."""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.identities.publishing_identity import PublishingIdentity
from bot.identities.uses import workflows_using
from bot.model.findings import Known, Unknown, join_names
from bot.model.identity_register import IdentityKind
from bot.settings import AnyRef, Environment, ProtectedBranches, ReviewerKind, SecretStore, SecretVisibility
from bot.snapshot.repository_snapshot import Snapshot


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
