"""The organization: its people, teams, Apps and tokens; a person; GitHub itself."""

from tests.fakes.github.http_api.exchange import ApiAnswer, ApiListing, ApiRequest, Handlers, not_found
from tests.fakes.github.json_types import Json, timestamp
from tests.fakes.github.rendering import accounts as rendering
from tests.fakes.github.rendering.repositories import repository as rendered_repository
from tests.fakes.github.state.accounts import FakeTeam
from tests.fakes.github.state.repository import ROLES

_PERMISSION_LEVELS = tuple(ROLES)


def get_organization(request: ApiRequest) -> ApiAnswer:
    shown = request.organization
    whole = rendering.organization(request.world, shown) | {
        "html_url": f"{request.world.web_url}/{shown.login}", "type": "Organization", "created_at": timestamp(shown.created),
        "updated_at": timestamp(shown.created), "has_organization_projects": True, "has_repository_projects": True,
    }  # fmt: skip
    assert request.installation is not None
    if request.installation.account is shown:
        whole["plan"] = {"name": shown.plan, "space": 976562499, "private_repos": 9999}
    return ApiAnswer(200, whole)


def list_installations(request: ApiRequest) -> ApiListing:
    here = [each for each in request.world.installations.values() if each.account is request.organization]
    return ApiListing([rendering.installation(request.world, each) for each in here], "installations")


def list_members(request: ApiRequest) -> ApiListing:
    role = request.query.get("role", "all")
    members = [login for login, held in request.organization.members.items() if role in ("all", held)]
    return ApiListing([_user(request, login) for login in members])


def check_member(request: ApiRequest) -> ApiAnswer:
    if request.path_parameters["username"] not in request.organization.members:
        raise not_found()
    return ApiAnswer(204)


def get_membership(request: ApiRequest) -> ApiAnswer:
    organization, login = request.organization, request.path_parameters["username"]
    if login not in organization.members:
        raise not_found()
    address = f"{request.world.api_url}/orgs/{organization.login}"
    return ApiAnswer(200, {
        "url": f"{address}/memberships/{login}", "state": "active", "role": organization.members[login],
        "organization_url": address, "organization": rendering.organization(request.world, organization),
        "user": _user(request, login),
    })  # fmt: skip


def list_outside_collaborators(request: ApiRequest) -> ApiListing:
    return ApiListing([_user(request, login) for login in sorted(request.organization.outside_collaborators)])


def list_teams(request: ApiRequest) -> ApiListing:
    return ApiListing(
        [rendering.team(request.world, request.organization, each) for each in request.organization.teams.values()]
    )


def get_team(request: ApiRequest) -> ApiAnswer:
    team, organization = _team(request), request.organization
    whole = rendering.team(request.world, organization, team) | {
        "members_count": len(team.members), "repos_count": len(team.repositories),
        "organization": rendering.organization(request.world, organization)
        | {"type": "Organization", "html_url": f"{request.world.web_url}/{organization.login}"},
    }  # fmt: skip
    return ApiAnswer(200, whole)


def list_team_members(request: ApiRequest) -> ApiListing:
    wanted = request.query.get("role", "all")
    return ApiListing(
        [_user(request, login) for login, role in _team(request).members.items() if wanted in ("all", role)]
    )


def get_team_membership(request: ApiRequest) -> ApiAnswer:
    team, login = _team(request), request.path_parameters["username"]
    if login not in team.members:
        raise not_found()
    address = f"{request.world.api_url}/teams/{team.id}/memberships/{login}"
    return ApiAnswer(200, {"url": address, "role": team.members[login], "state": "active"})


def list_repository_teams(request: ApiRequest) -> ApiListing:
    owner = request.repository.owner
    teams = [each for each in owner.teams.values() if request.repository.id in each.repositories]
    return ApiListing([
        rendering.team(request.world, owner, each) | {"permission": each.repositories[request.repository.id]} for each in teams
    ])  # fmt: skip


