"""Settings about registries: where each is asked instead, and how it reaches whoever runs this."""

import pytest

from bot.model.errors import ConfigurationError
from bot.packages.clients import REGISTRY_CLIENTS
from handlers.config.settings import Settings, parse_registry_urls
from tests.conftest import environment


def read(**more: str) -> Settings:
    return Settings.from_environment(environment(**more))


def test_without_a_setting_registries_are_asked_at_their_own_addresses() -> None:
    assert read(WHARFINGER_REGISTRY_ADDRESSES="").registry_urls == {}
    assert read().contact == ""


def test_a_mirror_stands_in_the_place_of_a_registry() -> None:
    text = (
        "npm=https://mirror.acme.invalid/npm/, crates.io=http://localhost:8081\npypi=https://mirror.acme.invalid:8443"
    )

    assert read(WHARFINGER_REGISTRY_ADDRESSES=text).registry_urls == {
        "npm": "https://mirror.acme.invalid/npm",
        "crates.io": "http://localhost:8081",
        "pypi": "https://mirror.acme.invalid:8443",
    }


@pytest.mark.parametrize("registry", REGISTRY_CLIENTS)
def test_every_registry_that_is_read_can_have_a_mirror(registry: str) -> None:
    assert parse_registry_urls(f"{registry}=https://mirror.invalid")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("https://mirror.invalid", "names 'https://mirror.invalid', which is no registry that is asked"),
        ("flathub=https://mirror.invalid", "names 'flathub', which is no registry that is asked"),
        ("../schema=https://mirror.invalid", "names '../schema', which is no registry"),
        ("npm=mirror", "gives npm what is not a web address; begin it with https://"),
        ("npm=https://[x", "gives npm what is not a web address"),
        ("npm=https://mirror.invalid:99999", "gives npm what is not a web address"),
        ("npm=https://me:secret@mirror.invalid", "gives npm what is not a web address"),
        ("npm=file:///etc/passwd", "gives npm what is not a web address"),
        ("npm=http://mirror.invalid", "would ask npm unencrypted, where anybody may answer"),
    ],
)
def test_a_wrong_address_is_told_without_what_may_be_secret(text: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(WHARFINGER_REGISTRY_ADDRESSES=text)

    assert str(caught.value).startswith(f"WHARFINGER_REGISTRY_ADDRESSES {said}")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "text", ["security@acme.invalid", "https://acme.invalid/wharfinger", "Acme security@acme.invalid"]
)
def test_registries_are_told_whom_to_reach(text: str) -> None:
    assert read(WHARFINGER_CONTACT=text).contact == text


@pytest.mark.parametrize("text", ["a\nb", "a)b", "ä@acme.invalid", "x" * 201, "a  b"])
def test_what_would_break_a_header_is_no_contact(text: str) -> None:
    with pytest.raises(ConfigurationError, match="WHARFINGER_CONTACT is no mailbox and no page's address"):
        read(WHARFINGER_CONTACT=text)
