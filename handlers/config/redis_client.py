"""Connects to Redis or Valkey over TCP, TLS, a Unix socket or Sentinel."""

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event
from typing import Any
from urllib.parse import unquote, urlsplit

from redis import Redis
from redis import asyncio as redis_asyncio
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.connection import parse_url
from redis.exceptions import RedisError
from redis.retry import Retry
from redis.sentinel import Sentinel

from bot.model.errors import ConfigurationError, WharfingerError

log = logging.getLogger("wharfinger.redis")

LOG_INTERVAL = 60.0  # seconds

SENTINEL_HELP = "write redis+sentinel://[user:password@]host:port[,host:port]/service[/database]"
SENTINEL_PORT = 26379

# The receiver must answer within GitHub's ten seconds, so it waits briefly and never tries twice (measured: with the
# library's own ten tries a frozen server holds a request for 58 seconds).
SHORT_TIMEOUTS: Mapping[str, Any] = {"socket_connect_timeout": 1, "socket_timeout": 2}


SCHEMES = ("redis", "rediss", "unix", "redis+sentinel", "rediss+sentinel")


def check_redis_url(url: str) -> str:
    """Return an address that a client can be opened with, or the empty text; raise SettingsError."""
    scheme, _, rest = url.partition("://")
    try:
        if url and scheme.endswith("+sentinel"):
            parse_sentinel_url(url)
        elif url:
            parse_url(url)  # type: ignore[no-untyped-call]  # the library leaves it untyped
        known = not url or (scheme in SCHEMES and rest != "")
    except ValueError:
        known = False
    if not known:
        raise ConfigurationError(
            "is not an address Redis clients know; begin it with redis://, rediss://, unix:// or redis+sentinel://"
        )
    return url


@dataclass(frozen=True, slots=True)
class SentinelAddress:
    """The parts of a `redis+sentinel://` or `rediss+sentinel://` address."""

    sentinels: tuple[tuple[str, int], ...]
    service: str
    database: int
    user: str | None
    password: str | None
    tls: bool

    @property
    def options(self) -> dict[str, Any]:
        """What the client of the server itself needs; the sentinels are asked without a password."""
        return {"db": self.database, "username": self.user, "password": self.password, "ssl": self.tls}


def parse_sentinel_url(url: str) -> SentinelAddress:
    """Read such an address; raise SettingsError."""
    parts = urlsplit(url)
    credentials, _, hosts = parts.netloc.rpartition("@")
    user, _, password = credentials.partition(":")
    service, _, database = parts.path.strip("/").partition("/")
    if not hosts or not service or not (database.isdigit() or not database):
        raise ConfigurationError(f"is not a complete Sentinel address; {SENTINEL_HELP}")
    sentinels = []
    for host_port in hosts.split(","):
        host, _, port = host_port.partition(":")
        if not host or not (port.isdigit() or not port):
            raise ConfigurationError(f"names a sentinel without a host or a port; {SENTINEL_HELP}")
        sentinels.append((host, int(port or SENTINEL_PORT)))
    tls = parts.scheme.startswith("rediss")
    return SentinelAddress(
        tuple(sentinels), service, int(database or 0), unquote(user) or None, unquote(password) or None, tls
    )


def open_redis(url: str, *, fail_fast: bool = False) -> Redis:
    """Open a client that speaks bytes; `brief`: give up within two seconds instead of trying ten times."""
    options: dict[str, Any] = {**SHORT_TIMEOUTS, "retry": Retry(NoBackoff(), 0)} if fail_fast else {}
    if "+sentinel" in url.partition("://")[0]:
        address = parse_sentinel_url(url)
        sentinel = Sentinel(list(address.sentinels), sentinel_kwargs=dict(SHORT_TIMEOUTS), **address.options, **options)  # type: ignore[no-untyped-call]  # the library leaves it untyped
        client: Redis = sentinel.master_for(address.service)  # type: ignore[no-untyped-call]  # the library leaves it untyped
        return client
    return Redis.from_url(url, **options)


@contextmanager
def connected_redis(url: str) -> Iterator[Redis]:
    """Open a client for a command that a person waits for; raises WharfingerError as soon as Redis does not answer."""
    try:
        with open_redis(url, fail_fast=True) as redis:
            yield redis
    except RedisError as error:
        reason = type(error).__name__
        raise WharfingerError(
            f"Redis at {without_password(url)} does not answer ({reason}); start it, or set REDIS_URL right"
        ) from error


@dataclass(frozen=True, slots=True)
class AsyncRedis:
    """The receiver's client, with the sentinels it asks where the server is."""

    client: redis_asyncio.Redis
    sentinels: tuple[redis_asyncio.Redis, ...] = ()

    async def close(self) -> None:
        """Close all connections."""
        for client in (self.client, *self.sentinels):
            await client.aclose()


def open_async_redis(url: str, connections: int) -> AsyncRedis:
    """Open the receiver's client: brief, with at most so many connections, each waited for rather than refused."""
    options: dict[str, Any] = {**SHORT_TIMEOUTS, "retry": AsyncRetry(NoBackoff(), 0)}
    if "+sentinel" in url.partition("://")[0]:
        address = parse_sentinel_url(url)
        sentinel = redis_asyncio.Sentinel(
            list(address.sentinels), sentinel_kwargs=dict(SHORT_TIMEOUTS), **address.options, **options
        )  # type: ignore[no-untyped-call]  # the library leaves it untyped
        return AsyncRedis(sentinel.master_for(address.service), tuple(sentinel.sentinels))
    pool = redis_asyncio.BlockingConnectionPool.from_url(url, max_connections=connections, timeout=2, **options)
    return AsyncRedis(redis_asyncio.Redis.from_pool(pool))


def without_password(url: str) -> str:
    """Return the address as it may be shown."""
    before, at, after = url.rpartition("@")
    return f"{before.partition('://')[0]}://***@{after}" if at else url


def wait_for_redis(redis: Redis, url: str, stop: Event | None = None) -> bool:
    """Return True once Redis answers, or False once `stop` is set; say once a minute that it does not answer."""
    pause, said, told = 0.1, -LOG_INTERVAL, stop or Event()
    while not told.is_set():
        try:
            redis.ping()
        except RedisError as error:
            if time.monotonic() - said >= LOG_INTERVAL:
                shown, reason, said = without_password(url), type(error).__name__, time.monotonic()
                log.warning("waiting for Redis at %s (%s); start it, or set REDIS_URL right", shown, reason)
            told.wait(pause)
            pause = min(pause * 2, 5)
        else:
            return True
    return False
