"""GitHub Apps, where they are installed, their tokens, and what was delivered to them."""

import json
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric import rsa

from tests.fakes.github.json_types import Json
from tests.fakes.github.state.accounts import FakeAccount


@dataclass(eq=False)
class FakeApp:
    """A GitHub App as its owner registered it."""

    id: int
    slug: str
    name: str
    owner: FakeAccount
    bot: FakeAccount
    client_id: str
    key: rsa.RSAPrivateKey
    webhook_secret: str
    permissions: dict[str, str]
    events: list[str]
    webhook_url: str | None = None
    created: float = 0.0
    external_url: str = "https://wharfinger.example"


@dataclass(eq=False)
class FakeInstallation:
    """An App installed on an account; `repositories=None` means all of them, now and later."""

    id: int
    app: FakeApp
    account: FakeAccount
    permissions: dict[str, str]
    events: list[str]
    created: float
    repositories: set[int] | None = None
    suspended: float | None = None


@dataclass(frozen=True, slots=True)
class FakeToken:
    """What an installation token may do until it ends."""

    value: str
    installation: int
    expires: float
    permissions: dict[str, str]
    repositories: frozenset[int] | None  # None: all that the installation has


@dataclass(eq=False)
class FakeDelivery:
    """One attempt at one delivery; a redelivery is another one with the same guid."""

    id: int
    guid: str
    app: FakeApp
    event: str
    action: str | None
    body: bytes  # as it is signed and sent
    installation: int | None
    repository: int | None
    delivered_at: float
    redelivery: bool = False
    status: str = "pending"  # then GitHub's words: OK, Connection timed out …
    status_code: int = 0
    duration: float = 0.0
    headers: dict[str, str] = field(default_factory=dict)
    response_headers: dict[str, str] = field(default_factory=dict)
    response_body: str = ""

    @property
    def payload(self) -> Json:
        """The body, read."""
        read: Json = json.loads(self.body)
        return read

    @property
    def sent(self) -> bool:
        """Whether there was an address to send it to; only then it stands in the App's log."""
        return bool(self.headers)

    @property
    def succeeded(self) -> bool:
        return 200 <= self.status_code < 300
