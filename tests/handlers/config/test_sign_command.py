"""The App's key may be elsewhere: a command signs with it, and what it prints otherwise is shown to nobody."""

import sys
from pathlib import Path

import pytest
from redis import Redis

from bot.github.client import GitHubClient
from bot.github.github_app import read_app
from bot.github.github_errors import CredentialsError
from bot.github.transport import GitHubServer
from bot.model.errors import ConfigurationError
from handlers.config.settings import Settings
from handlers.config.sign_command import app_key, command_signer
from tests.app.acme import SHORT_TIMEOUTS, TOKEN_KEY, acme_on
from tests.conftest import environment

SIGN = """
import base64, sys
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
key = load_pem_private_key(open(sys.argv[1], "rb").read(), None)
signature = key.sign(sys.stdin.buffer.read(), PKCS1v15(), SHA256())
sys.stdout.buffer.write(base64.b64encode(signature) if sys.argv[2:] else signature)
"""


def settings_with(**variables: str) -> Settings:
    return Settings.from_environment(environment(WHARFINGER_PRIVATE_KEY="", **variables))


@pytest.mark.parametrize("form", ["", " base64"])
def test_github_takes_what_a_command_signed(redis: Redis, tmp_path: Path, form: str) -> None:
    script, key = tmp_path / "sign it.py", tmp_path / "app.pem"
    script.write_text(SIGN)
    with acme_on(redis) as acme:
        key.write_text(acme.github.private_key)
        settings = settings_with(
            WHARFINGER_SIGN_COMMAND=f"{sys.executable} '{script}' {key}{form}",
            WHARFINGER_TOKEN_KEYS=TOKEN_KEY,
            WHARFINGER_APP_ID=str(acme.github.app.id),
        )
        assert settings.private_key == ""
        client = GitHubClient(
            GitHubServer(acme.github.base_url), app_key(settings), redis, settings.token_keys, SHORT_TIMEOUTS
        )
        assert read_app(client.app()).slug == "wharfinger"
        client.close()


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("print('s3cret')", "printed no signature"),
        ("import sys; print('s3cret', file=sys.stderr); sys.exit(3)", "ended with status 3"),
    ],
)
def test_a_command_that_does_not_sign_is_said_so_without_its_words(code: str, said: str) -> None:
    with pytest.raises(CredentialsError, match=said) as refused:
        command_signer((sys.executable, "-c", code))(b"text")
    assert "s3cret" not in str(refused.value)
    with pytest.raises(CredentialsError, match="FileNotFoundError"):
        command_signer(("/nonexistent/s1gn",))(b"text")


def test_with_a_command_the_keys_of_tokens_are_needed() -> None:
    with pytest.raises(ConfigurationError, match="WHARFINGER_TOKEN_KEYS is not set; with WHARFINGER_SIGN_COMMAND"):
        settings_with(WHARFINGER_SIGN_COMMAND="sign")
    with pytest.raises(ConfigurationError, match="WHARFINGER_SIGN_COMMAND has a quote that is not closed"):
        settings_with(WHARFINGER_SIGN_COMMAND="sign 'it", WHARFINGER_TOKEN_KEYS=TOKEN_KEY)
