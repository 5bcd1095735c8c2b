"""An App is installed, changed, suspended and removed."""

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.fakes.github import webhook_events
from tests.fakes.github.json_types import Json
from tests.fakes.github.rendering.accounts import installation as rendered
from tests.fakes.github.rendering.repositories import short_repository
from tests.fakes.github.state.accounts import Account
from tests.fakes.github.state.apps import App, Installation
from tests.fakes.github.state.github_world import World
from tests.fakes.github.state.repository import Repository


def pem(app: App) -> str:
    """The App's private key, as its owner downloads it."""
    return app.key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()


def install(
    world: World,
    app: App,
    account: Account,
    permissions: dict[str, str],
    listens: list[str],
    chosen: set[int] | None,
    sender: Account,
) -> Installation:
    """Installs the App, and tells it."""
    made = Installation(world.next_id(), app, account, permissions, listens, world.now(), chosen)
    world.installations[made.id] = made
    _tell(world, made, "created", sender, repositories=True)
    return made


def remove(world: World, shown: Installation, sender: Account) -> None:
    """Uninstalls: its tokens end at once."""
    del world.installations[shown.id]
    _end_tokens(world, shown)
    _tell(world, shown, "deleted", sender, repositories=True)


def suspend(world: World, shown: Installation, sender: Account) -> None:
    shown.suspended = world.now()
    _tell(world, shown, "suspend", sender)


def unsuspend(world: World, shown: Installation, sender: Account) -> None:
    shown.suspended = None
    _tell(world, shown, "unsuspend", sender)


def accept_permissions(world: World, shown: Installation, permissions: dict[str, str], sender: Account) -> None:
    """An owner accepts what the App newly asks for, or an invented organisation withdraws some."""
    shown.permissions = permissions
    _end_tokens(world, shown)
    _tell(world, shown, "new_permissions_accepted", sender)


def choose(world: World, shown: Installation, repositories: list[Repository], sender: Account) -> None:
    """The installation now covers exactly these repositories."""
    before = {each.id: each for each in world.covered(shown)}
    after = {each.id: each for each in repositories}
    shown.repositories = set(after)
    added = [each for key, each in after.items() if key not in before]
    removed = [each for key, each in before.items() if key not in after]
    for action, some in (("added", added), ("removed", removed)):
        if some:
            payload: Json = {
                "installation": rendered(world, shown),
                "repository_selection": "selected",
                "repositories_added": [short_repository(each) for each in some if action == "added"],
                "repositories_removed": [short_repository(each) for each in some if action == "removed"],
                "requester": None,
            }
            webhook_events.about_installation(world, shown, "installation_repositories", action, payload, sender)


def _tell(world: World, shown: Installation, action: str, sender: Account, *, repositories: bool = False) -> None:
    payload: Json = {"installation": rendered(world, shown)}
    if repositories:
        payload["repositories"] = [short_repository(each) for each in world.covered(shown)]
    webhook_events.about_installation(world, shown, "installation", action, payload, sender)


def _end_tokens(world: World, shown: Installation) -> None:
    for value in [value for value, token in world.tokens.items() if token.installation == shown.id]:
        del world.tokens[value]
