"""Signs the App's tokens with a command, so that its private key can stay in a key management service."""

import base64
import binascii
import hashlib
import subprocess
from collections.abc import Callable

from bot.github.auth import AppKey, read_app_key
from bot.github.github_errors import CredentialsError
from handlers.config.settings import Settings

TIMEOUT = 15.0  # seconds
SIGNATURE_BYTES = range(256, 1025)  # of an RSA key of 2048 to 8192 bits


def app_key(settings: Settings) -> AppKey:
    """Return what signs for the App: its key, or the command that the settings name; raises CredentialsError."""
    if not settings.sign_command:
        return read_app_key(settings.app_id, settings.private_key)
    named = hashlib.sha256("\0".join(settings.sign_command).encode()).hexdigest()[:16]
    return AppKey(settings.app_id, named, command_signer(settings.sign_command))


def command_signer(command: tuple[str, ...]) -> Callable[[bytes], bytes]:
    """Return a function that gives bytes to a command and reads their RS256 signature, raw or in base64.

    What the command prints otherwise is not shown: it may hold a credential. The function raises CredentialsError.
    """

    def sign(content: bytes) -> bytes:
        try:
            done = subprocess.run(command, input=content, capture_output=True, timeout=TIMEOUT, check=False)  # noqa: S603 - the operator's own words
        except (OSError, subprocess.TimeoutExpired) as error:
            raise CredentialsError(
                f"WHARFINGER_SIGN_COMMAND failed: {type(error).__name__}; run it by yourself"
            ) from None
        if done.returncode != 0:
            raise CredentialsError(f"WHARFINGER_SIGN_COMMAND ended with status {done.returncode}; run it by yourself")
        signature = _read_signature(done.stdout)
        if len(signature) not in SIGNATURE_BYTES:
            raise CredentialsError(
                "WHARFINGER_SIGN_COMMAND printed no signature; it gets the text on standard input, and prints its RSA PKCS #1 v1.5 SHA-256 "
                "signature, raw or in base64"
            )
        return signature

    return sign


def _read_signature(output: bytes) -> bytes:
    try:
        return base64.b64decode(b"".join(output.split()), validate=True)
    except (binascii.Error, ValueError):
        return output
