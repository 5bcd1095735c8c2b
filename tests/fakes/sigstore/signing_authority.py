"""Signs attestations as each registry has them, with keys of its own: they verify against `trusted_root`, and against nothing else.

`Authority().pep740(workload, file)` and its sisters return the registry's whole answer. `How` says what a forger would do otherwise.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from bot.packages.versions import PackageFile, Workload
from tests.fakes.sigstore import signed_bundles
from tests.fakes.sigstore.certificates import ISSUER, VALID_FROM, CertificateAuthority, SignerIdentity, public
from tests.fakes.sigstore.transparency_log import ORIGIN, TransparencyLog, base64_text

SLSA = "https://slsa.dev/provenance/v1"
PUBLISH = "https://github.com/npm/attestation/tree/main/specs/publish/v0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningOptions:
    """How a run signs; the defaults are how an honest one does."""

    signed_at: datetime = field(default_factory=lambda: datetime.now(UTC))  # when its certificate was given
    logged_at: datetime | None = None  # when the log saw the signature; None: at once
    issuer: str = ISSUER
    signer: str | None = None  # the workflow that signs, where it was called by the one that was started
    repository_id: int | None = None


class SigningAuthority:
    """A Sigstore of its own, with npm's key."""

    def __init__(self) -> None:
        self.certificates = CertificateAuthority()
        self.log = TransparencyLog()
        self.registry_key = ec.generate_private_key(ec.SECP256R1())
        self.registry_key_id = "SHA256:" + base64_text(hashlib.sha256(public(self.registry_key.public_key())).digest())

    @property
    def trusted_root(self) -> bytes:
        """The text of its trusted_root.json."""
        chain = [self.certificates.intermediate, self.certificates.root]
        raw = [{"rawBytes": base64_text(certificate.public_bytes(Encoding.DER))} for certificate in chain]
        name = {"organization": "authority of the tests", "commonName": "root"}
        root = {
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [_log(self.log.key.public_key())],
            "certificateAuthorities": [
                {"subject": name, "certChain": {"certificates": raw}, "validFor": _always_valid()}
            ],
            "ctlogs": [_log(self.certificates.log_key.public_key())],
        }
        return json.dumps(root).encode()

    @property
    def registry_keys(self) -> bytes:
        """npm's answer of its own keys."""
        key = {
            "keyid": self.registry_key_id,
            "key": base64_text(public(self.registry_key.public_key())),
            "expires": None,
        }
        return json.dumps({"keys": [key]}).encode()

    def pep740(self, workload: Workload, file: PackageFile, how: SigningOptions | None = None) -> bytes:
        """PyPI's answer for a file, known by its sha256."""
        return pypi_answer(self.signed(workload, signed_bundles.statement(SLSA, {file.name: file.digests}, {}), how))

    def github(self, workload: Workload, file: PackageFile, how: SigningOptions | None = None) -> bytes:
        """GitHub's answer for a file, known by its sha256."""
        parts = self.signed(workload, signed_bundles.statement(SLSA, {file.name: file.digests}, {}), how)
        return github_answer(parts.statement_bundle())

    def rubygems(self, workload: Workload, file: PackageFile, how: SigningOptions | None = None) -> bytes:
        """RubyGems' answer for a gem, known by its sha256: the file itself is signed."""
        return json.dumps([self.signed_file(workload, file, how).file_bundle()]).encode()

    def npm(self, workload: Workload, name: str, version: str, sha512: str, how: SigningOptions | None = None) -> bytes:
        """npm's answer for a version: provenance that the run signed, and what the registry signed when it took the file."""
        subject = {npm_url(name, version): {"sha512": sha512}}
        provenance = self.signed(workload, signed_bundles.statement(SLSA, subject, {}), how, kind="intoto")
        predicate = {"name": name, "version": version, "registry": "https://registry.example.test"}
        published = self.published(signed_bundles.statement(PUBLISH, subject, predicate), how)
        return npm_answer(published, provenance)

    def signed(
        self, workload: Workload, statement: bytes, how: SigningOptions | None = None, *, kind: str = "dsse"
    ) -> signed_bundles.SignatureParts:
        """Sign a statement as a run does, with a certificate for a key that lives as long as the signature takes."""
        how, key = how or SigningOptions(), ec.generate_private_key(ec.SECP256R1())
        certificate = self.certificates.certificate(_identity(workload, how), key.public_key(), how.signed_at)
        signature = signed_bundles.sign_statement(key, statement)
        if kind == "dsse":
            version, spec = "0.0.1", signed_bundles.dsse_entry(statement, signature, certificate)
        else:
            version, spec = "0.0.2", signed_bundles.intoto_entry(statement, signature, signed_bundles.pem(certificate))
        entry = self.log.entry(kind, version, spec, how.logged_at or how.signed_at)
        return signed_bundles.SignatureParts(signer=certificate, payload=statement, signature=signature, entry=entry)

    def signed_file(
        self, workload: Workload, file: PackageFile, how: SigningOptions | None = None
    ) -> signed_bundles.SignatureParts:
        """Sign a file itself, known by its sha256."""
        how, key = how or SigningOptions(), ec.generate_private_key(ec.SECP256R1())
        certificate = self.certificates.certificate(_identity(workload, how), key.public_key(), how.signed_at)
        digest = bytes.fromhex(file.digests["sha256"])
        signature = signed_bundles.sign_digest(key, digest)
        spec = signed_bundles.file_entry(digest, signature, certificate)
        entry = self.log.entry("hashedrekord", "0.0.1", spec, how.logged_at or how.signed_at)
        return signed_bundles.SignatureParts(signer=certificate, payload=digest, signature=signature, entry=entry)

    def published(self, statement: bytes, how: SigningOptions | None = None) -> signed_bundles.SignatureParts:
        """Sign a statement as npm does, with the registry's own key."""
        how = how or SigningOptions()
        signature = signed_bundles.sign_statement(self.registry_key, statement)
        spec = signed_bundles.intoto_entry(statement, signature, signed_bundles.pem(self.registry_key.public_key()))
        entry = self.log.entry("intoto", "0.0.2", spec, how.logged_at or how.signed_at)
        return signed_bundles.SignatureParts(
            signer=self.registry_key_id, payload=statement, signature=signature, entry=entry
        )


