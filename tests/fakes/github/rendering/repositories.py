"""Repositories, branches, tags and releases as JSON."""

from tests.fakes.github.json_types import Json, timestamp
from tests.fakes.github.rendering.accounts import user
from tests.fakes.github.state.github_world import GitHubWorld
from tests.fakes.github.state.repository import FakeRepository
from tests.fakes.github.state.runs import FakeRelease


def url(world: GitHubWorld, repo: FakeRepository) -> str:
    """The address of a repository in the API."""
    return f"{world.api_url}/repos/{repo.full_name}"


def repository(world: GitHubWorld, repo: FakeRepository) -> Json:
    """A repository as lists and other objects show it."""
    html = f"{world.web_url}/{repo.full_name}"
    return {
        "id": repo.id,
        "node_id": f"R_{repo.id}",
        "name": repo.name,
        "full_name": repo.full_name,
        "private": repo.private,
        "visibility": "private" if repo.private else "public",
        "owner": user(world, repo.owner),
        "html_url": html,
        "url": url(world, repo),
        "clone_url": f"{html}.git",
        "fork": repo.forked_from is not None,
        "archived": repo.archived,
        "disabled": False,
        "default_branch": repo.default_branch,
        "topics": list(repo.topics),
        "created_at": timestamp(repo.created),
        "updated_at": timestamp(repo.pushed),
        "pushed_at": timestamp(repo.pushed),
        "size": sum(map(len, repo.objects.blobs.values())) // 1024,
        "open_issues_count": sum(issue.state == "open" for issue in repo.issues.issues.values()),
        "has_issues": repo.has_issues,
    }


def full_repository(world: GitHubWorld, repo: FakeRepository) -> Json:
    """A repository as its own endpoint shows it."""
    whole = repository(world, repo) | {"custom_properties": dict(repo.properties)}
    if repo.owner.is_organization:
        whole["organization"] = user(world, repo.owner)
    if repo.forked_from is not None:
        whole["parent"] = whole["source"] = repository(world, repo.forked_from)
    return whole


def named_repository(world: GitHubWorld, repo: FakeRepository) -> Json:
    """A repository as workflow runs name it."""
    kept = ("id", "node_id", "name", "full_name", "private", "owner", "html_url", "url", "fork")
    return {name: value for name, value in repository(world, repo).items() if name in kept}


def short_repository(repo: FakeRepository) -> Json:
    """A repository as installation events list it."""
    return {
        "id": repo.id,
        "node_id": f"R_{repo.id}",
        "name": repo.name,
        "full_name": repo.full_name,
        "private": repo.private,
    }


def release(world: GitHubWorld, repo: FakeRepository, item: FakeRelease) -> Json:
    """A release with its files."""
    address = f"{url(world, repo)}/releases/{item.id}"
    return {
        "id": item.id,
        "node_id": f"RE_{item.id}",
        "url": address,
        "html_url": f"{world.web_url}/{repo.full_name}/releases/tag/{item.tag}",
        "assets_url": f"{address}/assets",
        "tag_name": item.tag,
        "target_commitish": item.target_commitish,
        "name": item.name,
        "body": item.body,
        "draft": item.draft,
        "prerelease": item.prerelease,
        "immutable": item.immutable,
        "created_at": timestamp(item.created),
        "published_at": None if item.published is None else timestamp(item.published),
        "updated_at": timestamp(item.published or item.created),
        "author": user(world, item.author),
        "assets": [asset(world, repo, file) for file in item.assets],
    }


def asset(world: GitHubWorld, repo: FakeRepository, file: Json) -> Json:
    """One file of a release; `file` holds its own facts, in GitHub's words."""
    return {
        "url": f"{url(world, repo)}/releases/assets/{file['id']}",
        "browser_download_url": f"{world.web_url}/{repo.full_name}/releases/download/{file['name']}",
        "node_id": f"RA_{file['id']}",
        "state": "uploaded",
        "label": None,
        "content_type": "application/octet-stream",
    } | file
