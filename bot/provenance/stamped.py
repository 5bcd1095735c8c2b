"""Verifies bundles of an authority that keeps no log: timestamps say when it was signed. So does GitHub for private repositories.

The sigstore library wants an entry of a log in every bundle; chain and timestamps are verified with its own steps all the same. GitHub's
root is what `gh attestation trusted-root` prints; gh demands the same of such bundles: one timestamp, no log (read 2026-11-24).
"""

from datetime import datetime

from cryptography.x509 import Certificate, ExtendedKeyUsage, SubjectAlternativeName, UniformResourceIdentifier
from cryptography.x509.oid import ExtendedKeyUsageOID
from rfc3161_client import decode_timestamp_response
from sigstore.dsse import Envelope
from sigstore.models import TrustedRoot
from sigstore.verify import Verifier as Library
from sigstore_models.bundle.v1 import Bundle as Fields

from bot.packages.versions import Workload
from bot.provenance.attestations import ProvenanceError
from bot.provenance.certificate_claims import CertificateClaims, read_claims
from bot.provenance.in_toto import verify_envelope

MAX_TIMESTAMPS = 8
RELEASE_SIGNER = "https://dotcom.releases.github.com"  # GitHub itself, when it makes a release immutable
GITHUB_RELEASE_CLAIMS = CertificateClaims(Workload(), RELEASE_SIGNER, None, None)


class TimestampVerifier(Library):
    """The library's steps for a trusted root without logs."""

    def __init__(self, *, trusted_root: TrustedRoot) -> None:  # the library's own would ask for a log
        self._trusted_root = trusted_root
        self._fulcio_certificate_chain = trusted_root.get_fulcio_certs()
        self.authorities = frozenset(certificate.subject for certificate in self._fulcio_certificate_chain)

    def verify_timestamped_statement(
        self, certificate: Certificate, fields: Fields
    ) -> tuple[CertificateClaims, bytes, datetime]:
        """Return who signed, the statement and when; raise the library's VerificationError or ProvenanceError for one not to be believed."""
        signer = (
            GITHUB_RELEASE_CLAIMS if _certificate_uris(certificate) == [RELEASE_SIGNER] else read_claims(certificate)
        )
        if fields.dsse_envelope is None:
            raise ProvenanceError("it signs a file, where a statement was expected")
        payload = verify_envelope(fields.dsse_envelope, certificate.public_key())
        data = fields.verification_material.timestamp_verification_data
        stamps = data.rfc3161_timestamps if data else []
        if len(stamps) > MAX_TIMESTAMPS:
            raise ProvenanceError(f"it holds {len(stamps)} timestamps, where {MAX_TIMESTAMPS} are read at most")
        signature = Envelope(fields.dsse_envelope).signature
        answers = [decode_timestamp_response(stamp.signed_timestamp) for stamp in stamps]
        seen = [at for answer in answers if (at := self._verify_signed_timestamp(answer, signature))]
        if not seen:
            raise ProvenanceError("nobody who is trusted saw when it was signed")
        for at in seen:
            self._verify_chain_at_time(certificate, at)
        usage = certificate.extensions.get_extension_for_class(ExtendedKeyUsage).value
        if ExtendedKeyUsageOID.CODE_SIGNING not in usage:
            raise ProvenanceError("its certificate is not one for signing")
        return signer, payload, min(at.time for at in seen)


def _certificate_uris(certificate: Certificate) -> list[str]:
    names = certificate.extensions.get_extension_for_class(SubjectAlternativeName).value
    return names.get_values_for_type(UniformResourceIdentifier)
