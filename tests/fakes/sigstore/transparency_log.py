"""A transparency log like Rekor, with a real key: each entry is a tree of its own, promised and proved."""

import base64
import hashlib
import json
from collections.abc import Mapping
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from tests.fakes.sigstore.certificates import public

ORIGIN = "log.example.test"


def base64_text(value: bytes) -> str:
    """Base64, as all of Sigstore's JSON has bytes."""
    return base64.b64encode(value).decode()


class TransparencyLog:
    """Takes entries, promises when it took them, proves that it holds them."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = hashlib.sha256(public(self.key.public_key())).digest()
        self._next = 0

    def entry(self, kind: str, version: str, spec: Mapping[str, object], at: datetime) -> dict[str, object]:
        """Take an entry; return it as a bundle holds it."""
        body = _canonical({"apiVersion": version, "kind": kind, "spec": spec})
        index, self._next = self._next, self._next + 1
        seconds = int(at.timestamp())
        promised = {"body": base64_text(body), "integratedTime": seconds, "logID": self.id.hex(), "logIndex": index}
        root = hashlib.sha256(b"\0" + body).digest()
        return {
            "logIndex": str(index),
            "logId": {"keyId": base64_text(self.id)},
            "kindVersion": {"kind": kind, "version": version},
            "integratedTime": str(seconds),
            "inclusionPromise": {"signedEntryTimestamp": base64_text(self._sign(_canonical(promised)))},
            "inclusionProof": {
                "logIndex": "0",
                "rootHash": base64_text(root),
                "treeSize": "1",
                "hashes": [],
                "checkpoint": {"envelope": self._checkpoint(root)},
            },
            "canonicalizedBody": base64_text(body),
        }

    def _checkpoint(self, root: bytes) -> str:
        note = f"{ORIGIN}\n1\n{base64_text(root)}\n"
        return f"{note}\n— {ORIGIN} {base64_text(self.id[:4] + self._sign(note.encode()))}\n"

    def _sign(self, data: bytes) -> bytes:
        return self.key.sign(data, ec.ECDSA(SHA256()))


def _canonical(value: Mapping[str, object]) -> bytes:
    """RFC 8785, for what has no fractions and no letters beyond ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
