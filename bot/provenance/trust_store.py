"""Loads the trusted certificate authorities, transparency logs and registry signing keys.

Trust roots and keys are never fetched: a compromised registry could otherwise supply the attacker's key.
"""

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib import resources

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key
from cryptography.x509 import Certificate, NameOID
from sigstore.errors import Error
from sigstore.models import TransparencyLogEntry, TrustedRoot
from sigstore_models.rekor.v1 import TransparencyLogEntry as Entry
from sigstore_models.trustroot import v1

from bot.model.errors import ConfigurationError
from bot.provenance.attestations import ProvenanceError
from bot.provenance.certificate_claims import sanitize
from bot.provenance.sigstore_verifier import UNTRUSTED_LOG, SigstoreVerifier, TimestampVerifier, bundled_root


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


_GITHUB_ORGANIZATION = (
    "GitHub, Inc."  # organization in certificates of GitHub's own Sigstore, which signs for private repositories
)
_INVALID_ROOT = "is no trusted root of Sigstore; give a trusted_root.json, or what `gh attestation trusted-root` prints"


@dataclass(frozen=True, slots=True)
class TrustStore:
    """The authorities that are believed, each a verifier of its own."""

    verifiers: tuple[SigstoreVerifier | TimestampVerifier, ...]
    registry_keys: Mapping[str, RegistryKey]  # by their id

    def verifier_for(self, certificate: Certificate) -> SigstoreVerifier | TimestampVerifier:
        """Return the verifier of the authority that a certificate names; raise ProvenanceError when it is none of ours.

        That the authority did issue it is for the verifier to find out.
        """
        for verifier in self.verifiers:
            if certificate.issuer in verifier.authorities:
                return verifier
        organizations = [
            str(name.value) for name in certificate.issuer.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
        ]
        if _GITHUB_ORGANIZATION in organizations:
            raise ProvenanceError(
                "it is signed through GitHub's own certificate authority (private repositories, immutable releases), whose root "
                "is not among the trusted ones; save what `gh attestation trusted-root` prints and name the file in "
                "WHARFINGER_TRUSTED_ROOTS",
                unverifiable=True,
            )
        issuer = sanitize(", ".join(organizations))
        raise ProvenanceError(f"its certificate is issued by {issuer}, an authority that is not trusted")

    def verify_log_entry(self, entry: Entry) -> None:
        """Verify that a trusted log holds an entry, and its promise of the time; raise as `of` does, or the library's VerificationError."""
        for verifier in self.verifiers:
            if isinstance(verifier, SigstoreVerifier) and verifier.trusts_log_of(entry):
                return verifier.verify_log_entry(TransparencyLogEntry(entry))
        raise ProvenanceError(UNTRUSTED_LOG, unverifiable=True)


@cache
def default_trust_store() -> TrustStore:
    """Trust what the sigstore library ships: the public instance, at which public repositories sign."""
    return TrustStore((SigstoreVerifier(trusted_root=bundled_root()),), default_registry_keys())


def load_trust_store(extra_roots: Iterable[bytes]) -> TrustStore:
    """Trust further roots too, and before the shipped one, which may be older; raise SettingsError for one that cannot be read.

    Each is the text of a `trusted_root.json`, or several of them one a line, as `gh attestation trusted-root` prints them; or a registry's
    list of its own keys.
    """
    verifiers: list[SigstoreVerifier | TimestampVerifier] = []
    keys = dict(default_trust_store().registry_keys)
    for text in extra_roots:
        for root in _parse_roots(text):
            if "keys" in root:
                keys |= parse_registry_keys(root)
            else:
                verifiers.append(_make_verifier(root))
    return TrustStore((*verifiers, *default_trust_store().verifiers), keys)


def _parse_roots(text: bytes) -> Iterator[dict[str, object]]:
    lines = [line for line in text.splitlines() if line.strip()]
    several = len(lines) > 1 and all(line.startswith(b"{") and line.rstrip().endswith(b"}") for line in lines)
    for each in lines if several else [text]:
        try:
            root = json.loads(each)
        except (ValueError, RecursionError) as error:
            raise ConfigurationError(_INVALID_ROOT) from error
        if not isinstance(root, dict):
            raise ConfigurationError(_INVALID_ROOT)
        yield root


def _make_verifier(root: Mapping[str, object]) -> SigstoreVerifier | TimestampVerifier:
    # The library wants the two lists, where GitHub leaves them out.
    fields: Mapping[str, object] = {"tlogs": [], "ctlogs": [], **root}
    try:
        read = TrustedRoot(v1.TrustedRoot.from_json(json.dumps(fields)))
        return SigstoreVerifier(trusted_root=read) if fields["tlogs"] else TimestampVerifier(trusted_root=read)
    except (Error, ValueError) as error:
        raise ConfigurationError(_INVALID_ROOT) from error
