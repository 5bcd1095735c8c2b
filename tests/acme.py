"""The organisation acme on a GitHub of its own, with our App installed: where the stories of jobs begin."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from cryptography.fernet import Fernet
from redis import Redis

from bot.github.app_key import read_app_key
from bot.github.server import Server
from bot.github.telephone import Telephone
from bot.github.wire import Patience
from bot.names import InstallationId
from tests.github.standin import StandIn
from tests.github.state.apps import Installation
from tests.github.story.organisation import Organisation
from tests.test_manifest import MANIFEST

TOKEN_KEY = Fernet.generate_key().decode()
HURRIED = Patience(answer=2, connect=2, pause=0.01)  # tests do not wait for what is not there
MINTED = "POST /app/installations/{installation_id}/access_tokens"


@dataclass(frozen=True, slots=True)
class Acme:
    """GitHub, the organisation, the App's installation there, and a telephone."""

    github: StandIn
    organisation: Organisation
    installation: Installation
    redis: Redis
    telephone: Telephone

    @property
    def id(self) -> InstallationId:
        return InstallationId(self.installation.id)

    def another_telephone(self, patience: Patience = HURRIED) -> Telephone:
        """As another process has it."""
        return telephone(self.github, self.redis, patience)


def telephone(github: StandIn, redis: Redis, patience: Patience = HURRIED) -> Telephone:
    key = read_app_key(github.app.id, github.private_key)
    return Telephone(Server(github.base_url), key, redis, (TOKEN_KEY,), patience)


@contextmanager
def acme_on(redis: Redis, *, enterprise: bool = False, without: tuple[str, ...] = ()) -> Iterator[Acme]:
    """Open the story, and hold at its end that neither side broke GitHub's contract."""
    with StandIn(enterprise=enterprise) as github:
        acme = github.organisation("acme")
        installation = github.install(acme, permissions=MANIFEST["default_permissions"], without=without)
        phone = telephone(github, redis)
        yield Acme(github, acme, installation, redis, phone)
        phone.close()
        assert github.violations == []
        assert github.lacking == []
