"""What a signing certificate says of the run that it was given to, by the numbers of Sigstore's certificate authority.

The numbers are Fulcio's (1.3.6.1.4.1.57264.1.N, sigstore/fulcio docs/oid-info.md, read 2026-11-24).
"""

import re
from dataclasses import dataclass

from cryptography.hazmat import asn1
from cryptography.x509 import Certificate, ExtensionNotFound, ObjectIdentifier, UnrecognizedExtension

from bot.model.core_types import FullName, RepositoryId, Sha
from bot.packages.versions import Workload
from bot.provenance.attestations import ProvenanceError

ISSUER = "https://token.actions.githubusercontent.com"  # an enterprise may have /its-slug behind it
SERVER = "https://github.com/"

_NUMBERS = "1.3.6.1.4.1.57264.1."
_ISSUER, _SIGNER, _RUNNER, _REPOSITORY, _COMMIT, _REF, _REPOSITORY_ID, _OWNER = 8, 9, 11, 12, 13, 14, 15, 16
_WORKFLOW, _EVENT, _RUN, _ENVIRONMENT = 18, 20, 21, 23
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}")
_RUN_PATH = re.compile(r"/actions/runs/(\d{1,19})/attempts/(\d{1,9})")


@dataclass(frozen=True, slots=True)
class Claims:
    """What the certificate says, before anything of the signature is known."""

    workload: Workload
    signer: str | None
    owner: str | None
    repository_id: RepositoryId | None


def claims(certificate: Certificate) -> Claims:
    """Read who the certificate was given to; raise ProvenanceError when that is no workflow of GitHub Actions."""
    issuer = _text(certificate, _ISSUER) or ""
    if issuer != ISSUER and not issuer.startswith(f"{ISSUER}/"):
        raise ProvenanceError(f"it was signed by an identity of {shown(issuer)}, not by a workflow of GitHub Actions")
    uri = _text(certificate, _REPOSITORY) or ""
    repository = uri.removeprefix(SERVER)
    if not uri.startswith(SERVER) or not _NAME.fullmatch(repository):
        raise ProvenanceError("its certificate does not tell the repository whose workflow signed")
    ref, number = _text(certificate, _REF), _text(certificate, _REPOSITORY_ID) or ""
    run = _RUN_PATH.fullmatch((_text(certificate, _RUN) or "").removeprefix(uri))
    return Claims(
        workload=Workload(
            repository=FullName(repository),
            workflow=_workflow(_text(certificate, _WORKFLOW), uri, ref),
            ref=ref,
            commit=Sha(commit) if (commit := _text(certificate, _COMMIT)) else None,
            event=_text(certificate, _EVENT),
            runner=_text(certificate, _RUNNER),
            environment=_text(certificate, _ENVIRONMENT),
            run=int(run[1]) if run else None,
            attempt=int(run[2]) if run else None,
        ),
        signer=_text(certificate, _SIGNER),
        owner=(_text(certificate, _OWNER) or "").removeprefix(SERVER) or None,
        repository_id=RepositoryId(int(number)) if number.isdecimal() and len(number) < 20 else None,  # noqa: PLR2004 - digits of a 64-bit number
    )


def shown(text: str) -> str:
    """Cut and clean what a stranger wrote, to be shown within a sentence."""
    kept = "".join(letter for letter in text[:120] if letter.isprintable())
    return kept or "something without a name"


def _text(certificate: Certificate, number: int) -> str | None:
    try:
        value = certificate.extensions.get_extension_for_oid(ObjectIdentifier(f"{_NUMBERS}{number}")).value
        return asn1.decode_der(str, value.value) if isinstance(value, UnrecognizedExtension) else None
    except ExtensionNotFound:
        return None
    except ValueError as error:
        raise ProvenanceError(f"its certificate cannot be read: claim {number} is no text") from error


def _workflow(config: str | None, repository: str, ref: str | None) -> str | None:
    """Take the path out of REPOSITORY/PATH@REF; both may hold an @, so the certificate's own ref is taken off first."""
    if not config or not config.startswith(f"{repository}/"):
        return None
    path = config.removeprefix(f"{repository}/")
    if ref and path.endswith(f"@{ref}"):
        return path.removesuffix(f"@{ref}")
    return path.partition("@refs/" if "@refs/" in path else "@")[0]
