"""Settings change, and those changes that GitHub tells of are told."""

from tests.fakes.github import webhook_events
from tests.fakes.github.json_types import Json, timestamp
from tests.fakes.github.rendering.accounts import organization, team, user
from tests.fakes.github.rendering.repositories import url
from tests.fakes.github.state.accounts import FakeAccount, FakeTeam
from tests.fakes.github.state.github_world import GitHubWorld
from tests.fakes.github.state.repository import FakeRepository


def create_ruleset(world: GitHubWorld, repository: FakeRepository, ruleset: Json, by: FakeAccount) -> int:
    """A new ruleset of the repository."""
    number = world.next_id()
    kept = full_ruleset(world, ruleset, number, "Repository", repository.full_name)
    repository.rulesets[number] = kept
    webhook_events.send_repository_event(
        world, repository, "repository_ruleset", "created", {"repository_ruleset": kept}, by
    )
    return number


def edit_ruleset(world: GitHubWorld, repository: FakeRepository, number: int, ruleset: Json, by: FakeAccount) -> None:
    """Another content of a ruleset of the repository."""
    kept = full_ruleset(world, ruleset, number, "Repository", repository.full_name)
    repository.rulesets[number] = kept
    webhook_events.send_repository_event(
        world, repository, "repository_ruleset", "edited", {"repository_ruleset": kept}, by
    )


def delete_ruleset(world: GitHubWorld, repository: FakeRepository, number: int, by: FakeAccount) -> None:
    gone = repository.rulesets.pop(number)
    webhook_events.send_repository_event(
        world, repository, "repository_ruleset", "deleted", {"repository_ruleset": gone}, by
    )


def full_ruleset(world: GitHubWorld, ruleset: Json, number: int, kind: str, source: str) -> Json:
    """A ruleset as it is kept, with what GitHub adds to what was sent."""
    now = timestamp(world.now())
    usual: Json = {
        "id": number, "node_id": f"RRS_{number}", "source_type": kind, "source": source, "target": "branch", "enforcement": "active",
        "conditions": {"ref_name": {"include": ["~DEFAULT_BRANCH"], "exclude": []}}, "rules": [], "bypass_actors": [],
        "created_at": now, "updated_at": now,
    }  # fmt: skip
    return usual | ruleset


def add_key(world: GitHubWorld, repository: FakeRepository, key: Json, by: FakeAccount) -> None:
    """A new deploy key."""
    repository.deploy_keys.append(key)
    shown = {name: value for name, value in key.items() if name != "last_used"}
    shown |= {"url": f"{url(world, repository)}/keys/{key['id']}", "verified": True}
    webhook_events.send_repository_event(world, repository, "deploy_key", "created", {"key": shown}, by)


def send_member_event(
    world: GitHubWorld, repository: FakeRepository, action: str, person: FakeAccount, role: str | None, by: FakeAccount
) -> None:
    """A person's access to the repository changed."""
    payload: Json = {"member": user(world, person)}
    if action == "added":
        payload["changes"] = {"permission": {"to": role}}
    elif action == "edited":
        payload["changes"] = {"permission": {"from": None, "to": role}}
    webhook_events.send_repository_event(world, repository, "member", action, payload, by)


def send_repository_event(
    world: GitHubWorld, repository: FakeRepository, action: str, by: FakeAccount, changes: Json | None = None
) -> None:
    """The repository itself changed."""
    payload: Json = {} if changes is None else {"changes": changes}
    webhook_events.send_repository_event(world, repository, "repository", action, payload, by)
    if action == "publicized":
        webhook_events.send_repository_event(world, repository, "public", None, {}, by)


def send_organization_event(
    world: GitHubWorld, account: FakeAccount, action: str, person: FakeAccount, role: str, by: FakeAccount
) -> None:
    """Somebody joined or left the organization."""
    address = f"{world.api_url}/orgs/{account.login}"
    membership: Json = {
        "url": f"{address}/memberships/{person.login}", "state": "active", "role": role, "organization_url": address,
        "user": user(world, person),
    }  # fmt: skip
    payload = {"membership": membership, "organization": organization(world, account)}
    webhook_events.send_account_event(world, account, "organization", action, payload, by)


def send_membership_event(
    world: GitHubWorld, account: FakeAccount, action: str, person: FakeAccount, of: FakeTeam, by: FakeAccount
) -> None:
    """Somebody joined or left a team."""
    payload: Json = {"scope": "team", "member": user(world, person), "team": team(world, account, of)}
    webhook_events.send_account_event(
        world, account, "membership", action, payload | {"organization": organization(world, account)}, by
    )
