"""Reads an organization's members, teams, Apps, fine-grained tokens and plan."""

from collections.abc import Iterator

from bot.github.client import api_path
from bot.github.settings.organization_cache import OrganizationCache
from bot.json_access import JsonObject, get_bool, get_datetime, get_int, get_object, get_str, get_strings
from bot.model.core_types import FullName
from bot.settings import AppInstallation, FineGrainedToken, GitHubPlan, Organization, Team

# What events of people make stale: `Kept.forget(*PEOPLE)`.
MEMBERS, TEAMS, PLAN, APPS, TOKENS = "members", "teams", "plan", "Apps", "fine-grained tokens"
MEMBERSHIP_KINDS = (MEMBERS, TEAMS)


def read_organization(cache: OrganizationCache) -> Organization:
    """Read the members, and each team with its people; one call for each hundred members and for each team."""
    members = cache.get(MEMBERS, lambda: list(_fetch_logins(cache, "orgs", cache.login, "members")))
    teams = cache.get(TEAMS, lambda: list(_fetch_teams(cache)))
    each = [Team(get_str(team, "slug"), frozenset(get_strings(team, "members"))) for team in teams]
    return Organization(
        login=cache.login,
        members=frozenset(get_str(member, "login") for member in members),
        teams={team.slug.casefold(): team for team in each},
    )


def read_plan(cache: OrganizationCache) -> GitHubPlan:
    """Read what the organization pays for; unknown where GitHub does not say, which is so for small tokens."""
    found = cache.get(PLAN, lambda: [{"plan": get_str(_fetch_organization(cache), "plan", "name")}])
    name = get_str(found[0], "plan").lower() if found else ""
    # GitHub's names: free, pro, team, business (Enterprise Cloud's old one), business_plus, enterprise.
    name = "enterprise" if name.startswith("business") else name
    return GitHubPlan(name) if name in set(GitHubPlan) else GitHubPlan.UNKNOWN


def read_app_installations(cache: OrganizationCache) -> tuple[AppInstallation, ...]:
    """Read the Apps that are installed in the organization beside our own, which nobody has to declare to itself."""
    ours = cache.client.github_client.key.app_id
    found = (item for item in cache.get(APPS, lambda: list(_fetch_apps(cache))) if get_int(item, "app_id") != ours)
    return tuple(
        AppInstallation(
            get_int(item, "app_id"),
            get_str(item, "slug"),
            get_strings(item, "writes"),
            get_bool(item, "all"),
            get_bool(item, "suspended"),
        )
        for item in found
    )


def read_fine_grained_tokens(cache: OrganizationCache, repository: FullName) -> tuple[FineGrainedToken, ...]:
    """Read the fine-grained tokens that can write something in this repository."""
    found = cache.get(TOKENS, lambda: list(_fetch_tokens(cache)))
    reaching = [
        item
        for item in found
        if get_bool(item, "all") or repository.lower() in {name.lower() for name in get_strings(item, "repositories")}
    ]
    return tuple(
        FineGrainedToken(
            id=get_int(item, "id"),
            name=get_str(item, "name"),
            owner=get_str(item, "owner"),
            write_permissions=get_strings(item, "writes"),
            all_repositories=get_bool(item, "all"),
            created_at=get_datetime(item, "created_at"),
            expires_at=get_datetime(item, "expires_at"),
            last_used_at=get_datetime(item, "last_used_at"),
        )
        for item in reaching
    )


def _fetch_organization(cache: OrganizationCache) -> JsonObject:
    return cache.client.get(api_path("orgs", cache.login), "read the organization").json_object()


def _fetch_logins(cache: OrganizationCache, *parts: str) -> Iterator[JsonObject]:
    for item in cache.client.paginate(api_path(*parts), "read members and teams of the organization"):
        yield {"login": get_str(item, "login")}


def _fetch_teams(cache: OrganizationCache) -> Iterator[JsonObject]:
    for item in cache.client.paginate(
        api_path("orgs", cache.login, "teams"), "read members and teams of the organization"
    ):
        if slug := get_str(item, "slug"):
            members = [
                get_str(member, "login")
                for member in _fetch_logins(cache, "orgs", cache.login, "teams", slug, "members")
            ]
            yield {"slug": slug, "members": members}


def _fetch_apps(cache: OrganizationCache) -> Iterator[JsonObject]:
    address = api_path("orgs", cache.login, "installations")
    for item in cache.client.paginate(address, "read the Apps of the organization", "installations"):
        yield {
            "app_id": get_int(item, "app_id"),
            "slug": get_str(item, "app_slug"),
            "writes": _write_permissions(get_object(item, "permissions")),
            "all": get_str(item, "repository_selection") == "all",
            "suspended": bool(get_str(item, "suspended_at")),
        }


def _fetch_tokens(cache: OrganizationCache) -> Iterator[JsonObject]:
    address = api_path("orgs", cache.login, "personal-access-tokens")
    what = "read fine-grained tokens of the organization"
    for item in cache.client.paginate(address, what):
        writes = _write_permissions(get_object(item, "permissions", "repository"))
        if not writes:
            continue
        selected = get_str(item, "repository_selection") == "subset"
        below = (
            cache.client.paginate(f"{address}{api_path(get_int(item, 'id'), 'repositories')}", what) if selected else ()
        )
        yield {
            "id": get_int(item, "id"),
            "name": get_str(item, "token_name"),
            "owner": get_str(item, "owner", "login"),
            "writes": writes,
            "all": get_str(item, "repository_selection") == "all",
            "repositories": [get_str(each, "full_name") for each in below],
            "created_at": get_str(item, "access_granted_at"),
            "expires_at": get_str(item, "token_expires_at"),
            "last_used_at": get_str(item, "token_last_used_at"),
        }


def _write_permissions(permissions: JsonObject) -> list[str]:
    return sorted(name for name, level in permissions.items() if level in ("write", "admin"))
