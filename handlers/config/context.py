"""Opens the context that a worker process shares with its jobs: settings, Redis, records and clients."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias

from redis import Redis

from bot.github.client import GitHubClient
from bot.github.transport import GitHubServer
from bot.packages.http_client import RedisPacing, RegistryHttpClient
from bot.registries import Catalog, load_catalog
from bot.rendering.links import Links
from handlers.config.database import Database
from handlers.config.settings import Settings
from handlers.config.sign_command import app_key


def utc_now() -> datetime:
    """Return this machine's time."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Context:
    """The App's settings, its Redis (bytes in, bytes out), its records and clients, and what is known of registries."""

    settings: Settings
    redis: Redis
    records: Database
    github: GitHubClient
    catalog: Catalog
    registry_client: RegistryHttpClient
    clock: Callable[[], datetime] = utc_now  # what time it is: jobs ask nothing else, so a replay has a time of its own
    delivery_id: str = ""  # the delivery that asked for the work, "" for the clock's: to be named in logs and to GitHub

    @property
    def links(self) -> Links:
        """Where reports lead to."""
        return Links(self.settings.github_url, self.settings.url, pages=bool(self.settings.pages_tokens))


# A job is called with the context and its spec, which a test holds to be of the class that the function is annotated
# with. It may raise RetryLaterError to run again after some seconds; after any other error it is tried again a few times.
JobFunction: TypeAlias = Callable[[Context, Any], None]


def open_context(settings: Settings, redis: Redis, records: Database) -> Context:
    """Open what jobs need; a worker calls it once, before its first job."""
    key = app_key(settings)
    github_client = GitHubClient(GitHubServer(settings.github_api), key, redis, settings.token_keys)
    catalogue = load_catalog()
    registries = RegistryHttpClient(
        catalogue, settings.registry_urls, contact=settings.contact, pacing=RedisPacing(redis)
    )
    return Context(settings, redis, records, github_client, catalogue, registries)
