"""Repositories, branches, tags and releases as JSON."""

from tests.fakes.github.json_types import Json, stamp
from tests.fakes.github.rendering.accounts import user
from tests.fakes.github.state.github_world import World
from tests.fakes.github.state.repository import Repository
from tests.fakes.github.state.runs import Release


def url(world: World, shown: Repository) -> str:
    """The address of a repository in the API."""
    return f"{world.api}/repos/{shown.full_name}"


def repository(world: World, shown: Repository) -> Json:
    """A repository as lists and other objects show it."""
    html = f"{world.web}/{shown.full_name}"
    return {
        "id": shown.id,
        "node_id": f"R_{shown.id}",
        "name": shown.name,
        "full_name": shown.full_name,
        "private": shown.private,
        "visibility": "private" if shown.private else "public",
        "owner": user(world, shown.owner),
        "html_url": html,
        "url": url(world, shown),
        "clone_url": f"{html}.git",
        "fork": shown.parent is not None,
        "archived": shown.archived,
        "disabled": False,
        "default_branch": shown.default_branch,
        "topics": list(shown.topics),
        "created_at": stamp(shown.created),
        "updated_at": stamp(shown.pushed),
        "pushed_at": stamp(shown.pushed),
        "size": sum(map(len, shown.objects.blobs.values())) // 1024,
        "open_issues_count": sum(issue.state == "open" for issue in shown.issues.issues.values()),
        "has_issues": shown.has_issues,
    }


def full_repository(world: World, shown: Repository) -> Json:
    """A repository as its own endpoint shows it."""
    whole = repository(world, shown) | {"custom_properties": dict(shown.properties)}
    if shown.owner.is_organisation:
        whole["organization"] = user(world, shown.owner)
    if shown.parent is not None:
        whole["parent"] = whole["source"] = repository(world, shown.parent)
    return whole


def named_repository(world: World, shown: Repository) -> Json:
    """A repository as workflow runs name it."""
    kept = ("id", "node_id", "name", "full_name", "private", "owner", "html_url", "url", "fork")
    return {name: value for name, value in repository(world, shown).items() if name in kept}


def short_repository(shown: Repository) -> Json:
    """A repository as installation events list it."""
    return {
        "id": shown.id,
        "node_id": f"R_{shown.id}",
        "name": shown.name,
        "full_name": shown.full_name,
        "private": shown.private,
    }


def release(world: World, shown: Repository, each: Release) -> Json:
    """A release with its files."""
    address = f"{url(world, shown)}/releases/{each.id}"
    return {
        "id": each.id,
        "node_id": f"RE_{each.id}",
        "url": address,
        "html_url": f"{world.web}/{shown.full_name}/releases/tag/{each.tag}",
        "assets_url": f"{address}/assets",
        "tag_name": each.tag,
        "target_commitish": each.target,
        "name": each.name,
        "body": each.body,
        "draft": each.draft,
        "prerelease": each.prerelease,
        "immutable": each.immutable,
        "created_at": stamp(each.created),
        "published_at": None if each.published is None else stamp(each.published),
        "updated_at": stamp(each.published or each.created),
        "author": user(world, each.author),
        "assets": [asset(world, shown, file) for file in each.assets],
    }


def asset(world: World, shown: Repository, file: Json) -> Json:
    """One file of a release; `file` holds its own facts, in GitHub's words."""
    return {
        "url": f"{url(world, shown)}/releases/assets/{file['id']}",
        "browser_download_url": f"{world.web}/{shown.full_name}/releases/download/{file['name']}",
        "node_id": f"RA_{file['id']}",
        "state": "uploaded",
        "label": None,
        "content_type": "application/octet-stream",
    } | file
