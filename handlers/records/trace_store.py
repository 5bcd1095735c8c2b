"""Accounts of published versions, kept in Redis: the record that an auditor reads, and what the rules about evidence judge.

A version's account can be made anew for as long as GitHub keeps its run (90 days, or as long as the repository is set to); after
that this record is all there is.
"""

import json
from dataclasses import replace
from typing import Any

from redis import Redis

from bot.model.core_types import RepositoryId
from bot.model.findings import Fact, Seen
from bot.packages.versions import Package, Standing, Version
from bot.tracing import Account
from bot.tracing.identity_claims import same
from handlers.config.redis_values import frozen, thawed

MOST_KEPT = 500  # accounts of one repository; the oldest go first
MOST_JUDGED = 100  # of them that rules look at: the newest


class AccountBook:
    """The accounts of each repository, by the time that the version was last accounted for."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def put(self, repository: RepositoryId, account: Account) -> bool:
        """Keep a version's account in place of the one before; return whether it tells anything else.

        What once accounted for a version stays, unless something speaks against it or it has other files by now: GitHub keeps runs for a
        while only.
        """
        key = _key(account.version.package, account.version.number)
        before = self.one(repository, account.version)
        if before is not None and _outlasts(before, account):
            return False
        with self._redis.pipeline() as pipe:
            pipe.hset(_accounts(repository), key, json.dumps(frozen(account)))
            pipe.zadd(_order(repository), {key: _moment(account)})
            pipe.sadd(_holders(key), repository)
            pipe.execute()
        old: list[Any] = self._redis.zrange(_order(repository), 0, -MOST_KEPT - 1)
        for each in old:
            self._drop(repository, each.decode())
        return before is None or replace(before, taken_at=account.taken_at) != account

    def one(self, repository: RepositoryId, version: Version) -> Account | None:
        """Return what is kept of a version for one repository."""
        return _account(self._redis.hget(_accounts(repository), _key(version.package, version.number)))

    def get(self, package: Package, number: str) -> tuple[Account, ...]:
        """Return what is kept of a version: one account for each repository that the package was found in, as a rule one."""
        key = _key(package, number)
        holders: list[Any] = sorted(self._redis.smembers(_holders(key)), key=int)
        found = (_account(self._redis.hget(_accounts(RepositoryId(int(each))), key)) for each in holders)
        return tuple(account for account in found if account is not None)

    def of(self, repository: RepositoryId, most: int = MOST_KEPT) -> tuple[Account, ...]:
        """Return a repository's accounts, the newest version first."""
        keys: list[Any] = self._redis.zrevrange(_order(repository), 0, most - 1)
        kept: list[Any] = self._redis.hmget(_accounts(repository), keys) if keys else []
        return tuple(account for each in kept if (account := _account(each)) is not None)

    def judged(self, repository: RepositoryId) -> Fact[tuple[Account, ...]]:
        """Return what rules look at: the newest accounts."""
        return Seen(self.of(repository, MOST_JUDGED))

    def forget(self, repository: RepositoryId) -> None:
        """Forget a repository that is gone."""
        keys: list[Any] = self._redis.zrange(_order(repository), 0, -1)
        for key in keys:
            self._redis.srem(_holders(key.decode()), repository)
        self._redis.delete(_accounts(repository), _order(repository))

    def _drop(self, repository: RepositoryId, key: str) -> None:
        with self._redis.pipeline() as pipe:
            pipe.hdel(_accounts(repository), key)
            pipe.zrem(_order(repository), key)
            pipe.srem(_holders(key), repository)
            pipe.execute()


def _outlasts(before: Account, account: Account) -> bool:
    was, now = before.standing is Standing.ACCOUNTED, account.standing is Standing.ACCOUNTED
    had = before.version.files
    others = [file for file in account.version.files if had and not any(same(file, each) for each in had)]
    return was and not now and not account.contradicted and not others


def _moment(account: Account) -> float:
    return (account.version.published or account.taken_at).timestamp()


def _key(package: Package, number: str) -> str:
    return json.dumps([package.registry, package.name, number])


def _accounts(repository: RepositoryId) -> str:
    return f"wharfinger:accounts:{repository}"


def _order(repository: RepositoryId) -> str:
    return f"wharfinger:accounts:{repository}:order"


def _holders(key: str) -> str:
    return f"wharfinger:accounts:holders:{key}"


def _account(kept: object) -> Account | None:
    """Read an account; None where another version of Wharfinger wrote it otherwise."""
    try:
        return thawed(Account, json.loads(kept)) if isinstance(kept, bytes) else None
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
