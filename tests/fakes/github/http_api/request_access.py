"""Who may reach what: the repository or organisation that a request names, or the refusal that it earns."""

import re
from dataclasses import replace

from tests.fakes.github import permission_levels
from tests.fakes.github.http_api.exchange import Asked, Refusal, not_found
from tests.fakes.github.state.github_world import World
from tests.fakes.github.state.repository import Repository

FORBIDDEN = "Resource not accessible by integration"


def permitted(asked: Asked, needed: str, method: str, raw_path: str) -> Asked:
    """The request with its repository and organisation; `needed` is the operation's last column in operations.txt."""
    if needed == "nobody":
        raise Refusal(403, FORBIDDEN)
    if needed not in ("anyone", "app"):
        _check_token(asked)
    if needed == "app":
        _check_app(asked)
    asked = _in_organisation(_in_repository(asked, needed, method, raw_path), needed)
    if asked.token is None or needed in ("anyone", "app"):
        return asked
    outside = asked.in_repository is not None and not _reached(asked, asked.in_repository)
    if not outside and not permission_levels.holds(asked.token.permissions, needed):
        raise Refusal(403, FORBIDDEN)
    if asked.in_repository is not None and asked.in_repository.archived and method != "GET":
        raise Refusal(403, "Repository was archived so is read-only.")
    return asked


def path_by_number(world: World, path: str) -> str:
    """The path with a repository's name, where it has its number: /repositories/1/… is what redirects lead to."""
    found = re.fullmatch(r"/repositories/(\d+)(/.*)?", path)
    repository = world.repositories.get(int(found[1])) if found else None
    return f"/repos/{repository.full_name}{found[2] or ''}" if found and repository else path


def _check_token(asked: Asked) -> None:
    if asked.app is None:
        raise Refusal(401, "Requires authentication")
    if asked.token is None:
        raise Refusal(401, "Bad credentials")


def _check_app(asked: Asked) -> None:
    if asked.app is None:
        raise Refusal(401, "Requires authentication")
    if asked.token is not None:
        raise Refusal(401, "A JSON web token could not be decoded")


def _in_repository(asked: Asked, needed: str, method: str, raw_path: str) -> Asked:
    if "repo" not in asked.parameters:
        return asked
    repository = asked.world.repository(asked.parameters["owner"], asked.parameters["repo"])
    if repository is None:
        raise _moved(asked, needed, method, raw_path)
    if not _visible(asked, repository, needed, method):
        raise not_found()
    return replace(asked, in_repository=repository)


def _in_organisation(asked: Asked, needed: str) -> Asked:
    if "org" not in asked.parameters:
        return asked
    account = asked.world.accounts.get(asked.parameters["org"].lower())
    if account is None or not account.is_organisation:
        raise not_found()
    if "=" in needed and (asked.installation is None or asked.installation.account is not account):
        raise Refusal(403, FORBIDDEN)
    return replace(asked, in_organisation=account)


def _moved(asked: Asked, needed: str, method: str, raw_path: str) -> Refusal:
    """The redirect from a repository's former name, or that there is nothing."""
    former = f"{asked.parameters['owner']}/{asked.parameters['repo']}".lower()
    for repository in asked.world.repositories.values():
        if former in repository.former_names and _visible(asked, repository, needed, method):
            rest = "/".join(raw_path.split("/")[4:])
            address = f"{asked.world.api}/repositories/{repository.id}" + (f"/{rest}" if rest else "")
            return Refusal(301, "Moved Permanently", headers={"location": address}, url=address)
    return not_found()


def _visible(asked: Asked, repository: Repository, needed: str, method: str) -> bool:
    if needed == "app" or _reached(asked, repository):
        return True
    return not repository.private and method == "GET" and permission_levels.readable_in_public(needed)


def _reached(asked: Asked, repository: Repository) -> bool:
    if asked.installation is None or asked.token is None or not asked.world.reaches(asked.installation, repository):
        return False
    return asked.token.repositories is None or repository.id in asked.token.repositories
