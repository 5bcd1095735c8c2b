"""Settings change, and those changes that GitHub tells of are told."""

from tests.fakes.github import webhook_events
from tests.fakes.github.json_types import Json, stamp
from tests.fakes.github.rendering.accounts import organisation, team, user
from tests.fakes.github.rendering.repositories import url
from tests.fakes.github.state.accounts import Account, Team
from tests.fakes.github.state.github_world import World
from tests.fakes.github.state.repository import Repository


def create_ruleset(world: World, repository: Repository, ruleset: Json, by: Account) -> int:
    """A new ruleset of the repository."""
    number = world.next_id()
    kept = whole_ruleset(world, ruleset, number, "Repository", repository.full_name)
    repository.rulesets[number] = kept
    webhook_events.in_repository(world, repository, "repository_ruleset", "created", {"repository_ruleset": kept}, by)
    return number


def delete_ruleset(world: World, repository: Repository, number: int, by: Account) -> None:
    gone = repository.rulesets.pop(number)
    webhook_events.in_repository(world, repository, "repository_ruleset", "deleted", {"repository_ruleset": gone}, by)


def whole_ruleset(world: World, ruleset: Json, number: int, kind: str, source: str) -> Json:
    """A ruleset as it is kept, with what GitHub adds to what was sent."""
    now = stamp(world.now())
    usual: Json = {
        "id": number, "node_id": f"RRS_{number}", "source_type": kind, "source": source, "target": "branch", "enforcement": "active",
        "conditions": {"ref_name": {"include": ["~DEFAULT_BRANCH"], "exclude": []}}, "rules": [], "bypass_actors": [],
        "created_at": now, "updated_at": now,
    }  # fmt: skip
    return usual | ruleset


def add_key(world: World, repository: Repository, key: Json, by: Account) -> None:
    """A new deploy key."""
    repository.keys.append(key)
    shown = {name: value for name, value in key.items() if name != "last_used"}
    shown |= {"url": f"{url(world, repository)}/keys/{key['id']}", "verified": True}
    webhook_events.in_repository(world, repository, "deploy_key", "created", {"key": shown}, by)


def tell_member(
    world: World, repository: Repository, action: str, person: Account, role: str | None, by: Account
) -> None:
    """A person's access to the repository changed."""
    payload: Json = {"member": user(world, person)}
    if action == "added":
        payload["changes"] = {"permission": {"to": role}}
    elif action == "edited":
        payload["changes"] = {"permission": {"from": None, "to": role}}
    webhook_events.in_repository(world, repository, "member", action, payload, by)


def tell_repository(
    world: World, repository: Repository, action: str, by: Account, changes: Json | None = None
) -> None:
    """The repository itself changed."""
    payload: Json = {} if changes is None else {"changes": changes}
    webhook_events.in_repository(world, repository, "repository", action, payload, by)
    if action == "publicized":
        webhook_events.in_repository(world, repository, "public", None, {}, by)


def tell_organisation(world: World, account: Account, action: str, person: Account, role: str, by: Account) -> None:
    """Somebody joined or left the organisation."""
    address = f"{world.api}/orgs/{account.login}"
    membership: Json = {
        "url": f"{address}/memberships/{person.login}", "state": "active", "role": role, "organization_url": address,
        "user": user(world, person),
    }  # fmt: skip
    payload = {"membership": membership, "organization": organisation(world, account)}
    webhook_events.in_account(world, account, "organization", action, payload, by)


def tell_membership(world: World, account: Account, action: str, person: Account, of: Team, by: Account) -> None:
    """Somebody joined or left a team."""
    payload: Json = {"scope": "team", "member": user(world, person), "team": team(world, account, of)}
    webhook_events.in_account(
        world, account, "membership", action, payload | {"organization": organisation(world, account)}, by
    )
