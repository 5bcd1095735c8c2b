"""The organisation: its people, teams, Apps and tokens; a person; GitHub itself."""

from tests.fakes.github.http_api.exchange import Answer, Asked, Listing, not_found
from tests.fakes.github.http_api.words import Handlers
from tests.fakes.github.json_types import Json, stamp
from tests.fakes.github.rendering import accounts as rendering
from tests.fakes.github.rendering.repositories import repository as rendered_repository
from tests.fakes.github.state.accounts import Account, Team

_RIGHTS = ("pull", "triage", "push", "maintain", "admin")
_ROLES = {"read": "pull", "triage": "triage", "write": "push", "maintain": "maintain", "admin": "admin"}


def get_organisation(asked: Asked) -> Answer:
    shown = asked.organisation
    whole = rendering.organisation(asked.world, shown) | {
        "html_url": f"{asked.world.web}/{shown.login}", "type": "Organization", "created_at": stamp(shown.created),
        "updated_at": stamp(shown.created), "has_organization_projects": True, "has_repository_projects": True,
    }  # fmt: skip
    assert asked.installation is not None
    if asked.installation.account is shown:
        whole["plan"] = {"name": shown.plan, "space": 976562499, "private_repos": 9999}
    return Answer(200, whole)


def list_installations(asked: Asked) -> Listing:
    here = [each for each in asked.world.installations.values() if each.account is asked.organisation]
    return Listing([rendering.installation(asked.world, each) for each in here], "installations")


def list_members(asked: Asked) -> Listing:
    role = asked.query.get("role", "all")
    members = [login for login, held in asked.organisation.members.items() if role in ("all", held)]
    return Listing([_user(asked, login) for login in members])


def check_member(asked: Asked) -> Answer:
    if asked.parameters["username"] not in asked.organisation.members:
        raise not_found()
    return Answer(204)


def get_membership(asked: Asked) -> Answer:
    organisation, login = asked.organisation, asked.parameters["username"]
    if login not in organisation.members:
        raise not_found()
    address = f"{asked.world.api}/orgs/{organisation.login}"
    return Answer(200, {
        "url": f"{address}/memberships/{login}", "state": "active", "role": organisation.members[login],
        "organization_url": address, "organization": rendering.organisation(asked.world, organisation),
        "user": _user(asked, login),
    })  # fmt: skip


def list_outside(asked: Asked) -> Listing:
    return Listing([_user(asked, login) for login in sorted(asked.organisation.outside)])


def list_teams(asked: Asked) -> Listing:
    return Listing(
        [rendering.team(asked.world, asked.organisation, each) for each in asked.organisation.teams.values()]
    )


def get_team(asked: Asked) -> Answer:
    team, organisation = _team(asked), asked.organisation
    whole = rendering.team(asked.world, organisation, team) | {
        "members_count": len(team.members), "repos_count": len(team.repositories),
        "organization": rendering.organisation(asked.world, organisation)
        | {"type": "Organization", "html_url": f"{asked.world.web}/{organisation.login}"},
    }  # fmt: skip
    return Answer(200, whole)


def list_team_members(asked: Asked) -> Listing:
    wanted = asked.query.get("role", "all")
    return Listing([_user(asked, login) for login, role in _team(asked).members.items() if wanted in ("all", role)])


def get_team_membership(asked: Asked) -> Answer:
    team, login = _team(asked), asked.parameters["username"]
    if login not in team.members:
        raise not_found()
    address = f"{asked.world.api}/teams/{team.id}/memberships/{login}"
    return Answer(200, {"url": address, "role": team.members[login], "state": "active"})


def list_repository_teams(asked: Asked) -> Listing:
    owner = asked.repository.owner
    teams = [each for each in owner.teams.values() if asked.repository.id in each.repositories]
    return Listing([
        rendering.team(asked.world, owner, each) | {"permission": each.repositories[asked.repository.id]} for each in teams
    ])  # fmt: skip


def list_collaborators(asked: Asked) -> Listing:
    shown = []
    for login in dict.fromkeys([*asked.repository.owner.members, *asked.repository.collaborators]):
        role = _role(asked, login)
        if role is not None:
            right = _RIGHTS.index(_ROLES[role])
            rights = {name: _RIGHTS.index(name) <= right for name in _RIGHTS}
            shown.append(_user(asked, login) | {"role_name": role, "permissions": rights})
    return Listing(shown)


def get_permission(asked: Asked) -> Answer:
    login = asked.parameters["username"]
    if login.lower() not in asked.world.accounts:
        raise not_found()
    role = _role(asked, login)
    level = {"triage": "read", "maintain": "write", None: "read" if not asked.repository.private else "none"}.get(
        role, role
    )
    return Answer(
        200,
        {
            "permission": level,
            "role_name": role or level,
            "user": _user(asked, login) | {"role_name": role or str(level)},
        },
    )


def list_tokens(asked: Asked) -> Listing:
    return Listing([_without_private(each) for each in asked.organisation.tokens.values()])


def list_token_repositories(asked: Asked) -> Listing:
    found = asked.organisation.tokens.get(asked.number("pat_id"))
    if found is None:
        raise not_found()
    return Listing(
        [rendered_repository(asked.world, asked.world.repositories[each]) for each in found.get("_repositories", ())]
    )


def list_token_requests(asked: Asked) -> Listing:
    return Listing([_without_private(each) for each in asked.organisation.token_requests.values()])


def list_properties(asked: Asked) -> Listing:
    return Listing([
        {
            "repository_id": each.id, "repository_name": each.name, "repository_full_name": each.full_name,
            "properties": [{"property_name": name, "value": value} for name, value in each.properties.items()],
        }
        for each in asked.world.repositories.values() if each.owner is asked.organisation
    ])  # fmt: skip


def get_user(asked: Asked) -> Answer:
    found = asked.world.accounts.get(asked.parameters["username"].lower())
    if found is None:
        raise not_found()
    return Answer(
        200,
        rendering.user(asked.world, found) | {"created_at": stamp(found.created), "updated_at": stamp(found.created)},
    )


def get_meta(_: Asked) -> Answer:
    return Answer(200, {"verifiable_password_authentication": False, "hooks": ["127.0.0.0/8"], "web": ["127.0.0.0/8"]})


def _user(asked: Asked, login: str) -> Json:
    return rendering.user(asked.world, asked.world.account(login))


def _team(asked: Asked) -> Team:
    found = asked.organisation.teams.get(asked.parameters["team_slug"])
    if found is None:
        raise not_found()
    return found


def _role(asked: Asked, login: str) -> str | None:
    repository = asked.repository
    owner: Account = repository.owner
    if owner.members.get(login) == "admin" or owner.login == login:
        return "admin"
    granted = [repository.collaborators.get(login)]
    rights = {right: role for role, right in _ROLES.items()}
    granted += [
        rights[team.repositories[repository.id]]
        for team in owner.teams.values()
        if login in team.members and repository.id in team.repositories
    ]
    granted += ["read" if login in owner.members else None]
    held = [role for role in granted if role is not None]
    return max(held, key=lambda role: _RIGHTS.index(_ROLES[role]), default=None)


def _without_private(each: Json) -> Json:
    return {name: value for name, value in each.items() if not name.startswith("_")}


HANDLERS: Handlers = {
    "GET /orgs/{org}": get_organisation,
    "GET /orgs/{org}/installations": list_installations,
    "GET /orgs/{org}/members": list_members,
    "GET /orgs/{org}/members/{username}": check_member,
    "GET /orgs/{org}/memberships/{username}": get_membership,
    "GET /orgs/{org}/outside_collaborators": list_outside,
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
