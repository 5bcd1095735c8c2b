"""Keeps the key that signs exports and verification summaries, in the data folder."""

import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from bot.model.errors import ConfigurationError

KEY_FILE = "signing-key.pem"  # in the data folder


def load_signing_key(data: Path) -> Ed25519PrivateKey:
    """Return the key of a data folder; the first time one is made, which only the App's user can read."""
    path = data / KEY_FILE
    if not path.exists():
        data.mkdir(parents=True, exist_ok=True)
        key = Ed25519PrivateKey.generate()
        text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        try:
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(text)
        except FileExistsError:  # another process was faster
            pass
    try:
        loaded = load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError):
        loaded = None
    if not isinstance(loaded, Ed25519PrivateKey):
        raise ConfigurationError(f"{path} holds no Ed25519 key in PEM; restore it, or move it away to make a new one")
    return loaded


def public_pem(key: Ed25519PrivateKey) -> bytes:
    """Return the public half of a key, as a PEM file holds it."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def read_public_key(content: bytes, name: str) -> Ed25519PublicKey:
    """Read a public key from a PEM file; raises ConfigurationError where it is none."""
    try:
        key = load_pem_public_key(content)
    except ValueError:
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise ConfigurationError(f"{name} holds no Ed25519 public key in PEM")
    return key
