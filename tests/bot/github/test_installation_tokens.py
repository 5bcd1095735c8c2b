"""Installation tokens at rest: shared, encrypted, renewed in time, and kept apart."""

from dataclasses import replace
from datetime import timedelta

from cryptography.fernet import Fernet
from redis import Redis

from bot.github.auth import InstallationToken, TokenCache, utc_now
from bot.github.transport import GitHubServer
from bot.model.core_types import InstallationId

ACME = InstallationId(1)
OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()
TOKEN = InstallationToken("ghs_1234_" + "x.y" * 170, utc_now() + timedelta(hours=1))


def new_token() -> InstallationToken:
    return replace(TOKEN, expires_at=utc_now() + timedelta(hours=1))


def store(
    redis: Redis, *keys: str, api: str = "https://api.github.com", app: int = 1234, key: str = "fp"
) -> TokenCache:
    return TokenCache(redis, GitHubServer(api), app, key, keys or (OLD,))


def test_another_process_finds_the_token_and_nobody_finds_it_in_clear(redis: Redis) -> None:
    store(redis).put(ACME, TOKEN)
    assert store(redis).get(ACME) == TOKEN
    for name in redis.scan_iter():
        assert TOKEN.value.encode() not in (redis.dump(name) or b"")
    assert "ghs_" not in repr(TOKEN)


def test_a_token_is_gone_five_minutes_before_its_end(redis: Redis) -> None:
    tokens = store(redis)
    token = new_token()
    tokens.put(ACME, token)
    (name,) = redis.scan_iter()
    assert 54 * 60 < redis.ttl(name) <= 55 * 60
    tokens.put(ACME, InstallationToken("ghs_short", utc_now() + timedelta(minutes=4)))
    assert tokens.get(ACME) == token


def test_a_new_key_reads_what_the_old_one_wrote_until_that_is_retired(redis: Redis) -> None:
    store(redis, OLD).put(ACME, TOKEN)
    assert store(redis, NEW, OLD).get(ACME) == TOKEN
    assert store(redis, NEW).get(ACME) is None


def test_servers_apps_and_keys_never_meet(redis: Redis) -> None:
    store(redis).put(ACME, TOKEN)
    assert store(redis, api="https://github.example.com/api/v3").get(ACME) is None
    assert store(redis, app=99).get(ACME) is None
    assert store(redis, key="another").get(ACME) is None


def test_what_somebody_else_wrote_there_is_no_token(redis: Redis) -> None:
    tokens = store(redis)
    tokens.put(ACME, TOKEN)
    (name,) = redis.scan_iter()
    for text in (b"", b"{}", b"\xff" * 40, Fernet(OLD).encrypt(b"[]"), Fernet(OLD).encrypt(b'{"token": 1}')):
        redis.set(name, text)
        assert tokens.get(ACME) is None


def test_a_dropped_token_is_gone_for_all(redis: Redis) -> None:
    store(redis).put(ACME, TOKEN)
    store(redis).drop(ACME)
    assert store(redis).get(ACME) is None
