"""Accounts, teams, Apps and installations as JSON."""

from urllib.parse import quote

from tests.fakes.github.json_types import Json, stamp
from tests.fakes.github.state.accounts import Account, Team
from tests.fakes.github.state.apps import App, Installation
from tests.fakes.github.state.github_world import World


def user(world: World, account: Account) -> Json:
    """An account as it stands inside other objects."""
    login = quote(account.login)
    return {
        "login": account.login,
        "id": account.id,
        "node_id": f"U_{account.id}",
        "avatar_url": f"{world.web}/avatars/{login}",
        "url": f"{world.api}/users/{login}",
        "html_url": f"{world.web}/{login}",
        "type": account.kind,
        "site_admin": False,
    }


def organisation(world: World, account: Account) -> Json:
    """An organisation as webhooks and lists show it."""
    return {
        "login": account.login,
        "id": account.id,
        "node_id": f"O_{account.id}",
        "url": f"{world.api}/orgs/{account.login}",
        "repos_url": f"{world.api}/orgs/{account.login}/repos",
        "avatar_url": f"{world.web}/avatars/{account.login}",
        "description": "",
    }


def team(world: World, organisation_of: Account, shown: Team) -> Json:
    """A team of that organisation."""
    return {
        "id": shown.id,
        "node_id": f"T_{shown.id}",
        "slug": shown.slug,
        "name": shown.slug,
        "privacy": "closed",
        "permission": "pull",
        "url": f"{world.api}/organizations/{organisation_of.id}/team/{shown.id}",
        "html_url": f"{world.web}/orgs/{organisation_of.login}/teams/{shown.slug}",
    }


def app(world: World, shown: App) -> Json:
    """An App as checks and deployments name it."""
    return {
        "id": shown.id,
        "slug": shown.slug,
        "node_id": f"A_{shown.id}",
        "client_id": shown.client_id,
        "owner": user(world, shown.owner),
        "name": shown.name,
        "description": "",
        "external_url": shown.external_url,
        "html_url": f"{world.web}/apps/{shown.slug}",
        "created_at": stamp(shown.created),
        "updated_at": stamp(shown.created),
        "permissions": dict(shown.permissions),
        "events": list(shown.events),
    }


def installation(world: World, shown: Installation) -> Json:
    """An App's installation on an account."""
    account = shown.account
    address = (
        f"{world.web}/organizations/{account.login}/settings/installations/{shown.id}"
        if account.is_organisation
        else f"{world.web}/settings/installations/{shown.id}"
    )
    return {
        "id": shown.id,
        "account": user(world, account),
        "repository_selection": "all" if shown.repositories is None else "selected",
        "access_tokens_url": f"{world.api}/app/installations/{shown.id}/access_tokens",
        "repositories_url": f"{world.api}/installation/repositories",
        "html_url": address,
        "app_id": shown.app.id,
        "app_slug": shown.app.slug,
        "target_id": account.id,
        "target_type": account.kind,
        "permissions": dict(shown.permissions),
        "events": list(shown.events),
        "created_at": stamp(shown.created),
        "updated_at": stamp(shown.created),
        "single_file_name": None,
        "suspended_by": None if shown.suspended is None else user(world, account),
        "suspended_at": None if shown.suspended is None else stamp(shown.suspended),
    }
