"""Accounts, teams, Apps and installations as JSON."""

from urllib.parse import quote

from tests.fakes.github.json_types import Json, timestamp
from tests.fakes.github.state.accounts import FakeAccount, FakeTeam
from tests.fakes.github.state.apps import FakeApp, FakeInstallation
from tests.fakes.github.state.github_world import GitHubWorld


def user(world: GitHubWorld, account: FakeAccount) -> Json:
    """An account as it stands inside other objects."""
    login = quote(account.login)
    return {
        "login": account.login,
        "id": account.id,
        "node_id": f"U_{account.id}",
        "avatar_url": f"{world.web_url}/avatars/{login}",
        "url": f"{world.api_url}/users/{login}",
        "html_url": f"{world.web_url}/{login}",
        "type": account.kind,
        "site_admin": False,
    }


def organization(world: GitHubWorld, account: FakeAccount) -> Json:
    """An organization as webhooks and lists show it."""
    return {
        "login": account.login,
        "id": account.id,
        "node_id": f"O_{account.id}",
        "url": f"{world.api_url}/orgs/{account.login}",
        "repos_url": f"{world.api_url}/orgs/{account.login}/repos",
        "avatar_url": f"{world.web_url}/avatars/{account.login}",
        "description": "",
    }


def team(world: GitHubWorld, owner: FakeAccount, shown_team: FakeTeam) -> Json:
    """A team of that organization."""
    return {
        "id": shown_team.id,
        "node_id": f"T_{shown_team.id}",
        "slug": shown_team.slug,
        "name": shown_team.slug,
        "privacy": "closed",
        "permission": "pull",
        "url": f"{world.api_url}/organizations/{owner.id}/team/{shown_team.id}",
        "html_url": f"{world.web_url}/orgs/{owner.login}/teams/{shown_team.slug}",
    }


def app(world: GitHubWorld, github_app: FakeApp) -> Json:
    """An App as checks and deployments name it."""
    return {
        "id": github_app.id,
        "slug": github_app.slug,
        "node_id": f"A_{github_app.id}",
        "client_id": github_app.client_id,
        "owner": user(world, github_app.owner),
        "name": github_app.name,
        "description": "",
        "external_url": github_app.external_url,
        "html_url": f"{world.web_url}/apps/{github_app.slug}",
        "created_at": timestamp(github_app.created),
        "updated_at": timestamp(github_app.created),
        "permissions": dict(github_app.permissions),
        "events": list(github_app.events),
    }


def installation(world: GitHubWorld, shown: FakeInstallation) -> Json:
    """An App's installation on an account."""
    account = shown.account
    address = (
        f"{world.web_url}/organizations/{account.login}/settings/installations/{shown.id}"
        if account.is_organization
        else f"{world.web_url}/settings/installations/{shown.id}"
    )
    return {
        "id": shown.id,
        "account": user(world, account),
        "repository_selection": "all" if shown.repositories is None else "selected",
        "access_tokens_url": f"{world.api_url}/app/installations/{shown.id}/access_tokens",
        "repositories_url": f"{world.api_url}/installation/repositories",
        "html_url": address,
        "app_id": shown.app.id,
        "app_slug": shown.app.slug,
        "target_id": account.id,
        "target_type": account.kind,
        "permissions": dict(shown.permissions),
        "events": list(shown.events),
        "created_at": timestamp(shown.created),
        "updated_at": timestamp(shown.created),
        "single_file_name": None,
        "suspended_by": None if shown.suspended is None else user(world, account),
        "suspended_at": None if shown.suspended is None else timestamp(shown.suspended),
    }
