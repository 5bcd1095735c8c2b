"""Releases are published, packages appear on GitHub's own registry."""

from tests.fakes.github import webhook_events
from tests.fakes.github.json_types import Json, timestamp
from tests.fakes.github.rendering.accounts import user
from tests.fakes.github.rendering.repositories import release as rendered
from tests.fakes.github.state.accounts import FakeAccount
from tests.fakes.github.state.github_world import GitHubWorld
from tests.fakes.github.state.repository import FakeRepository
from tests.fakes.github.state.runs import FakeRelease


def publish(
    world: GitHubWorld, repository: FakeRepository, tag: str, target: str, name: str | None, body: str | None, author: FakeAccount, *, prerelease: bool,
    assets: list[Json],
) -> FakeRelease:  # fmt: skip
    """A published release; immutable when the repository or its owner is set so."""
    own = repository.settings.get("immutable-releases", {}).get("enabled", False)
    enforced = repository.owner.settings.get("settings/immutable-releases", {}).get("enforced_repositories") == "all"
    made = FakeRelease(
        world.next_id(), tag, target, name or tag, body, author, world.now(), world.now(), prerelease=prerelease,
        immutable=own or enforced, assets=assets,
    )  # fmt: skip
    repository.releases[made.id] = made
    shown = {"release": rendered(world, repository, made)}
    for action in ("created", "published", "prereleased" if prerelease else "released"):
        webhook_events.send_repository_event(world, repository, "release", action, shown, author)
    return made


def delete(world: GitHubWorld, repository: FakeRepository, number: int, by: FakeAccount) -> None:
    gone = repository.releases.pop(number)
    webhook_events.send_repository_event(
        world, repository, "release", "deleted", {"release": rendered(world, repository, gone)}, by
    )


def package_version(
    world: GitHubWorld, repository: FakeRepository, kind: str, name: str, version: str, by: FakeAccount
) -> Json:
    """A version of a package on GitHub's own registry."""
    number, now = world.next_id(), timestamp(world.now())
    owner = repository.owner
    address = f"{world.api_url}/orgs/{owner.login}/packages/{kind}/{name}"
    made: Json = {
        "id": number, "name": version, "url": f"{address}/versions/{number}", "created_at": now, "updated_at": now,
        "package_html_url": f"{world.web_url}/orgs/{owner.login}/packages/{kind}/package/{name}",
    }  # fmt: skip
    versions = owner.packages.setdefault((kind, name), [])
    action = "updated" if versions else "published"
    versions.append(made)
    package: Json = {
        "id": versions[0]["id"], "name": name, "namespace": owner.login, "ecosystem": kind.upper(), "package_type": kind.upper(),
        "html_url": made["package_html_url"], "created_at": versions[0]["created_at"], "updated_at": now, "owner": user(world, owner),
        "package_version": {
            "id": number, "version": version, "name": version, "summary": "", "html_url": made["package_html_url"],
            "target_commitish": repository.default_branch, "target_oid": str(repository.resolve("HEAD")), "author": user(world, by),
        },
    }  # fmt: skip
    webhook_events.send_repository_event(
        world, repository, "registry_package", action, {"registry_package": package}, by
    )
    return made
