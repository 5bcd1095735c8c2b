"""Who may answer for an identity: its owner, and whoever administers the repository. Asked of GitHub at the moment of the tick."""

from enum import StrEnum

from bot.github.client import ReadLine, path
from bot.github.github_errors import ForbiddenError, MissingError
from bot.identities import Identity
from bot.json_access import text
from bot.model.core_types import FullName
from bot.model.findings import Seen
from bot.snapshot.repository_snapshot import Snapshot

WHAT = "see who administers the repository"


class Allowed(StrEnum):
    """Whether somebody may, and if not, why, in a sentence to be shown."""

    YES = "yes"
    NOT_THEIRS = "Who answers for the identity in the register may tick its box, and who administers the repository."
    NOT_ADMIN = "Only who administers the repository may have a secret deleted."


def may_answer(line: ReadLine, identity: Identity, snapshot: Snapshot, login: str) -> Allowed:
    """Say whether somebody may confirm or drop an identity."""
    if _owns(identity, snapshot, login) or is_admin(line, snapshot.repository, login):
        return Allowed.YES
    return Allowed.NOT_THEIRS


def may_delete(line: ReadLine, repository: FullName, login: str) -> Allowed:
    """Say whether somebody may have a stored secret of the repository deleted; in GitHub itself administrators may."""
    return Allowed.YES if is_admin(line, repository, login) else Allowed.NOT_ADMIN


def is_admin(line: ReadLine, repository: FullName, login: str) -> bool:
    """Whether somebody administers a repository, as its organisation's owners do; what GitHub does not say is no."""
    address = path("repos", *repository.split("/", 1), "collaborators", login, "permission")
    try:
        return text(line.get(address, WHAT).record(), "permission") == "admin"
    except (MissingError, ForbiddenError):
        return False


def _owns(identity: Identity, snapshot: Snapshot, login: str) -> bool:
    """Whether somebody is the declared owner, or in the team that is. Whose token it is may say so as well."""
    name, _, team = (identity.owner or "").removeprefix("@").partition("/")
    if not team:
        return bool(name) and name.casefold() == login.casefold()
    people = snapshot.holdings.organisation
    if not isinstance(people, Seen) or people.value.login.casefold() != name.casefold():
        return False
    found = people.value.team(team)
    return found is not None and login.casefold() in {member.casefold() for member in found.members}
