"""The keys that a registry signs with itself, as npm lists them: the shipped ones (`registry_keys.json`), and further ones by choice.

Shipped and not asked for, as the certificate authorities are: a registry that was broken into would answer with the intruder's key.
"""

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

from bot.model.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class RegistryKey:
    """One key, and until when it may sign; None: without an end."""

    key: ec.EllipticCurvePublicKey
    expires: datetime | None


def default_registry_keys() -> Mapping[str, RegistryKey]:
    """Return the keys that are known of npm, by their id."""
    return parse_registry_keys(
        json.loads(resources.files("bot.provenance").joinpath("registry_keys.json").read_bytes())
    )


def parse_registry_keys(document: Mapping[str, object]) -> Mapping[str, RegistryKey]:
    """Read the keys by their id; raise SettingsError for what is none. A key of an unknown kind is left out."""
    match document:
        case {"keys": list(keys)}:
            return dict(_parse_keys(keys))
    raise ConfigurationError("holds no list of a registry's keys")


def _parse_keys(keys: list[object]) -> Iterator[tuple[str, RegistryKey]]:
    for one in keys:
        match one:
            case {"keyid": str(keyid), "key": str(text), "expires": str() | None as until}:
                try:
                    key, expires = load_der_public_key(base64.b64decode(text)), _parse_expiry(until)
                except (ValueError, UnsupportedAlgorithm):
                    continue
                if isinstance(key, ec.EllipticCurvePublicKey):
                    yield keyid, RegistryKey(key, expires)


def _parse_expiry(text: str | None) -> datetime | None:
    at = datetime.fromisoformat(text) if text else None
    return at.replace(tzinfo=UTC) if at and at.tzinfo is None else at
