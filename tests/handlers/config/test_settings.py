"""Every setting: what is read, and the one sentence for each that is missing or wrong."""

import base64
from collections.abc import Mapping
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from bot.model.errors import ConfigurationError
from handlers.config.redis_client import open_redis, parse_sentinel_url, without_password
from handlers.config.settings import MAX_SOCKET_PATH, Settings, redis_socket
from tests.conftest import PRIVATE_KEY, WEBHOOK_SECRET, environment


def read(**more: str) -> Settings:
    return Settings.from_environment(environment(**more))


def problems(environ: Mapping[str, str]) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        Settings.from_environment(environ)
    return str(caught.value).splitlines()


def encrypted_key() -> str:
    key = load_pem_private_key(PRIVATE_KEY.encode(), None)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"phrase")).decode()


def elliptic_key() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def test_three_settings_are_enough() -> None:
    settings = read()
    assert settings.app_id == 1234
    assert settings.webhook_secrets == (WEBHOOK_SECRET,)
    assert settings.github_api == "https://api.github.com"
    assert settings.embedded_redis
    assert settings.redis_url.startswith("unix:///")
    assert (settings.host, settings.port, settings.workers) == ("127.0.0.1", 8080, 2)
    assert settings.allows(1, "anybody")


def test_nothing_set_names_all_that_is_missing() -> None:
    assert problems({}) == [
        "WHARFINGER_APP_ID is not set; it is the number on your GitHub App's settings page",
        (
            "WHARFINGER_PRIVATE_KEY is not set; make one on your GitHub App's settings page and give its text, or name "
            "the file in WHARFINGER_PRIVATE_KEY_FILE"
        ),
        "WHARFINGER_WEBHOOK_SECRET is not set; set the secret that stands on your GitHub App's settings page",
    ]


def test_the_key_may_be_text_lines_in_one_base64_or_a_file(tmp_path: Path) -> None:
    file = tmp_path / "app.pem"
    file.write_text(PRIVATE_KEY)
    in_one_line = read(WHARFINGER_PRIVATE_KEY=PRIVATE_KEY.replace("\n", "\\n"))
    in_base64 = read(WHARFINGER_PRIVATE_KEY=base64.b64encode(PRIVATE_KEY.encode()).decode())
    from_file = read(WHARFINGER_PRIVATE_KEY="", WHARFINGER_PRIVATE_KEY_FILE=str(file))
    assert {each.private_key for each in (in_one_line, in_base64, from_file)} == {PRIVATE_KEY}


def test_a_platform_that_sets_port_reaches_the_server_and_nobody_else_does() -> None:
    chosen = {"PORT": "5000", "WHARFINGER_HOST": "10.0.0.7", "WHARFINGER_PORT": "9000"}
    assert [(each.host, each.port) for each in (read(), read(PORT="5000"), read(**chosen))] == [
        ("127.0.0.1", 8080),
        ("0.0.0.0", 5000),  # noqa: S104 - the expectation
        ("10.0.0.7", 9000),
    ]


def test_lists_are_read_with_commas_and_lines() -> None:
    settings = read(
        WHARFINGER_WEBHOOK_SECRET="the new one,\nthe old one",
        WHARFINGER_ORGANIZATIONS="Acme, @example",
        WHARFINGER_INSTALLATIONS="7 8",
    )
    assert settings.webhook_secrets == ("the new one", "the old one")
    assert settings.allows(1, "ACME")
    assert settings.allows(8, "stranger")
    assert not settings.allows(1, "stranger")


def test_a_key_for_tokens_is_made_when_none_is_set_and_stays_the_same() -> None:
    assert read().token_keys == read().token_keys
    assert Fernet(read().token_keys[0]).encrypt(b"token")


def test_no_secret_is_shown() -> None:
    shown = repr(read(REDIS_URL="redis://:pass-word@example.com", WHARFINGER_TOKEN_KEYS=Fernet.generate_key().decode()))
    assert WEBHOOK_SECRET not in shown
    assert "PRIVATE KEY" not in shown
    assert "pass-word" not in shown
    assert "token_keys" not in shown


