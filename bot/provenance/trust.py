"""Which certificate authorities and logs are trusted: the root that the sigstore library ships, and further ones by choice.

No network and no cache in the user's folder: what the installed library holds, and what an administrator names.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from cryptography.x509 import Certificate, NameOID
from sigstore.errors import Error
from sigstore.models import TransparencyLogEntry, TrustedRoot
from sigstore_models.rekor.v1 import TransparencyLogEntry as Entry
from sigstore_models.trustroot import v1

from bot.model.errors import SettingsError
from bot.provenance.attestations import ProvenanceError
from bot.provenance.certificate_claims import shown
from bot.provenance.sigstore_verifier import UNKNOWN_LOG, Verifier, shipped_root
from bot.provenance.stamped import StampedVerifier
from bot.provenance.trust_store import RegistryKey, registry_keys, shipped_keys

_GITHUB = "GitHub, Inc."  # organisation in certificates of GitHub's own Sigstore, which signs for private repositories
_NO_ROOT = "is no trusted root of Sigstore; give a trusted_root.json, or what `gh attestation trusted-root` prints"


@dataclass(frozen=True, slots=True)
class Trust:
    """The authorities that are believed, each a verifier of its own."""

    verifiers: tuple[Verifier | StampedVerifier, ...]
    registry_keys: Mapping[str, RegistryKey]  # by their id

    def of(self, certificate: Certificate) -> Verifier | StampedVerifier:
        """Return the verifier of the authority that a certificate names; raise ProvenanceError when it is none of ours.

        That the authority did issue it is for the verifier to find out.
        """
        for verifier in self.verifiers:
            if certificate.issuer in verifier.authorities:
                return verifier
        organisations = [
            str(name.value) for name in certificate.issuer.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
        ]
        if _GITHUB in organisations:
            raise ProvenanceError(
                "it is signed through GitHub's own certificate authority (private repositories, immutable releases), whose root "
                "is not among the trusted ones; save what `gh attestation trusted-root` prints and name the file in "
                "WHARFINGER_TRUSTED_ROOTS",
                unseen=True,
            )
        issuer = shown(", ".join(organisations))
        raise ProvenanceError(f"its certificate is issued by {issuer}, an authority that is not trusted")

    def logged(self, entry: Entry) -> None:
        """Verify that a trusted log holds an entry, and its promise of the time; raise as `of` does, or the library's VerificationError."""
        for verifier in self.verifiers:
            if isinstance(verifier, Verifier) and verifier.knows(entry):
                return verifier.logged(TransparencyLogEntry(entry))
        raise ProvenanceError(UNKNOWN_LOG, unseen=True)


@cache
def shipped() -> Trust:
    """Trust what the sigstore library ships: the public instance, at which public repositories sign."""
    return Trust((Verifier(trusted_root=shipped_root()),), shipped_keys())


def trusted(further: Iterable[bytes]) -> Trust:
    """Trust further roots too, and before the shipped one, which may be older; raise SettingsError for one that cannot be read.

    Each is the text of a `trusted_root.json`, or several of them one a line, as `gh attestation trusted-root` prints them; or a registry's
    list of its own keys.
    """
    verifiers: list[Verifier | StampedVerifier] = []
    keys = dict(shipped().registry_keys)
    for text in further:
        for root in _objects(text):
            if "keys" in root:
                keys |= registry_keys(root)
            else:
                verifiers.append(_verifier(root))
    return Trust((*verifiers, *shipped().verifiers), keys)


def _objects(text: bytes) -> Iterator[dict[str, object]]:
    lines = [line for line in text.splitlines() if line.strip()]
    several = len(lines) > 1 and all(line.startswith(b"{") and line.rstrip().endswith(b"}") for line in lines)
    for each in lines if several else [text]:
        try:
            root = json.loads(each)
        except (ValueError, RecursionError) as error:
            raise SettingsError(_NO_ROOT) from error
        if not isinstance(root, dict):
            raise SettingsError(_NO_ROOT)
        yield root


def _verifier(root: Mapping[str, object]) -> Verifier | StampedVerifier:
    # The library wants the two lists, where GitHub leaves them out.
    fields: Mapping[str, object] = {"tlogs": [], "ctlogs": [], **root}
    try:
        read = TrustedRoot(v1.TrustedRoot.from_json(json.dumps(fields)))
        return Verifier(trusted_root=read) if fields["tlogs"] else StampedVerifier(trusted_root=read)
    except (Error, ValueError) as error:
        raise SettingsError(_NO_ROOT) from error