def list_collaborators(request: ApiRequest) -> ApiListing:
    shown = []
    for login in dict.fromkeys([*request.repository.owner.members, *request.repository.collaborators]):
        role = request.repository.role(login)
        if role is not None:
            right = list(ROLES.values()).index(role)
            rights = {name: _PERMISSION_LEVELS.index(name) <= right for name in _PERMISSION_LEVELS}
            if not rights[request.query.get("permission", "pull")]:
                continue
            shown.append(_user(request, login) | {"role_name": role, "permissions": rights})
    return ApiListing(shown)


def get_permission(request: ApiRequest) -> ApiAnswer:
    login = request.path_parameters["username"]
    if login.lower() not in request.world.accounts:
        raise not_found()
    role = request.repository.role(login)
    level = {"triage": "read", "maintain": "write", None: "read" if not request.repository.private else "none"}.get(
        role, role
    )
    return ApiAnswer(
        200,
        {
            "permission": level,
            "role_name": role or level,
            "user": _user(request, login) | {"role_name": role or str(level)},
        },
    )


def list_tokens(request: ApiRequest) -> ApiListing:
    return ApiListing([_without_private(each) for each in request.organization.tokens.values()])


def list_token_repositories(request: ApiRequest) -> ApiListing:
    found = request.organization.tokens.get(request.number("pat_id"))
    if found is None:
        raise not_found()
    return ApiListing(
        [
            rendered_repository(request.world, request.world.repositories[each])
            for each in found.get("_repositories", ())
        ]
    )


def list_token_requests(request: ApiRequest) -> ApiListing:
    return ApiListing([_without_private(each) for each in request.organization.token_requests.values()])


def list_properties(request: ApiRequest) -> ApiListing:
    return ApiListing([
        {
            "repository_id": each.id, "repository_name": each.name, "repository_full_name": each.full_name,
            "properties": [{"property_name": name, "value": value} for name, value in each.properties.items()],
        }
        for each in request.world.repositories.values() if each.owner is request.organization
    ])  # fmt: skip


def get_user(request: ApiRequest) -> ApiAnswer:
    found = request.world.accounts.get(request.path_parameters["username"].lower())
    if found is None:
        raise not_found()
    return ApiAnswer(
        200,
        rendering.user(request.world, found)
        | {"created_at": timestamp(found.created), "updated_at": timestamp(found.created)},
    )


def get_meta(_: ApiRequest) -> ApiAnswer:
    return ApiAnswer(
        200, {"verifiable_password_authentication": False, "hooks": ["127.0.0.0/8"], "web": ["127.0.0.0/8"]}
    )


def _user(request: ApiRequest, login: str) -> Json:
    return rendering.user(request.world, request.world.account(login))


def _team(request: ApiRequest) -> FakeTeam:
    found = request.organization.teams.get(request.path_parameters["team_slug"])
    if found is None:
        raise not_found()
    return found


def _without_private(each: Json) -> Json:
    return {name: value for name, value in each.items() if not name.startswith("_")}


HANDLERS: Handlers = {
    "GET /orgs/{org}": get_organization,
    "GET /orgs/{org}/installations": list_installations,
    "GET /orgs/{org}/members": list_members,
    "GET /orgs/{org}/members/{username}": check_member,
    "GET /orgs/{org}/memberships/{username}": get_membership,
    "GET /orgs/{org}/outside_collaborators": list_outside_collaborators,
    "GET /orgs/{org}/teams": list_teams,
    "GET /orgs/{org}/teams/{team_slug}": get_team,
    "GET /orgs/{org}/teams/{team_slug}/members": list_team_members,
    "GET /orgs/{org}/teams/{team_slug}/memberships/{username}": get_team_membership,
    "GET /repos/{owner}/{repo}/teams": list_repository_teams,
    "GET /repos/{owner}/{repo}/collaborators": list_collaborators,
    "GET /repos/{owner}/{repo}/collaborators/{username}/permission": get_permission,
    "GET /orgs/{org}/personal-access-tokens": list_tokens,
    "GET /orgs/{org}/personal-access-tokens/{pat_id}/repositories": list_token_repositories,
    "GET /orgs/{org}/personal-access-token-requests": list_token_requests,
    "GET /orgs/{org}/properties/values": list_properties,
    "GET /users/{username}": get_user,
    "GET /meta": get_meta,
}
