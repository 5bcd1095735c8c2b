"""Who may answer for an identity: its owner, and whoever administers the repository. Asked of GitHub at the moment of the tick."""

from enum import StrEnum

from bot.github.client import ReadOnlyClient, api_path
from bot.github.github_errors import ForbiddenError, MissingError
from bot.identities import PublishingIdentity
from bot.json_access import get_str
from bot.model.core_types import FullName
from bot.model.findings import Known
from bot.snapshot.repository_snapshot import Snapshot

ADMIN_QUERY_PURPOSE = "see who administers the repository"


class Authorization(StrEnum):
    """Whether somebody may, and if not, why, in a sentence to be shown."""

    YES = "yes"
    NOT_OWNER_OR_ADMIN = (
        "Who answers for the identity in the register may tick its box, and who administers the repository."
    )
    NOT_ADMIN = "Only who administers the repository may have a secret deleted."


def authorize_review(
    client: ReadOnlyClient, identity: PublishingIdentity, snapshot: Snapshot, login: str
) -> Authorization:
    """Say whether somebody may confirm or drop an identity."""
    if _is_owner(identity, snapshot, login) or is_admin(client, snapshot.repository, login):
        return Authorization.YES
    return Authorization.NOT_OWNER_OR_ADMIN


def authorize_deletion(client: ReadOnlyClient, repository: FullName, login: str) -> Authorization:
    """Say whether somebody may have a stored secret of the repository deleted; in GitHub itself administrators may."""
    return Authorization.YES if is_admin(client, repository, login) else Authorization.NOT_ADMIN


def is_admin(client: ReadOnlyClient, repository: FullName, login: str) -> bool:
    """Whether somebody administers a repository, as its organization's owners do; what GitHub does not say is no."""
    address = api_path("repos", *repository.split("/", 1), "collaborators", login, "permission")
    try:
        return get_str(client.get(address, ADMIN_QUERY_PURPOSE).json_object(), "permission") == "admin"
    except (MissingError, ForbiddenError):
        return False


def _is_owner(identity: PublishingIdentity, snapshot: Snapshot, login: str) -> bool:
    """Whether somebody is the declared owner, or in the team that is. Whose token it is may say so as well."""
    name, _, team = (identity.owner or "").removeprefix("@").partition("/")
    if not team:
        return bool(name) and name.casefold() == login.casefold()
    people = snapshot.settings.organization
    if not isinstance(people, Known) or people.value.login.casefold() != name.casefold():
        return False
    found = people.value.team(team)
    return found is not None and login.casefold() in {member.casefold() for member in found.members}
