"""The reach of an identity: which workflows, events and people can use it, in the words of a register."""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.identities.publishing_identity import Identity
from bot.identities.uses import users
from bot.model.findings import Seen, Unseen, listed
from bot.model.identity_register import IdentityKind
from bot.settings import AnyRef, Environment, ProtectedBranches, ReviewerKind, Store, Visibility
from bot.snapshot.repository_snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Reach:
    """Who can use an identity: what does so now, and who could."""

    workflows: tuple[str, ...]  # paths of those that use it
    events: tuple[str, ...]  # that start them
    open_to: str  # one sentence without its full stop


def reach_of(identity: Identity, snapshot: Snapshot) -> Reach:
    """Say how far an identity reaches; what could not be seen is said in the sentence."""
    used = users(identity, snapshot)
    events = dict.fromkeys(event for workflow in used for event in workflow.triggers)
    return Reach(tuple(each.path for each in used), tuple(events), _open_to(identity, snapshot))


def _open_to(identity: Identity, snapshot: Snapshot) -> str:
    if identity.kind is IdentityKind.SECRET:
        return _secret(identity, snapshot)
    if identity.kind is IdentityKind.PUBLISHER:
        where = f" in the environment {identity.environment}, {_gate(identity.environment, snapshot)}"
        return f"{identity.workflow}{where if identity.environment else ' on any branch or tag'}"
    others = {
        IdentityKind.DEPLOY_KEY: "whoever has the private key",
        IdentityKind.TOKEN: f"{identity.held_by}, and whoever has the token",
        IdentityKind.APP: "whoever runs the App",
        IdentityKind.PERSON: "nobody: it approves, and does not publish",
    }
    return others[identity.kind]


def _secret(identity: Identity, snapshot: Snapshot) -> str:
    if identity.environment:
        return f"jobs in the environment {identity.environment}, {_gate(identity.environment, snapshot)}"
    if identity.store is Store.ORGANISATION:
        return f"every workflow of {_repositories(identity, snapshot)}, so everybody who can push to one of them"
    if identity.store is None:
        return "where it is kept could not be seen"
    return "every workflow of the repository on any branch, so everybody who can push"


def _gate(name: str | None, snapshot: Snapshot) -> str:
    found = snapshot.holdings.environment(name or "")
    if isinstance(found, Unseen):
        return "whose protection could not be seen"
    if found.value is None:
        return "which does not exist yet"
    return ", ".join(_protection(found.value, snapshot))


def _protection(environment: Environment, snapshot: Snapshot) -> Iterator[str]:
    if isinstance(environment.refs, Unseen):
        yield "from refs that could not be seen"
    else:
        match environment.refs.value:
            case AnyRef():
                yield "from any branch or tag"
            case ProtectedBranches():
                yield "from protected branches"
            case selected:
                yield f"from {listed(each.pattern for each in selected.patterns) or 'nowhere'}"
    login = snapshot.repository.partition("/")[0]
    who = [
        f"@{login}/{each.name}" if each.kind is ReviewerKind.TEAM else f"@{each.name}" for each in environment.reviewers
    ]
    yield f"once {' or '.join(who)} approved" if who else "without anybody's approval"


def _repositories(identity: Identity, snapshot: Snapshot) -> str:
    secrets = snapshot.holdings.organisation_secrets
    stored = secrets.value if isinstance(secrets, Seen) else ()
    mine = next((each for each in stored if each.name.casefold() == identity.name.casefold()), None)
    if mine is None or mine.reach is None or isinstance(mine.reach, Unseen):
        return "repositories that could not be seen"
    match mine.reach.value.visibility:
        case Visibility.ALL:
            return "all repositories of the organisation"
        case Visibility.PRIVATE:
            return "all private repositories of the organisation"
        case Visibility.SELECTED:
            chosen = mine.reach.value.repositories
            return "chosen repositories" if chosen is None else f"{len(chosen)} chosen repositories"
