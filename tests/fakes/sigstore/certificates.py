"""A certificate authority and a certificate log like Sigstore's, with real keys: certificates for workflow runs."""

import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from bot.packages.versions import Workload

ISSUER = "https://token.actions.githubusercontent.com"
VALID_FROM, VALID_UNTIL = datetime(2020, 1, 1, tzinfo=UTC), datetime(2045, 1, 1, tzinfo=UTC)
VALID = timedelta(minutes=10)  # as long as Sigstore's own
_STAMPS = x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")  # RFC 6962: the log's promises, within the certificate
_CLAIMS = "1.3.6.1.4.1.57264.1."


@dataclass(frozen=True, slots=True)
class SignerIdentity:
    """What the certificate will say of the run; what is None is left out."""

    workload: Workload
    issuer: str = ISSUER
    signer: str | None = None  # None: the workflow that was started
    repository_id: int | None = None

    def claims(self) -> Iterator[tuple[int, str | None]]:
        run = self.workload
        home = f"https://github.com/{run.repository}" if run.repository else None
        started = f"{home}/{run.workflow}@{run.ref}"
        yield from ((8, self.issuer), (9, self.signer or started), (11, run.runner), (12, home), (13, run.commit))
        yield from ((14, run.ref), (15, str(self.repository_id) if self.repository_id else None))
        yield from ((16, home.rpartition("/")[0] if home else None), (18, started), (20, run.event))
        yield from ((21, f"{home}/actions/runs/{run.run}/attempts/{run.attempt or 1}"), (23, run.environment))


class CertificateAuthority:
    """Root, intermediate and the log of certificates; their names are alike for all, their keys are not."""

    def __init__(self) -> None:
        root, self._key, self.log_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
        self.root = _authority("root", root, "root", root, depth=1)
        self.intermediate = _authority("intermediate", self._key, "root", root, depth=0)

    def certificate(self, identity: SignerIdentity, key: ec.EllipticCurvePublicKey, at: datetime) -> x509.Certificate:
        """Issue a certificate of ten minutes, recorded in the log of certificates."""
        draft = self._leaf(identity, key, at, _list_of(b""))
        stamp = self._stamp(draft.tbs_precertificate_bytes, at)
        return self._leaf(identity, key, at, _list_of(stamp), draft.serial_number)

    def _leaf(
        self,
        identity: SignerIdentity,
        key: ec.EllipticCurvePublicKey,
        at: datetime,
        stamps: bytes,
        serial: int | None = None,
    ) -> x509.Certificate:
        claims = dict(identity.claims())
        name = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(claims[9] or "")])
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING])
        builder = (
            x509.CertificateBuilder(_name("intermediate"), x509.Name([]), key, serial or x509.random_serial_number())
            .not_valid_before(at - timedelta(seconds=2))
            .not_valid_after(at + VALID)
            .add_extension(_usage(signs=True), critical=True)
            .add_extension(usage, critical=False)
            .add_extension(name, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )
        for number, value in claims.items():
            if value is not None:
                oid = x509.ObjectIdentifier(f"{_CLAIMS}{number}")
                builder = builder.add_extension(x509.UnrecognizedExtension(oid, asn1.encode_der(value)), critical=False)
        stamped = x509.UnrecognizedExtension(_STAMPS, asn1.encode_der(stamps))
        return builder.add_extension(stamped, critical=False).sign(self._key, SHA256())

    def _stamp(self, draft: bytes, at: datetime) -> bytes:
        """Sign as RFC 6962 3.2 says: a promise of version 1, for a certificate that is still a draft."""
        when = int(at.timestamp() * 1000)
        issuer = hashlib.sha256(public(self._key.public_key())).digest()
        said = struct.pack("!BBQH", 0, 0, when, 1) + issuer + len(draft).to_bytes(3, "big") + draft + b"\0\0"
        signature = self.log_key.sign(said, ec.ECDSA(SHA256()))
        log = hashlib.sha256(public(self.log_key.public_key())).digest()
        return struct.pack("!B32sQHBBH", 0, log, when, 0, 4, 3, len(signature)) + signature


def public(key: ec.EllipticCurvePublicKey) -> bytes:
    """The key's DER, whose hash is a log's name."""
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _list_of(stamp: bytes) -> bytes:
    one = struct.pack("!H", len(stamp)) + stamp if stamp else b""
    return struct.pack("!H", len(one)) + one


def _name(which: str) -> x509.Name:
    organization = x509.NameAttribute(NameOID.ORGANIZATION_NAME, "authority of the tests")
    return x509.Name([organization, x509.NameAttribute(NameOID.COMMON_NAME, which)])


def _authority(
    name: str, key: ec.EllipticCurvePrivateKey, issuer: str, issuer_key: ec.EllipticCurvePrivateKey, depth: int
) -> x509.Certificate:
    about = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    return (
        x509.CertificateBuilder(_name(issuer), _name(name), key.public_key(), x509.random_serial_number())
        .not_valid_before(VALID_FROM)
        .not_valid_after(VALID_UNTIL)
        .add_extension(x509.BasicConstraints(ca=True, path_length=depth), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(about, critical=False)
        .sign(issuer_key, SHA256())
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    """A run's key signs files, an authority's key signs certificates."""
    return x509.KeyUsage(
        digital_signature=signs,
        key_cert_sign=not signs,
        crl_sign=not signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
