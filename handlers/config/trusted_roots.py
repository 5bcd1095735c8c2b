"""Reads the further trusted roots that a setting names: files of Sigstore's roots, or of a registry's own keys."""

import json
import re
from pathlib import Path

from bot.model.errors import ConfigurationError

MAX_ROOT_BYTES = 1 << 20  # what `gh attestation trusted-root` prints has some 40 kB


def read_trusted_roots(text: str) -> tuple[bytes, ...]:
    """Return what stands in each of the files; raise SettingsError. What verifies reads them again, with more care: it takes a second to load."""
    return tuple(_read_root(name) for name in re.split(r"[,\n]+", text) if name.strip())


def _read_root(name: str) -> bytes:
    name = name.strip()
    try:
        content = Path(name).read_bytes()
        first = json.loads(content.splitlines()[0] if content.count(b"\n{") else content)
    except OSError as error:
        raise ConfigurationError(f"names {name[:200]!r}, which cannot be read: {error.strerror}") from error
    except (ValueError, IndexError, RecursionError):
        first = None
    if (
        len(content) > MAX_ROOT_BYTES
        or not isinstance(first, dict)
        or not {"certificateAuthorities", "keys"} & first.keys()
    ):
        raise ConfigurationError(
            f"names {name[:200]!r}, which is no trusted root; name a trusted_root.json, what `gh attestation trusted-root` "
            "printed, or a registry's list of its keys"
        )
    return content
