"""What happened, told to every App that is installed and listens: payload, description check, delivery."""

import json
import uuid
from dataclasses import replace

from tests.fakes.github.contract.description import webhooks
from tests.fakes.github.contract.required_fields import Filler
from tests.fakes.github.json_types import Json
from tests.fakes.github.permission_levels import ALWAYS_SENT, NEEDED_FOR_EVENT
from tests.fakes.github.rendering.accounts import organisation, user
from tests.fakes.github.rendering.repositories import repository as rendered_repository
from tests.fakes.github.state.accounts import Account
from tests.fakes.github.state.apps import Delivery, Installation
from tests.fakes.github.state.github_world import World
from tests.fakes.github.state.repository import Repository

MOST_BYTES = 25 * 1024 * 1024  # a larger payload is not delivered at all (docs: webhook payload cap)


def in_repository(
    world: World,
    repository: Repository,
    event: str,
    action: str | None,
    payload: Json,
    sender: Account,
    *,
    app: int | None = None,
) -> None:
    """Tells every installation that covers the repository; with `app`, only that App."""
    for installation in list(world.installations.values()):
        if (
            world.reaches(installation, repository)
            and app in (None, installation.app.id)
            and _listens(installation, event, action)
        ):
            shown = rendered_repository(world, repository) | _times(event, repository)
            _deliver(world, installation, event, action, {**payload, "repository": shown}, sender, repository)


def in_account(world: World, account: Account, event: str, action: str | None, payload: Json, sender: Account) -> None:
    """Tells every installation on the account."""
    for installation in list(world.installations.values()):
        if installation.account is account and _listens(installation, event, action):
            _deliver(world, installation, event, action, payload, sender, None)


def about_installation(
    world: World, installation: Installation, event: str, action: str, payload: Json, sender: Account
) -> None:
    """Tells the App about its own installation, also when it is suspended."""
    _deliver(world, installation, event, action, payload, sender, None)


def again(world: World, delivery: Delivery) -> Delivery:
    """Sends a delivery once more: same guid, a new attempt in the log."""
    attempt = replace(
        delivery, id=world.next_id(), at=world.now(), redelivery=True, status="pending", status_code=0, answer="",
        headers={}, answer_headers={}, duration=0.0,
    )  # fmt: skip
    world.deliveries.append(attempt)
    world.outbox(attempt)
    return attempt


def _listens(installation: Installation, event: str, action: str | None) -> bool:
    if installation.suspended is not None:
        return False
    if event in ALWAYS_SENT:
        return True
    needed = NEEDED_FOR_EVENT[event]
    level = installation.permissions.get(needed, "read" if needed == "metadata" else "none")
    enough = ("write", "admin") if action in ("rerequested", "requested_action") else ("read", "write", "admin")
    return level in enough and (event in installation.events or (event, action) in _UNASKED)


# An App with checks:write is told of these without subscribing (docs: check_suite requested and rerequested, check_run rerequested …)
_UNASKED = {
    ("check_suite", "requested"), ("check_suite", "rerequested"), ("check_run", "rerequested"), ("check_run", "requested_action"),
}  # fmt: skip


def _times(event: str, repository: Repository) -> Json:
    """A push counts its repository's times in seconds, where everything else writes them out."""
    return {"created_at": int(repository.created), "pushed_at": int(repository.pushed)} if event == "push" else {}


def _deliver(
    world: World, installation: Installation, event: str, action: str | None, payload: Json, sender: Account,
    repository: Repository | None,
) -> None:  # fmt: skip
    whole: Json = {"action": action} if action else {}
    whole |= payload | {"sender": user(world, sender)}
    if installation.account.is_organisation:
        whole["organization"] = organisation(world, installation.account)
    whole.setdefault("installation", {"id": installation.id, "node_id": f"I_{installation.id}"})
    whole = _checked(world, event, action, whole)
    body = json.dumps(whole, separators=(",", ":")).encode()
    if len(body) > MOST_BYTES:
        return
    delivery = Delivery(
        id=world.next_id(), guid=str(uuid.uuid4()), app=installation.app, event=event, action=action, body=body,
        installation=installation.id, repository=repository.id if repository else None, at=world.now(),
    )  # fmt: skip
    world.deliveries.append(delivery)
    world.outbox(delivery)


def _checked(world: World, event: str, action: str | None, payload: Json) -> Json:
    described = webhooks()
    place = described.place(event, action)
    if place is None:
        world.record.violations.append(f"webhook {event}.{action} is not in GitHub's description")
        return payload
    whole: Json = Filler(described, world.web).complete(described.at(place), payload)
    world.record.violations += [f"webhook {event}.{action}: {error}" for error in described.errors(place, whole)[:5]]
    return whole
