"""Who may reach what: the repository or organization that a request names, or the refusal that it earns."""

import re
from dataclasses import replace

from tests.fakes.github import permission_levels
from tests.fakes.github.http_api.exchange import ApiRefusal, ApiRequest, not_found
from tests.fakes.github.state.github_world import GitHubWorld
from tests.fakes.github.state.repository import FakeRepository

FORBIDDEN_MESSAGE = "Resource not accessible by integration"


def check_access(request: ApiRequest, needed: str, method: str, raw_path: str) -> ApiRequest:
    """The request with its repository and organization; `needed` is the operation's last column in operations.txt."""
    if needed == "nobody":
        raise ApiRefusal(403, FORBIDDEN_MESSAGE)
    if needed not in ("anyone", "app"):
        _check_token(request)
    if needed == "app":
        _check_app(request)
    request = _in_organization(_in_repository(request, needed, method, raw_path), needed)
    if request.token is None or needed in ("anyone", "app"):
        return request
    outside = request.in_repository is not None and not _can_access(request, request.in_repository)
    if not outside and not permission_levels.grants(request.token.permissions, needed):
        raise ApiRefusal(403, FORBIDDEN_MESSAGE)
    if request.in_repository is not None and request.in_repository.archived and method != "GET":
        raise ApiRefusal(403, "Repository was archived so is read-only.")
    return request


def path_by_number(world: GitHubWorld, path: str) -> str:
    """The path with a repository's name, where it has its number: /repositories/1/… is what redirects lead to."""
    found = re.fullmatch(r"/repositories/(\d+)(/.*)?", path)
    repository = world.repositories.get(int(found[1])) if found else None
    return f"/repos/{repository.full_name}{found[2] or ''}" if found and repository else path


def _check_token(request: ApiRequest) -> None:
    if request.app is None:
        raise ApiRefusal(401, "Requires authentication")
    if request.token is None:
        raise ApiRefusal(401, "Bad credentials")


def _check_app(request: ApiRequest) -> None:
    if request.app is None:
        raise ApiRefusal(401, "Requires authentication")
    if request.token is not None:
        raise ApiRefusal(401, "A JSON web token could not be decoded")


def _in_repository(request: ApiRequest, needed: str, method: str, raw_path: str) -> ApiRequest:
    if "repo" not in request.path_parameters:
        return request
    repository = request.world.repository(request.path_parameters["owner"], request.path_parameters["repo"])
    if repository is None:
        raise _moved_repository(request, needed, method, raw_path)
    if not _visible_repository(request, repository, needed, method):
        raise not_found()
    return replace(request, in_repository=repository)


def _in_organization(request: ApiRequest, needed: str) -> ApiRequest:
    if "org" not in request.path_parameters:
        return request
    account = request.world.accounts.get(request.path_parameters["org"].lower())
    if account is None or not account.is_organization:
        raise not_found()
    if "=" in needed and (request.installation is None or request.installation.account is not account):
        raise ApiRefusal(403, FORBIDDEN_MESSAGE)
    return replace(request, in_organization=account)


def _moved_repository(request: ApiRequest, needed: str, method: str, raw_path: str) -> ApiRefusal:
    """The redirect from a repository's former name, or that there is nothing."""
    former = f"{request.path_parameters['owner']}/{request.path_parameters['repo']}".lower()
    for repository in request.world.repositories.values():
        if former in repository.former_names and _visible_repository(request, repository, needed, method):
            rest = "/".join(raw_path.split("/")[4:])
            address = f"{request.world.api_url}/repositories/{repository.id}" + (f"/{rest}" if rest else "")
            return ApiRefusal(301, "Moved Permanently", headers={"location": address}, url=address)
    return not_found()


def _visible_repository(request: ApiRequest, repository: FakeRepository, needed: str, method: str) -> bool:
    if needed == "app" or _can_access(request, repository):
        return True
    return not repository.private and method == "GET" and permission_levels.readable_in_public(needed)


def _can_access(request: ApiRequest, repository: FakeRepository) -> bool:
    if (
        request.installation is None
        or request.token is None
        or not request.world.can_access(request.installation, repository)
    ):
        return False
    return request.token.repositories is None or repository.id in request.token.repositories
