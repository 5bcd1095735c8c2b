"""Settings about registries: where each is asked instead of at its own address, and how it reaches whoever runs this App."""

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from bot.model.core_types import RegistryId
from bot.model.errors import ConfigurationError

# By its path: the catalog itself takes longer to load than all settings to read.
REGISTRY_DATA = Path(__file__).parents[2] / "bot" / "registries" / "data"
MAX_CONTACT_LENGTH = 200  # characters
_LOCAL_REGISTRY_HOSTS = ("localhost", "127.0.0.1", "::1")
_CONTACT = re.compile(r"[!-'*-~]+(?: [!-'*-~]+)*")  # what may stand in a comment of a User-Agent: RFC 9110, 5.6.5


def parse_registry_urls(text: str) -> Mapping[RegistryId, str]:
    """Return addresses by the registry's id, from `npm=https://mirror.example/npm, …`; raise SettingsError."""
    found: dict[RegistryId, str] = {}
    for part in filter(None, re.split(r"[,\s]+", text)):
        name, equals, address = part.partition("=")
        if not equals or not re.fullmatch(r"[a-z0-9.-]+", name) or not _is_queried(name):
            raise ConfigurationError(
                f"names {name[:60]!r}, which is no registry that is asked; write ID=ADDRESS, separated by commas"
            )
        found[RegistryId(name)] = _parse_registry_url(name, address)
    return found


def parse_contact(text: str) -> str:
    """Return where a registry reaches whoever runs this App, a mailbox or a page; raise SettingsError."""
    if text and (len(text) > MAX_CONTACT_LENGTH or not _CONTACT.fullmatch(text)):
        raise ConfigurationError(
            "is no mailbox and no page's address; give one, as registries want to know who asks them"
        )
    return text


def _is_queried(name: str) -> bool:
    file = REGISTRY_DATA / f"{name}.json"
    return file.is_file() and '"etiquette"' in file.read_text()


def _parse_registry_url(name: str, text: str) -> str:
    try:
        parts = urlsplit(text)
        plain = not (parts.query or parts.fragment or parts.username) and parts.port != 0
    except ValueError:
        parts, plain = urlsplit(""), False
    if parts.scheme not in ("https", "http") or not parts.hostname or not plain:
        raise ConfigurationError(f"gives {name} what is not a web address; begin it with https://")
    if parts.scheme == "http" and parts.hostname not in _LOCAL_REGISTRY_HOSTS:
        raise ConfigurationError(
            f"would ask {name} unencrypted, where anybody may answer; begin its address with https://"
        )
    return text.rstrip("/")
