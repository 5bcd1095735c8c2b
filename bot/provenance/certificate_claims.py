"""Reads the claims about a workflow run from a Sigstore signing certificate.

The object identifiers are Fulcio's (1.3.6.1.4.1.57264.1.N, sigstore/fulcio docs/oid-info.md, read 2026-11-24).
"""

import re
from dataclasses import dataclass

from cryptography.hazmat import asn1
from cryptography.x509 import Certificate, ExtensionNotFound, ObjectIdentifier, UnrecognizedExtension

from bot.model.core_types import FullName, RepositoryId, Sha
from bot.packages.versions import Workload
from bot.provenance.attestations import ProvenanceError

ACTIONS_ISSUER = "https://token.actions.githubusercontent.com"  # an enterprise may have /its-slug behind it
GITHUB_URL = "https://github.com/"

_OID_PREFIX = "1.3.6.1.4.1.57264.1."
_ISSUER, _SIGNER, _RUNNER, _REPOSITORY, _COMMIT, _REF, _REPOSITORY_ID, _OWNER = 8, 9, 11, 12, 13, 14, 15, 16
_WORKFLOW, _EVENT, _RUN, _ENVIRONMENT = 18, 20, 21, 23
_FULL_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}")
_RUN_PATH = re.compile(r"/actions/runs/(\d{1,19})/attempts/(\d{1,9})")


@dataclass(frozen=True, slots=True)
class CertificateClaims:
    """What the certificate says, before anything of the signature is known."""

    workload: Workload
    signer: str | None
    owner: str | None
    repository_id: RepositoryId | None


def read_claims(certificate: Certificate) -> CertificateClaims:
    """Read who the certificate was given to; raise ProvenanceError when that is no workflow of GitHub Actions."""
    issuer = _text_or_empty(certificate, _ISSUER)
    if issuer != ACTIONS_ISSUER and not issuer.startswith(f"{ACTIONS_ISSUER}/"):
        raise ProvenanceError(
            f"it was signed by an identity of {sanitize(issuer)}, not by a workflow of GitHub Actions"
        )
    uri = _text_or_empty(certificate, _REPOSITORY)
    repository = uri.removeprefix(GITHUB_URL)
    if not uri.startswith(GITHUB_URL) or not _FULL_NAME.fullmatch(repository):
        raise ProvenanceError("its certificate does not tell the repository whose workflow signed")
    ref, commit = _extension_text(certificate, _REF), _extension_text(certificate, _COMMIT)
    run, attempt = _run_and_attempt(_text_or_empty(certificate, _RUN).removeprefix(uri))
    return CertificateClaims(
        workload=Workload(
            repository=FullName(repository),
            workflow=_workflow_path(_extension_text(certificate, _WORKFLOW), uri, ref),
            ref=ref,
            commit=Sha(commit) if commit else None,
            event=_extension_text(certificate, _EVENT),
            runner=_extension_text(certificate, _RUNNER),
            environment=_extension_text(certificate, _ENVIRONMENT),
            run=run,
            attempt=attempt,
        ),
        signer=_extension_text(certificate, _SIGNER),
        owner=_text_or_empty(certificate, _OWNER).removeprefix(GITHUB_URL) or None,
        repository_id=_repository_id(_text_or_empty(certificate, _REPOSITORY_ID)),
    )


def _run_and_attempt(path: str) -> tuple[int, int] | tuple[None, None]:
    match = _RUN_PATH.fullmatch(path)
    return (int(match[1]), int(match[2])) if match else (None, None)


def _repository_id(digits: str) -> RepositoryId | None:
    return RepositoryId(int(digits)) if digits.isdecimal() and len(digits) < 20 else None  # noqa: PLR2004 - digits of a 64-bit number


def sanitize(text: str) -> str:
    """Cut and clean what a stranger wrote, to be shown within a sentence."""
    printable = "".join(letter for letter in text[:120] if letter.isprintable())
    return printable or "something without a name"


def _text_or_empty(certificate: Certificate, number: int) -> str:
    """Return a claim's text, empty if the certificate does not have it."""
    return _extension_text(certificate, number) or ""


def _extension_text(certificate: Certificate, number: int) -> str | None:
    try:
        value = certificate.extensions.get_extension_for_oid(ObjectIdentifier(f"{_OID_PREFIX}{number}")).value
        return asn1.decode_der(str, value.value) if isinstance(value, UnrecognizedExtension) else None
    except ExtensionNotFound:
        return None
    except ValueError as error:
        raise ProvenanceError(f"its certificate cannot be read: claim {number} is no text") from error


def _workflow_path(workflow_uri: str | None, repository: str, ref: str | None) -> str | None:
    """Take the path out of REPOSITORY/PATH@REF; both may hold an @, so the certificate's own ref is taken off first."""
    if not workflow_uri or not workflow_uri.startswith(f"{repository}/"):
        return None
    path = workflow_uri.removeprefix(f"{repository}/")
    if ref and path.endswith(f"@{ref}"):
        return path.removesuffix(f"@{ref}")
    return path.partition("@refs/" if "@refs/" in path else "@")[0]