def pypi_answer(*attestations: signed_bundles.SignatureParts) -> bytes:
    """What PyPI answers; the publisher in it is not signed, and of no weight."""
    publisher = {"kind": "GitHub", "repository": "nobody/nothing", "workflow": "none.yml", "environment": None}
    bundle = {"publisher": publisher, "attestations": [parts.attestation() for parts in attestations]}
    return json.dumps({"version": 1, "attestation_bundles": [bundle]}).encode()


def github_answer(*bundles: Mapping[str, object]) -> bytes:
    """What GitHub answers."""
    return json.dumps({"attestations": [{"bundle": bundle, "repository_id": 1} for bundle in bundles]}).encode()


def npm_answer(*attestations: signed_bundles.SignatureParts) -> bytes:
    """What npm answers."""
    bundles = [{"bundle": parts.statement_bundle(signed_bundles.NPM_BUNDLE)} for parts in attestations]
    return json.dumps({"attestations": bundles}).encode()


def npm_url(name: str, version: str) -> str:
    """A version's package URL."""
    return f"pkg:npm/{quote(name)}@{version}"


def _identity(workload: Workload, how: SigningOptions) -> SignerIdentity:
    return SignerIdentity(workload, how.issuer, how.signer, how.repository_id)


def _log(key: ec.EllipticCurvePublicKey) -> dict[str, object]:
    der = public(key)
    valid = {"rawBytes": base64_text(der), "keyDetails": "PKIX_ECDSA_P256_SHA_256", "validFor": _always_valid()}
    name = {"keyId": base64_text(hashlib.sha256(der).digest())}
    return {"baseUrl": f"https://{ORIGIN}", "hashAlgorithm": "SHA2_256", "publicKey": valid, "logId": name}


def _always_valid() -> dict[str, str]:
    return {"start": VALID_FROM.isoformat().replace("+00:00", "Z")}
