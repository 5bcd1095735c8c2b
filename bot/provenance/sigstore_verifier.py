"""Verifies Sigstore bundles, including `intoto` log entries and bundles with timestamps but no log.

sigstore-python 4.5 rejects npm provenance with `Unsupported DSSE log entry type`; `in_toto.py` compares that entry.

GitHub signs for private repositories without a log, as `gh attestation trusted-root` shows (read 2026-11-24).

Such bundles need one timestamp and no log entry, as in gh. The sigstore library performs all other steps.
"""

from datetime import UTC, datetime

from cryptography.x509 import Certificate, ExtendedKeyUsage, SubjectAlternativeName, UniformResourceIdentifier
from cryptography.x509.oid import ExtendedKeyUsageOID
from rfc3161_client import decode_timestamp_response
from sigstore._internal.timestamp import TimestampSource, TimestampVerificationResult
from sigstore._internal.trust import KeyringPurpose
from sigstore._internal.tuf import DEFAULT_TUF_URL
from sigstore._utils import read_embedded
from sigstore.dsse import Envelope
from sigstore.hashes import Hashed
from sigstore.models import Bundle, TransparencyLogEntry, TrustedRoot
from sigstore.verify import Verifier as Library
from sigstore_models.bundle.v1 import Bundle as Fields
from sigstore_models.rekor.v1 import TransparencyLogEntry as Entry
from sigstore_models.trustroot import v1

from bot.packages.versions import Workload
from bot.provenance.attestations import ProvenanceError
from bot.provenance.certificate_claims import CertificateClaims, read_claims, sanitize
from bot.provenance.in_toto import STATEMENT_MEDIA_TYPE, check_log_entry, is_intoto_entry, verify_envelope

UNTRUSTED_LOG = (
    "it is recorded in a log that is not among the trusted ones; if Sigstore has a newer root than this release, "
    "save it and name the file in WHARFINGER_TRUSTED_ROOTS"
)


def bundled_root() -> TrustedRoot:
    """Return the root that the installed sigstore library ships for the public instance."""
    return TrustedRoot(v1.TrustedRoot.from_json(read_embedded("trusted_root.json", DEFAULT_TUF_URL)))


class GitHubActionsPolicy:
    """The library's policy for a certificate: it was given to a workflow of GitHub Actions. Which one is compared elsewhere."""

    def verify(self, cert: Certificate) -> None:
        """Raise ProvenanceError for anybody else's certificate."""
        read_claims(cert)


class SigstoreVerifier(Library):
    """The library's verifier of one trusted root, for every kind of log entry that the registries have."""

    def __init__(self, *, trusted_root: TrustedRoot) -> None:
        super().__init__(trusted_root=trusted_root)
        self.authorities = frozenset(certificate.subject for certificate in trusted_root.get_fulcio_certs())
        self._log_keys = trusted_root.rekor_keyring(KeyringPurpose.VERIFY)
        self._logs = frozenset(log.log_id.key_id for log in trusted_root._inner.tlogs)  # noqa: SLF001 - it tells keys, but not names

    def verify_statement(self, bundle: Bundle, fields: Fields) -> bytes:
        """Return the statement that a bundle signs; raise the library's VerificationError or ProvenanceError for one not to be believed."""
        if fields.dsse_envelope is None:
            raise ProvenanceError("it signs a file, where a statement was expected")
        self._require_trusted_log(bundle)
        if not is_intoto_entry(fields.verification_material.tlog_entries[0]):
            kind, payload = self.verify_dsse(bundle, GitHubActionsPolicy())
            if kind != STATEMENT_MEDIA_TYPE:
                raise ProvenanceError("what it signs is no in-toto statement")
            return payload
        self._verify_common_signing_cert(bundle, GitHubActionsPolicy())
        key = bundle.signing_certificate.public_key()
        payload = verify_envelope(fields.dsse_envelope, key)
        check_log_entry(fields.verification_material.tlog_entries[0], fields.dsse_envelope, bundle.signing_certificate)
        return payload

    def verify_file(self, bundle: Bundle, digest: Hashed) -> None:
        """Verify that a bundle signs a file of this digest; raise as `statement` does when it does not."""
        self._require_trusted_log(bundle)
        self.verify_artifact(digest, bundle, GitHubActionsPolicy())

    def signed_at(self, bundle: Bundle) -> datetime | None:
        """Return when a verified bundle was signed, by the log or by a timestamp authority."""
        return min((timestamp.time for timestamp in self._establish_time(bundle)), default=None)

    def trusts_log_of(self, entry: Entry) -> bool:
        """Whether an entry is of a log that is trusted."""
        return entry.log_id.key_id in self._logs

    def verify_log_entry(self, entry: TransparencyLogEntry) -> None:
        """Verify that a trusted log holds an entry, and its promise of the time; raise the library's VerificationError."""
        entry._verify(self._log_keys)  # noqa: SLF001 - the library offers this step only within bundles with a certificate

    def _establish_time(self, bundle: Bundle) -> list[TimestampVerificationResult]:
        """Let the log's time count for `intoto` entries too: its promise covers body and time alike, and is verified after this."""
        entry = _log_entry(bundle)
        if not is_intoto_entry(entry):
            return super()._establish_time(bundle)
        timestamps = self._verify_timestamp_authority(bundle)
        if entry.integrated_time and entry.inclusion_promise:  # a time of 0 is not promised: the library passes it over
            at = datetime.fromtimestamp(entry.integrated_time, tz=UTC)
            timestamps.append(TimestampVerificationResult(source=TimestampSource.TRANSPARENCY_SERVICE, time=at))
        return timestamps

    def _require_trusted_log(self, bundle: Bundle) -> None:
        """Raise ProvenanceError, as not seen, for an honest certificate in an unknown log: logs are added to Sigstore every year."""
        if not self.trusts_log_of(_log_entry(bundle)):
            begin = bundle.signing_certificate.not_valid_before_utc
            at = TimestampVerificationResult(source=TimestampSource.TRANSPARENCY_SERVICE, time=begin)
            self._verify_chain_at_time(bundle.signing_certificate, at)
            raise ProvenanceError(UNTRUSTED_LOG, unverifiable=True)