BAD = {
    "WHARFINGER_APP_ID": {
        "Iv1.8a61f9b3a7aba766": "is not a number; it is the App ID",
        "0": "is not a number",
        "-1": "is not a number",
        "١٢": "is not a number",
        "9" * 30: "is not a number",
    },
    "WHARFINGER_PRIVATE_KEY": {
        "/etc/key.pem": "is neither a PEM text nor base64 of one; give the whole .pem file",
        PRIVATE_KEY[:500]: "is not a complete private key; give the whole .pem file",
        encrypted_key(): "is protected by a pass phrase; give it without one",
        elliptic_key(): "is not an RSA key; make one on your GitHub App's settings page",
    },
    "WHARFINGER_WEBHOOK_SECRET": {
        ", ,": "is empty; set the secret",
        "abc": "holds a secret shorter than 8 characters, which can be guessed",
    },
    "WHARFINGER_TOKEN_KEYS": {"abc": "has a wrong key at place 1", "é" * 44: "has a wrong key at place 1"},
    "WHARFINGER_GITHUB_API": {
        "ghe.example.com": "is not a web address; for GitHub Enterprise Server it is https://HOST/api/v3",
        "http://ghe.example.com/api/v3": "would send tokens unencrypted; begin it with https://",
        "https://user@ghe.example.com": "is not a web address",
        "https://[": "is not a web address",
    },
    "REDIS_URL": {
        "localhost:6379": "is not an address Redis clients know; begin it with redis://",
        "http://example.com": "is not an address Redis clients know",
        "redis://": "is not an address Redis clients know",
        "redis://example.com:port": "is not an address Redis clients know",
        "redis+sentinel://example.com": "is not a complete Sentinel address; write redis+sentinel://",
        "redis+sentinel://a:b:c/mymaster": "names a sentinel without a host or a port",
    },
    "WHARFINGER_DATA": {__file__: "which is not a folder; name a folder the App may write to"},
    "WHARFINGER_ORGANIZATIONS": {"acme/widgets": "names 'acme/widgets', which is no account name"},
    "WHARFINGER_INSTALLATIONS": {"acme": "names 'acme', which is no installation's number"},
    "WHARFINGER_PORT": {"0": "it must be a whole number from 1 to 65535", "http": "it must be a whole number"},
    "WHARFINGER_WORKERS": {"0": "it must be a whole number from 1 to 64", "many": "it must be a whole number"},
    "WHARFINGER_TRUSTED_ROOTS": {
        "/nowhere/root.json": "names '/nowhere/root.json', which cannot be read: No such file or directory",
        __file__: "which is no trusted root; name a trusted_root.json, what `gh attestation trusted-root` printed",
    },
    "WHARFINGER_QUEUE_LIMIT": {"-1": "it must be a whole number"},
    "WHARFINGER_LOG_LEVEL": {"loud": "is 'loud'; it must be one of debug, info, warning, error"},
    "WHARFINGER_LOG_FORMAT": {"xml": "is 'xml'; it must be one of text, json"},
}


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [(name, value, sentence) for name, values in BAD.items() for value, sentence in values.items()],
    ids=lambda text: text[:20],
)
def test_a_bad_value_is_told_in_one_sentence_that_names_the_variable(name: str, value: str, sentence: str) -> None:
    (problem,) = problems(environment(**{name: value}))
    assert problem.startswith(name)
    assert sentence in problem
    if name.endswith(("KEY", "KEYS", "SECRET")):
        assert value not in problem


def test_a_key_file_that_cannot_be_read_is_named() -> None:
    (problem,) = problems(environment(WHARFINGER_PRIVATE_KEY="", WHARFINGER_PRIVATE_KEY_FILE="/nowhere/app.pem"))
    assert problem == (
        "WHARFINGER_PRIVATE_KEY_FILE names '/nowhere/app.pem', which cannot be read: No such file or directory; "
        "name the .pem file"
    )


def test_one_key_is_enough() -> None:
    assert problems(environment(WHARFINGER_PRIVATE_KEY_FILE="/nowhere/app.pem"))[0] == (
        "WHARFINGER_PRIVATE_KEY and WHARFINGER_PRIVATE_KEY_FILE are both set; unset one of them"
    )


def test_the_socket_finds_a_short_place_when_the_data_folder_is_deep() -> None:
    deep = Path("/srv") / ("deep/" * 40)
    assert redis_socket(Path("/srv/wharfinger")) == Path("/srv/wharfinger/redis.sock")
    assert len(str(redis_socket(deep))) < MAX_SOCKET_PATH
    assert redis_socket(deep) != redis_socket(deep / "er")


@pytest.mark.parametrize(
    "url", ["redis://example.com:6379/1", "rediss://:secret@example.com", "unix:///run/redis.sock?db=2"]
)
def test_every_kind_of_address_becomes_a_client(url: str) -> None:
    with open_redis(read(REDIS_URL=url).redis_url, fail_fast=True) as client:
        assert client.connection_pool.connection_kwargs


def test_a_sentinel_address_is_read_whole() -> None:
    address = parse_sentinel_url("rediss+sentinel://app:p%40ss@one,two:26380/mymaster/3")
    assert address.sentinels == (("one", 26379), ("two", 26380))
    assert (address.service, address.database, address.tls) == ("mymaster", 3, True)
    assert (address.user, address.password) == ("app", "p@ss")


def test_an_address_is_shown_without_its_password() -> None:
    assert without_password("redis://user:secret@example.com/1") == "redis://***@example.com/1"
    assert without_password("unix:///run/redis.sock") == "unix:///run/redis.sock"


def test_pages_are_there_for_whoever_has_a_long_password() -> None:
    assert read().pages_tokens == ()
    first, second = "a password of this test", "0123456789abcdef0123456789abcdef"
    settings = read(WHARFINGER_PAGES_TOKEN=f"{first}, {second}")
    assert settings.pages_tokens == (first, second)
    assert first not in repr(settings)
    for wrong in ("small", f"{first},small", "ünmistakably not plain text", "two\x07 bells and nothing else"):
        (problem,) = problems(environment(WHARFINGER_PAGES_TOKEN=wrong))
        assert problem.startswith("WHARFINGER_PAGES_TOKEN holds one that is shorter than 20 characters or not plain")
        assert wrong not in problem
