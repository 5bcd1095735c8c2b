"""Keeps the credentials of an App that was registered through Wharfinger's own setup, in the data folder."""

import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from bot.model.errors import ConfigurationError

FILE_NAME = "registration.json"
ENCRYPTED_PREFIX = b"gAAAAA"  # how every Fernet token begins: github.com/fernet/spec

# What the file may set. A variable of the environment of the same name wins.
NAMES = frozenset(
    {
        "WHARFINGER_APP_ID",
        "WHARFINGER_PRIVATE_KEY",
        "WHARFINGER_WEBHOOK_SECRET",
        "WHARFINGER_PAGES_TOKEN",
        "WHARFINGER_GITHUB_API",
        "WHARFINGER_GITHUB_URL",
        "WHARFINGER_URL",
    }
)


def save_registration(data: Path, values: Mapping[str, str], keys: tuple[str, ...]) -> Path:
    """Write the credentials so that only this user can read them; encrypted where WHARFINGER_TOKEN_KEYS has a key."""
    content = json.dumps(dict(values)).encode()
    if keys:
        content = MultiFernet([Fernet(key) for key in keys]).encrypt(content)
    path = data / FILE_NAME
    temporary = path.with_suffix(".new")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    return path


def read_registration(data: Path, keys: tuple[str, ...]) -> Mapping[str, str]:
    """Return what was registered; nothing where nothing was. Raises ConfigurationError where it cannot be read."""
    path = data / FILE_NAME
    try:
        content = path.read_bytes()
        mode = path.stat().st_mode
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigurationError(f"WHARFINGER_DATA: {str(path)!r} cannot be read: {error.strerror}") from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ConfigurationError(f"WHARFINGER_DATA: others can read {str(path)!r}; run: chmod 600 {path}")
    found = _decode(content, keys)
    if found is None:
        raise ConfigurationError(
            f"WHARFINGER_DATA: {str(path)!r} cannot be read: set WHARFINGER_TOKEN_KEYS to the key that encrypted it, or remove "
            "it and give WHARFINGER_APP_ID, WHARFINGER_PRIVATE_KEY and WHARFINGER_WEBHOOK_SECRET"
        )
    return {name: value for name, value in found.items() if name in NAMES}


def _decode(content: bytes, keys: tuple[str, ...]) -> dict[str, str] | None:
    try:
        if content.startswith(ENCRYPTED_PREFIX):
            content = MultiFernet([Fernet(key) for key in keys]).decrypt(content) if keys else b""
        found = json.loads(content)
    except (InvalidToken, ValueError):
        return None
    return found if isinstance(found, dict) and all(isinstance(value, str) for value in found.values()) else None
