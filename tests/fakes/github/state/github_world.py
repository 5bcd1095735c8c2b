"""Everything the stand-in remembers, in one place, behind one lock."""

import secrets
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

from cryptography.hazmat.primitives.asymmetric import rsa

from tests.fakes.github.fake_clock import Clock
from tests.fakes.github.state.accounts import Account
from tests.fakes.github.state.apps import App, Delivery, Installation, Token
from tests.fakes.github.state.repository import Repository


@cache
def _key(number: int) -> rsa.RSAPrivateKey:
    """The key of a world's first App, second App …; making one costs a tenth of a second, so worlds have the same ones."""
    assert number >= 0
    return rsa.generate_private_key(65537, 2048)


@dataclass(frozen=True, slots=True)
class Call:
    """One request that reached the stand-in."""

    operation: str  # "GET /repos/{owner}/{repo}", or the plain path when unknown
    path: str
    status: int
    body: str = ""


@dataclass
class Record:
    """What happened, for tests to assert on."""

    calls: list[Call] = field(default_factory=list)
    count: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)  # what broke GitHub's contract, on either side
    lacking: list[str] = field(default_factory=list)  # what was asked for and the stand-in does not have


@dataclass
class World:
    """The whole of GitHub."""

    clock: Clock = field(default_factory=Clock)
    lock: threading.RLock = field(default_factory=threading.RLock)
    record: Record = field(default_factory=Record)
    api: str = ""  # the base URL of the API, without a slash at its end
    web: str = ""  # the base URL of the pages
    signposts: dict[str, str] = field(
        default_factory=dict
    )  # where else a visitor may want to look, on the first page: name -> address
    accounts: dict[str, Account] = field(default_factory=dict)  # by login in small letters
    repositories: dict[int, Repository] = field(default_factory=dict)
    by_name: dict[str, Repository] = field(default_factory=dict)  # by full name in small letters
    apps: dict[int, App] = field(default_factory=dict)
    installations: dict[int, Installation] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    deliveries: list[Delivery] = field(default_factory=list)
    outbox: Callable[[Delivery], None] = field(default=lambda _delivery: None)  # the courier takes deliveries from here
    manifests: dict[str, App] = field(default_factory=dict)  # conversion code -> App
    _last_id: int = 1000

    def next_id(self) -> int:
        with self.lock:
            self._last_id += 1
            return self._last_id

    def now(self) -> float:
        return self.clock.now()

    def account(self, login: str, kind: str = "User") -> Account:
        """The account of that login, made when there is none."""
        found = self.accounts.get(login.lower())
        if found is None:
            found = Account(self.next_id(), login, kind, created=self.now())
            self.accounts[login.lower()] = found
        return found

    def repository(self, owner: str, name: str) -> Repository | None:
        return self.by_name.get(f"{owner}/{name}".lower())

    def add(self, repository: Repository) -> None:
        self.repositories[repository.id] = repository
        self.by_name[repository.full_name.lower()] = repository

    def register(self, slug: str, owner: Account, permissions: dict[str, str], events: list[str]) -> App:
        """A new App with a key of its own."""
        number = self.next_id()
        bot = Account(self.next_id(), f"{slug}[bot]", "Bot", created=self.now())
        app = App(
            id=number, slug=slug, name=slug.replace("-", " ").title(), owner=owner, bot=bot,
            client_id=f"Iv23li{secrets.token_hex(7)}", key=_key(len(self.apps)),
            webhook_secret=secrets.token_hex(20), permissions=dict(permissions), events=list(events), created=self.now(),
        )  # fmt: skip
        self.apps[number] = app
        self.accounts[bot.login.lower()] = bot
        return app

    def reaches(self, installation: Installation, repository: Repository) -> bool:
        """Whether the installation covers the repository."""
        return repository.owner is installation.account and (
            installation.repositories is None or repository.id in installation.repositories
        )

    def covered(self, installation: Installation) -> list[Repository]:
        """The repositories of an installation, oldest first."""
        return [each for each in self.repositories.values() if self.reaches(installation, each)]
