"""What happened, told to every App that is installed and listens: payload, description check, delivery."""

import json
import uuid
from dataclasses import replace

from tests.fakes.github.contract.description import webhooks
from tests.fakes.github.contract.required_fields import RequiredFields
from tests.fakes.github.json_types import Json
from tests.fakes.github.permission_levels import ALWAYS_SENT, NEEDED_FOR_EVENT
from tests.fakes.github.rendering.accounts import organization, user
from tests.fakes.github.rendering.repositories import repository as rendered_repository
from tests.fakes.github.state.accounts import FakeAccount
from tests.fakes.github.state.apps import FakeDelivery, FakeInstallation
from tests.fakes.github.state.github_world import GitHubWorld
from tests.fakes.github.state.repository import FakeRepository

MAX_PAYLOAD_BYTES = 25 * 1024 * 1024  # a larger payload is not delivered at all (docs: webhook payload cap)


def send_repository_event(
    world: GitHubWorld,
    repository: FakeRepository,
    event: str,
    action: str | None,
    payload: Json,
    sender: FakeAccount,
    *,
    app: int | None = None,
) -> None:
    """Tells every installation that covers the repository; with `app`, only that App."""
    for installation in list(world.installations.values()):
        if (
            world.can_access(installation, repository)
            and app in (None, installation.app.id)
            and _is_subscribed(installation, event, action)
        ):
            shown = rendered_repository(world, repository) | _push_timestamps(event, repository)
            _deliver(world, installation, event, action, {**payload, "repository": shown}, sender, repository)


def send_account_event(
    world: GitHubWorld, account: FakeAccount, event: str, action: str | None, payload: Json, sender: FakeAccount
) -> None:
    """Tells every installation on the account."""
    for installation in list(world.installations.values()):
        if installation.account is account and _is_subscribed(installation, event, action):
            _deliver(world, installation, event, action, payload, sender, None)


def send_installation_event(
    world: GitHubWorld, installation: FakeInstallation, event: str, action: str, payload: Json, sender: FakeAccount
) -> None:
    """Tells the App about its own installation, also when it is suspended."""
    _deliver(world, installation, event, action, payload, sender, None)


def redeliver(world: GitHubWorld, delivery: FakeDelivery) -> FakeDelivery:
    """Sends a delivery once more: same guid, a new attempt in the log."""
    attempt = replace(
        delivery, id=world.next_id(), delivered_at=world.now(), redelivery=True, status="pending", status_code=0, response_body="",
        headers={}, response_headers={}, duration=0.0,
    )  # fmt: skip
    world.deliveries.append(attempt)
    world.undelivered(attempt)
    return attempt


def _is_subscribed(installation: FakeInstallation, event: str, action: str | None) -> bool:
    if installation.suspended is not None:
        return False
    if event in ALWAYS_SENT:
        return True
    needed = NEEDED_FOR_EVENT[event]
    level = installation.permissions.get(needed, "read" if needed == "metadata" else "none")
    enough = ("write", "admin") if action in ("rerequested", "requested_action") else ("read", "write", "admin")
    return level in enough and (event in installation.events or (event, action) in _SENT_WITHOUT_SUBSCRIPTION)


# An App with checks:write is told of these without subscribing (docs: check_suite requested and rerequested, check_run rerequested …)
_SENT_WITHOUT_SUBSCRIPTION = {
    ("check_suite", "requested"), ("check_suite", "rerequested"), ("check_run", "rerequested"), ("check_run", "requested_action"),
}  # fmt: skip


def _push_timestamps(event: str, repository: FakeRepository) -> Json:
    """A push counts its repository's times in seconds, where everything else writes them out."""
    return {"created_at": int(repository.created), "pushed_at": int(repository.pushed)} if event == "push" else {}


def _deliver(
    world: GitHubWorld, installation: FakeInstallation, event: str, action: str | None, payload: Json, sender: FakeAccount,
    repository: FakeRepository | None,
) -> None:  # fmt: skip
    whole: Json = {"action": action} if action else {}
    whole |= payload | {"sender": user(world, sender)}
    if installation.account.is_organization:
        whole["organization"] = organization(world, installation.account)
    whole.setdefault("installation", {"id": installation.id, "node_id": f"I_{installation.id}"})
    whole = _checked_payload(world, event, action, whole)
    body = json.dumps(whole, separators=(",", ":")).encode()
    if len(body) > MAX_PAYLOAD_BYTES:
        return
    delivery = FakeDelivery(
        id=world.next_id(), guid=str(uuid.uuid4()), app=installation.app, event=event, action=action, body=body,
        installation=installation.id, repository=repository.id if repository else None, delivered_at=world.now(),
    )  # fmt: skip
    world.deliveries.append(delivery)
    world.undelivered(delivery)


def _checked_payload(world: GitHubWorld, event: str, action: str | None, payload: Json) -> Json:
    described = webhooks()
    place = described.pointer(event, action)
    if place is None:
        world.log.violations.append(f"webhook {event}.{action} is not in GitHub's description")
        return payload
    whole: Json = RequiredFields(described, world.web_url).complete(described.schema_at(place), payload)
    world.log.violations += [f"webhook {event}.{action}: {error}" for error in described.errors(place, whole)[:5]]
    return whole
