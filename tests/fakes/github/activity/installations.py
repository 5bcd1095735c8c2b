"""An App is installed, changed, suspended and removed."""

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.fakes.github import webhook_events
from tests.fakes.github.json_types import Json
from tests.fakes.github.rendering.accounts import installation as rendered
from tests.fakes.github.rendering.repositories import short_repository
from tests.fakes.github.state.accounts import FakeAccount
from tests.fakes.github.state.apps import FakeApp, FakeInstallation
from tests.fakes.github.state.github_world import GitHubWorld
from tests.fakes.github.state.repository import FakeRepository


def private_key_pem(app: FakeApp) -> str:
    """The App's private key, as its owner downloads it."""
    return app.key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()


def install(
    world: GitHubWorld,
    app: FakeApp,
    account: FakeAccount,
    permissions: dict[str, str],
    event_names: list[str],
    repositories: set[int] | None,
    sender: FakeAccount,
) -> FakeInstallation:
    """Installs the App, and tells it."""
    made = FakeInstallation(world.next_id(), app, account, permissions, event_names, world.now(), repositories)
    world.installations[made.id] = made
    _send_event(world, made, "created", sender, repositories=True)
    return made


def remove(world: GitHubWorld, installation: FakeInstallation, sender: FakeAccount) -> None:
    """Uninstalls: its tokens end at once."""
    del world.installations[installation.id]
    _end_tokens(world, installation)
    _send_event(world, installation, "deleted", sender, repositories=True)


def suspend(world: GitHubWorld, installation: FakeInstallation, sender: FakeAccount) -> None:
    installation.suspended = world.now()
    _send_event(world, installation, "suspend", sender)


def unsuspend(world: GitHubWorld, installation: FakeInstallation, sender: FakeAccount) -> None:
    installation.suspended = None
    _send_event(world, installation, "unsuspend", sender)


def accept_permissions(
    world: GitHubWorld, installation: FakeInstallation, permissions: dict[str, str], sender: FakeAccount
) -> None:
    """An owner accepts what the App newly asks for, or an invented organization withdraws some."""
    installation.permissions = permissions
    _end_tokens(world, installation)
    _send_event(world, installation, "new_permissions_accepted", sender)


def select_repositories(
    world: GitHubWorld, installation: FakeInstallation, repositories: list[FakeRepository], sender: FakeAccount
) -> None:
    """The installation now covers exactly these repositories."""
    before = {each.id: each for each in world.repositories_of(installation)}
    after = {each.id: each for each in repositories}
    installation.repositories = set(after)
    added = [each for key, each in after.items() if key not in before]
    removed = [each for key, each in before.items() if key not in after]
    for action, some in (("added", added), ("removed", removed)):
        if some:
            payload: Json = {
                "installation": rendered(world, installation),
                "repository_selection": "selected",
                "repositories_added": [short_repository(each) for each in some if action == "added"],
                "repositories_removed": [short_repository(each) for each in some if action == "removed"],
                "requester": None,
            }
            webhook_events.send_installation_event(
                world, installation, "installation_repositories", action, payload, sender
            )


def _send_event(
    world: GitHubWorld, installation: FakeInstallation, action: str, sender: FakeAccount, *, repositories: bool = False
) -> None:
    payload: Json = {"installation": rendered(world, installation)}
    if repositories:
        payload["repositories"] = [short_repository(each) for each in world.repositories_of(installation)]
    webhook_events.send_installation_event(world, installation, "installation", action, payload, sender)


def _end_tokens(world: GitHubWorld, installation: FakeInstallation) -> None:
    for value in [value for value, token in world.tokens.items() if token.installation == installation.id]:
        del world.tokens[value]
