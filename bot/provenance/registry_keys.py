"""The keys that a registry signs with itself, as npm publishes them (`/-/npm/v1/keys`)."""

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

from bot.provenance.document import read_document
from bot.provenance.model import ProvenanceError


@dataclass(frozen=True, slots=True)
class RegistryKey:
    """One key, and until when it may sign; None: without an end."""

    key: ec.EllipticCurvePublicKey
    expires: datetime | None


def registry_keys(document: bytes) -> Mapping[str, RegistryKey]:
    """Read the keys by their id; raise ProvenanceError for an answer that is no list of keys. A key of an unknown kind is left out."""
    match read_document(document):
        case {"keys": list(keys)}:
            return dict(_keys(keys))
    raise ProvenanceError("the registry's answer is no list of keys")


def _keys(keys: list[object]) -> Iterator[tuple[str, RegistryKey]]:
    for one in keys:
        match one:
            case {"keyid": str(keyid), "key": str(text), "expires": str() | None as until}:
                try:
                    key = load_der_public_key(base64.b64decode(text))
                    expires = datetime.fromisoformat(until) if until else None
                except (ValueError, UnsupportedAlgorithm):
                    continue
                if isinstance(key, ec.EllipticCurvePublicKey):
                    yield (
                        keyid,
                        RegistryKey(key, expires if expires is None or expires.tzinfo else expires.replace(tzinfo=UTC)),
                    )
