"""Reads and validates the App's private key, webhook secrets and tokens without showing them in errors."""

import base64
import binascii
import re
import shlex
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from bot.model.errors import ConfigurationError

MIN_SECRET_LENGTH = 8  # characters
MIN_PASSWORD_LENGTH = 20  # characters: anybody who reaches the pages may guess as often as they like


def read_key_file(text: str) -> str:
    """Return the PEM in the file of that name; raise SettingsError."""
    try:
        content = Path(text).read_text(encoding="ascii")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a text file"
        raise ConfigurationError(f"names {text!r}, which cannot be read: {reason}; name the .pem file") from error
    return parse_private_key(content)


@cache
def parse_private_key(text: str) -> str:
    """Return the PEM of an RSA key given as PEM (also with escaped line ends) or as base64 of PEM; raise SettingsError."""
    pem = text.replace("\\n", "\n").strip() + "\n"
    if "-----BEGIN" not in pem:
        try:
            pem = base64.b64decode("".join(text.split()), validate=True).decode("ascii")
        except (binascii.Error, ValueError):
            raise ConfigurationError("is neither a PEM text nor base64 of one; give the whole .pem file") from None
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except TypeError:
        raise ConfigurationError("is protected by a pass phrase; give it without one") from None
    except (ValueError, UnsupportedAlgorithm):
        raise ConfigurationError(
            "is not a complete private key; give the whole .pem file, with its first and last line"
        ) from None
    if not isinstance(key, RSAPrivateKey):
        raise ConfigurationError("is not an RSA key; make one on your GitHub App's settings page")
    return pem


def parse_command(text: str) -> tuple[str, ...]:
    """Return the words of a command, quoted as in a shell, which is not started; raise SettingsError."""
    try:
        return tuple(shlex.split(text))
    except ValueError:
        raise ConfigurationError("has a quote that is not closed; write the command as you would in a shell") from None


def parse_webhook_secrets(text: str) -> tuple[str, ...]:
    """Return the secrets, separated by commas or lines, of which any may have signed; raise SettingsError."""
    secrets = tuple(part.strip() for part in re.split(r"[,\n]", text) if part.strip())
    if not secrets:
        raise ConfigurationError("is empty; set the secret that stands on your GitHub App's settings page")
    if min(map(len, secrets)) < MIN_SECRET_LENGTH:
        raise ConfigurationError(
            f"holds a secret shorter than {MIN_SECRET_LENGTH} characters, which can be guessed; set a longer one"
        )
    return secrets


def parse_pages_tokens(text: str) -> tuple[str, ...]:
    """Return the passwords of the pages, separated by commas or lines; none where the text is empty; raise SettingsError."""
    tokens = tuple(part.strip() for part in re.split(r"[,\n]", text) if part.strip())
    if not all(token.isascii() and token.isprintable() and len(token) >= MIN_PASSWORD_LENGTH for token in tokens):
        raise ConfigurationError(
            f"holds one that is shorter than {MIN_PASSWORD_LENGTH} characters or not plain text; make one with: openssl rand -hex 32"
        )
    return tokens


def parse_token_keys(text: str) -> tuple[str, ...]:
    """Return the Fernet keys, separated by commas or spaces; raise SettingsError."""
    keys = tuple(part for part in re.split(r"[,\s]+", text) if part)
    for number, key in enumerate(keys, 1):
        try:
            Fernet(key)
        except (ValueError, binascii.Error):
            raise ConfigurationError(
                f"has a wrong key at place {number}; a key is 32 random bytes in URL-safe base64, 44 characters long"
            ) from None
    return keys


def derive_token_key(private_key: str) -> tuple[str, ...]:
    """Make the key for tokens at rest from the App's own key, so that nobody must set one; rotating it drops the tokens."""
    kdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"wharfinger installation tokens 1")
    return (base64.urlsafe_b64encode(kdf.derive(private_key.encode())).decode(),)


WEBHOOK_SECRET_PREFIX = "whsec_"  # noqa: S105 - how Standard Webhooks writes a secret
WEBHOOK_SECRET_BYTES = range(24, 65)
LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")


def parse_alert_urls(text: str) -> tuple[str, ...]:
    """Return the URLs of the operator's channels, separated by spaces or lines; raise SettingsError, which shows none of them."""
    urls = tuple(dict.fromkeys(text.split()))
    for number, url in enumerate(urls, 1):
        if not _is_safe_url(url):
            raise ConfigurationError(
                f"has no usable URL at place {number}; write https://…, or a URL of Apprise such as slack://…, workflows://… or mailtos://…, "
                "separated by spaces"
            )
    return urls


def is_webhook(url: str) -> bool:
    """Whether a channel is a signed webhook; every other URL is one of Apprise."""
    return url.startswith(("https://", "http://"))


def parse_heartbeat_url(text: str) -> str:
    """Return the dead-man URL, or the empty text; raise SettingsError, which does not show it."""
    if text and not (_is_safe_url(text) and is_webhook(text)):
        raise ConfigurationError("is not a web address; begin it with https://")
    return text


def _is_safe_url(url: str) -> bool:
    """Whether a URL has a scheme and a host, and sends nothing unencrypted by plain HTTP to another machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return False
    plain = parts.scheme == "http" and host not in LOCAL_HOSTS
    return bool(parts.scheme and host and not plain and url.isprintable())


def parse_alert_secrets(text: str) -> tuple[bytes, ...]:
    """Return the keys that sign webhooks, each `whsec_` and base64 of 24 to 64 bytes; raise SettingsError."""
    return tuple(
        _alert_secret(part, number) for number, part in enumerate(re.split(r"[,\s]+", text.strip()), 1) if part
    )


def _alert_secret(text: str, number: int) -> bytes:
    try:
        key = base64.b64decode(text.removeprefix(WEBHOOK_SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) not in WEBHOOK_SECRET_BYTES:
        raise ConfigurationError(
            f'has a wrong secret at place {number}; make one with: echo "whsec_$(openssl rand -base64 32)"'
        )
    return key