def _log_entry(bundle: Bundle) -> Entry:
    return bundle.log_entry._inner  # noqa: SLF001 - what is overridden needs what the library does not offer


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
        times = [at for answer in answers if (at := self._verify_signed_timestamp(answer, signature))]
        if not times:
            raise ProvenanceError("nobody who is trusted saw when it was signed")
        for at in times:
            self._verify_chain_at_time(certificate, at)
        usage = certificate.extensions.get_extension_for_class(ExtendedKeyUsage).value
        if ExtendedKeyUsageOID.CODE_SIGNING not in usage:
            raise ProvenanceError("its certificate is not one for signing")
        return signer, payload, min(at.time for at in times)


def _certificate_uris(certificate: Certificate) -> list[str]:
    names = certificate.extensions.get_extension_for_class(SubjectAlternativeName).value
    return names.get_values_for_type(UniformResourceIdentifier)


# What the library's message holds (sigstore 4.5), in lower case, the first that fits. tests/provenance holds each that a forger can reach.
_EXPLANATIONS = (
    ("must contain an inclusion promise", "nobody who is trusted saw when it was signed"),
    ("not valid at validation time", "its certificate was not valid at the time when the log saw the signature"),
    ("invalid signing cert: expired", "its certificate was not valid at the time when the log saw the signature"),
    ("certificate chain", "its certificate was not issued by the authority that it names"),
    ("sct", "its certificate is in no certificate log that is trusted"),
    ("certificate timestamp", "its certificate is in no certificate log that is trusted"),
    ("dsse: invalid signature", "its signature does not fit what it says: it was altered or forged"),
    ("signature is invalid for input", "its signature is of another file"),
    ("bundle message digest mismatch", "its signature is of another file"),
    ("payload hash does not match", "the log recorded another statement"),
    ("signatures do not match", "the log recorded another signature"),
    ("inconsistent with other materials", "the log recorded another signature"),
    ("root hash signature", "the log's own signature is not valid"),
    ("inclusion proof", "the log's proof that it holds the entry is not valid"),
    ("inclusion promise", "the log's promise of the time is not valid"),
    ("malformed note", "the log's own signature is not valid"),
    ("malformed logcheckpoint", "the log's own signature is not valid"),
    ("invalid timestamp response", "nobody who is trusted saw when it was signed"),
    ("checkpoint", "the log's own signature is not valid"),
    ("one log entry", "no transparency log recorded it, or several did"),
    ("signed timestamp", "nobody who is trusted saw when it was signed"),
    ("verified time", "nobody who is trusted saw when it was signed"),
    ("code signing", "its certificate is not one for signing"),
    ("digital signature", "its certificate is not one for signing"),
)


def explain_error(error: Exception) -> str:
    """Say why the library does not believe a bundle."""
    text = str(error)
    for part, words in _EXPLANATIONS:
        if part in text.casefold():
            return words
    return f"it does not verify: {sanitize(text)}"
