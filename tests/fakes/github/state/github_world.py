"""Everything the stand-in remembers, in one place, behind one lock."""

import secrets
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

from cryptography.hazmat.primitives.asymmetric import rsa

from tests.fakes.github.fake_clock import FakeClock
from tests.fakes.github.state.accounts import FakeAccount
from tests.fakes.github.state.apps import FakeApp, FakeDelivery, FakeInstallation, FakeToken
from tests.fakes.github.state.repository import FakeRepository


@cache
def _key(number: int) -> rsa.RSAPrivateKey:
    """The key of a world's first App, second App …; making one costs a tenth of a second, so worlds have the same ones."""
    assert number >= 0
    return rsa.generate_private_key(65537, 2048)


@dataclass(frozen=True, slots=True)
class ApiCall:
    """One request that reached the stand-in."""

    operation: str  # "GET /repos/{owner}/{repo}", or the plain path when unknown
    path: str
    status: int
    body: str = ""


@dataclass
class ApiLog:
    """What happened, for tests to assert on."""

    calls: list[ApiCall] = field(default_factory=list)
    count: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)  # what broke GitHub's contract, on either side
    missing_operations: list[str] = field(default_factory=list)  # what was asked for and the stand-in does not have


@dataclass
class GitHubWorld:
    """The whole of GitHub."""

    clock: FakeClock = field(default_factory=FakeClock)
    lock: threading.RLock = field(default_factory=threading.RLock)
    log: ApiLog = field(default_factory=ApiLog)
    api_url: str = ""  # the base URL of the API, without a slash at its end
    web_url: str = ""  # the base URL of the pages
    redirect_signposts: dict[str, str] = field(
        default_factory=dict
    )  # where else a visitor may want to look, on the first page: name -> address
    accounts: dict[str, FakeAccount] = field(default_factory=dict)  # by login in small letters
    repositories: dict[int, FakeRepository] = field(default_factory=dict)
    repositories_by_name: dict[str, FakeRepository] = field(default_factory=dict)  # by full name in small letters
    apps: dict[int, FakeApp] = field(default_factory=dict)
    installations: dict[int, FakeInstallation] = field(default_factory=dict)
    tokens: dict[str, FakeToken] = field(default_factory=dict)
    deliveries: list[FakeDelivery] = field(default_factory=list)
    undelivered: Callable[[FakeDelivery], None] = field(
        default=lambda _delivery: None
    )  # the courier takes deliveries from here
    manifests: dict[str, tuple[FakeApp, float]] = field(default_factory=dict)  # conversion code -> App, and since when
    _last_id: int = 1000

    def next_id(self) -> int:
        with self.lock:
            self._last_id += 1
            return self._last_id

    def now(self) -> float:
        return self.clock.now()

    def account(self, login: str, kind: str = "User") -> FakeAccount:
        """The account of that login, made when there is none."""
        found = self.accounts.get(login.lower())
        if found is None:
            found = FakeAccount(self.next_id(), login, kind, created=self.now())
            self.accounts[login.lower()] = found
        return found

    def repository(self, owner: str, name: str) -> FakeRepository | None:
        return self.repositories_by_name.get(f"{owner}/{name}".lower())

    def add(self, repository: FakeRepository) -> None:
        self.repositories[repository.id] = repository
        self.repositories_by_name[repository.full_name.lower()] = repository

    def register(self, slug: str, owner: FakeAccount, permissions: dict[str, str], events: list[str]) -> FakeApp:
        """A new App with a key of its own."""
        number = self.next_id()
        bot = FakeAccount(self.next_id(), f"{slug}[bot]", "Bot", created=self.now())
        app = FakeApp(
            id=number, slug=slug, name=slug.replace("-", " ").title(), owner=owner, bot=bot,
            client_id=f"Iv23li{secrets.token_hex(7)}", key=_key(len(self.apps)),
            webhook_secret=secrets.token_hex(20), permissions=dict(permissions), events=list(events), created=self.now(),
        )  # fmt: skip
        self.apps[number] = app
        self.accounts[bot.login.lower()] = bot
        return app

    def can_access(self, installation: FakeInstallation, repository: FakeRepository) -> bool:
        """Whether the installation covers the repository."""
        return repository.owner is installation.account and (
            installation.repositories is None or repository.id in installation.repositories
        )

    def repositories_of(self, installation: FakeInstallation) -> list[FakeRepository]:
        """The repositories of an installation, oldest first."""
        return [each for each in self.repositories.values() if self.can_access(installation, each)]
