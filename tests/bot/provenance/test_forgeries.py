"""Each way to lie that a forger has, and the words in which it is refused."""

import json
from collections.abc import Callable
from copy import copy
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from bot.model.core_types import FullName, Sha
from bot.packages.versions import PackageFile, Workload
from bot.provenance.attestations import AttestationKind, RejectedAttestation
from bot.provenance.registry_provenance import verify_github, verify_npm, verify_pypi, verify_rubygems
from bot.provenance.trust_store import load_trust_store
from tests.fakes.sigstore.signed_bundles import SignatureParts, dsse_entry, sign_statement, statement
from tests.fakes.sigstore.signing_authority import (
    PUBLISH,
    SLSA,
    SigningAuthority,
    SigningOptions,
    github_answer,
    npm_answer,
    npm_url,
    pypi_answer,
)
from tests.fakes.sigstore.transparency_log import TransparencyLog

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
FILE = PackageFile("widgets-1.2.0.tar.gz", {"sha256": "ab" * 32, "sha512": "cd" * 64})
OTHER = {"sha256": "ef" * 32, "sha512": "ef" * 64}
RUN = Workload(
    FullName("acme/widgets"),
    ".github/workflows/release.yml",
    "refs/tags/v1.2.0",
    Sha("a" * 40),
    "push",
    "github-hosted",
    "release",
    7,
    2,
)
HONEST, FORGER = SigningAuthority(), SigningAuthority()
TRUST = load_trust_store([HONEST.trusted_root, HONEST.registry_keys])
STATEMENT = statement(SLSA, {FILE.name: FILE.digests}, {})


def signed(how: SigningOptions | None = None) -> SignatureParts:
    return HONEST.signed(RUN, STATEMENT, how or SigningOptions(signed_at=NOON))


def with_entry(**changes: object) -> SignatureParts:
    parts = signed()
    return replace(parts, entry={**parts.entry, **changes})


def without(name: str) -> SignatureParts:
    parts = signed()
    return replace(parts, entry={key: value for key, value in parts.entry.items() if key != name})


def forged_and_logged() -> SignatureParts:
    """A stolen certificate without its key, signed with another and logged as if all were well."""
    parts, key = signed(), ec.generate_private_key(ec.SECP256R1())
    signature = sign_statement(key, STATEMENT)
    assert not isinstance(parts.signer, str)
    entry = HONEST.log.entry("dsse", "0.0.1", dsse_entry(STATEMENT, signature, parts.signer), NOON)
    return replace(parts, signature=signature, entry=entry)


def logged_elsewhere() -> SignatureParts:
    """A log of the forger's own, which says that it is the honest one."""
    parts = signed()
    assert not isinstance(parts.signer, str)
    log = TransparencyLog()
    log.id = HONEST.log.id
    return replace(parts, entry=log.entry("dsse", "0.0.1", dsse_entry(STATEMENT, parts.signature, parts.signer), NOON))


def uncertified() -> SignatureParts:
    """The honest authority's certificate, recorded in a certificate log of the forger's."""
    authority = copy(HONEST)
    authority.certificates = copy(HONEST.certificates)
    authority.certificates.log_key = FORGER.certificates.log_key
    return authority.signed(RUN, STATEMENT, SigningOptions(signed_at=NOON))


ALTERED = "its signature does not fit what it says: it was altered or forged"
EXPIRED = "its certificate was not valid at the time when the log saw the signature"
UNLOGGED = "no transparency log recorded it, or several did"

FORGERIES: dict[str, tuple[Callable[[], SignatureParts], str]] = {
    "the statement altered": (
        lambda: replace(signed(), payload=statement(SLSA, {FILE.name: OTHER}, {})),
        ALTERED,
    ),
    "the signature forged": (
        lambda: replace(signed(), signature=sign_statement(FORGER.registry_key, STATEMENT)),
        ALTERED,
    ),
    "the signature forged and logged": (forged_and_logged, ALTERED),
    "signed after the certificate ended": (
        lambda: signed(SigningOptions(signed_at=NOON, logged_at=NOON + timedelta(minutes=11))),
        EXPIRED,
    ),
    "signed before the certificate began": (
        lambda: signed(SigningOptions(signed_at=NOON, logged_at=NOON - timedelta(hours=1))),
        EXPIRED,
    ),
    "an authority of the same name": (
        lambda: FORGER.signed(RUN, STATEMENT, SigningOptions(signed_at=NOON)),
        "its certificate was not issued by the authority that it names",
    ),
    "a certificate that no log recorded": (uncertified, "its certificate is in no certificate log that is trusted"),
    "the entry of another signature": (
        lambda: replace(signed(), entry=signed().entry),
        "the log recorded another signature",
    ),
    "the entry of another statement": (
        lambda: replace(signed(), entry=HONEST.signed(RUN, b"{}", SigningOptions(signed_at=NOON)).entry),
        "the log recorded another statement",
    ),
    "a log of the forger's": (logged_elsewhere, "the log's own signature is not valid"),
    "the time altered": (
        lambda: with_entry(integratedTime=str(int(NOON.timestamp()) + 60)),
        "the log's promise of the time is not valid",
    ),
    "the log's promise left out": (lambda: without("inclusionPromise"), "nobody who is trusted saw when it was signed"),
    "the log's proof of another entry": (
        lambda: with_entry(inclusionProof=signed().entry["inclusionProof"]),
        "the log's proof that it holds the entry is not valid",
    ),
    "another continuous integration": (
        lambda: signed(SigningOptions(signed_at=NOON, issuer="https://gitlab.com")),
        "it was signed by an identity of https://gitlab.com, not by a workflow of GitHub Actions",
    ),
    "an issuer that looks like GitHub's": (
        lambda: signed(SigningOptions(signed_at=NOON, issuer="https://token.actions.githubusercontent.com.acme.test")),
        "it was signed by an identity of https://token.actions.githubusercontent.com.acme.test, not by a workflow of GitHub Actions",
    ),
    "a statement of another file": (
        lambda: HONEST.signed(RUN, statement(SLSA, {"other.tar.gz": OTHER}, {}), SigningOptions(signed_at=NOON)),
        f"it is of another file: no digest in it is that of {FILE.name} (it names other.tar.gz)",
    ),
}


def only(refused: tuple[RejectedAttestation, ...]) -> RejectedAttestation:
    (one,) = refused
    assert not one.unverifiable
    return one


@pytest.mark.parametrize(("forge", "words"), FORGERIES.values(), ids=FORGERIES.keys())
def test_a_forgery_is_refused_in_words(forge: Callable[[], SignatureParts], words: str) -> None:
    parts = forge()

    assert only(verify_github(github_answer(parts.statement_bundle()), FILE, TRUST).rejected).reason == words
    assert only(verify_pypi(pypi_answer(parts), FILE, TRUST).rejected).reason == words


def test_the_honest_one_is_believed() -> None:
    at = SigningOptions(
        signed_at=NOON,
        signer="https://github.com/acme/shared/.github/workflows/publish.yml@refs/heads/main",
        repository_id=42,
    )
    (by_github,) = verify_github(HONEST.github(RUN, FILE, at), FILE, TRUST).verified
    (by_pypi,) = verify_pypi(HONEST.pep740(RUN, FILE, at), FILE, TRUST).verified

    assert by_github == replace(by_pypi, kind=AttestationKind.GITHUB)
    assert (by_pypi.workload, by_pypi.signer, by_pypi.owner) == (RUN, at.signer, "acme")
    assert (by_pypi.repository_id, by_pypi.signed_at, by_pypi.subjects) == (42, NOON, (FILE,))


def test_a_good_one_beside_a_bad_one_is_believed() -> None:
    judged = verify_pypi(pypi_answer(forged_and_logged(), signed()), FILE, TRUST)

    assert [attested.workload for attested in judged.verified] == [RUN]
    assert only(judged.rejected).reason == ALTERED


def test_a_gem_s_signature_is_of_this_gem() -> None:
    document = HONEST.rubygems(RUN, FILE, SigningOptions(signed_at=NOON))
    late = HONEST.rubygems(RUN, FILE, SigningOptions(signed_at=NOON, logged_at=NOON + timedelta(hours=1)))

    assert verify_rubygems(document, FILE, TRUST).verified[0].workload == RUN
    assert (
        only(verify_rubygems(document, PackageFile(FILE.name, OTHER), TRUST).rejected).reason
        == "its signature is of another file"
    )
    assert only(verify_rubygems(late, FILE, TRUST).rejected).reason == EXPIRED
    assert verify_rubygems(document, PackageFile(FILE.name), TRUST).rejected[0].unverifiable


def test_an_honest_certificate_in_a_log_that_nobody_knows_yet_is_not_seen() -> None:
    newer = copy(HONEST)
    newer.log = TransparencyLog()
    by_run, by_npm = (
        verify_github(newer.github(RUN, FILE, SigningOptions(signed_at=NOON)), FILE, TRUST).rejected[0],
        verify_npm(
            newer.npm(RUN, "w", "1", FILE.digests["sha512"], SigningOptions(signed_at=NOON)), "w", "1", FILE, TRUST
        ).rejected[1],
    )
    assert by_run.unverifiable
    assert by_npm.unverifiable
    assert by_run.reason.startswith(
        "it is recorded in a log that is not among the trusted ones; if Sigstore has a newer root"
    )

    newer.certificates = FORGER.certificates
    assert (
        not verify_github(newer.github(RUN, FILE, SigningOptions(signed_at=NOON)), FILE, TRUST).rejected[0].unverifiable
    )


@pytest.mark.parametrize(
    "left", [{"integratedTime": "0"}, {"integratedTime": None}, {"inclusionPromise": None}], ids=str
)
def test_a_time_that_nobody_promises_is_none(left: dict[str, object]) -> None:
    subject = {npm_url("w", "1"): {"sha512": FILE.digests["sha512"]}}
    by_run = HONEST.signed(RUN, statement(SLSA, subject, {}), SigningOptions(signed_at=NOON), kind="intoto")
    by_npm = HONEST.published(
        statement(PUBLISH, subject, {"name": "w", "version": "1"}), SigningOptions(signed_at=NOON)
    )
    parts = [replace(each, entry={**each.entry, **left}) for each in (by_run, by_npm)]

    assert set(npm(npm_answer(*parts), "w", "1")) <= {
        "nobody who is trusted saw when it was signed",
        "the log does not promise when it was signed",
    }
    assert verify_npm(npm_answer(*parts), "w", "1", FILE, TRUST).verified == ()


def npm(document: bytes, name: str = "@acme/widgets", version: str = "1.2.0") -> tuple[str, ...]:
    return tuple(refused.reason for refused in verify_npm(document, name, version, FILE, TRUST).rejected)


def test_npm_s_two_attestations_stand_for_one_version() -> None:
    document = HONEST.npm(RUN, "@acme/widgets", "1.2.0", FILE.digests["sha512"], SigningOptions(signed_at=NOON))

    assert npm(document) == ()
    assert npm(document, version="1.2.1") == ("it is of another package or version than @acme/widgets 1.2.1",) * 2


def test_a_run_cannot_speak_for_npm_nor_npm_for_a_run() -> None:
    subject = {npm_url("@acme/widgets", "1.2.0"): {"sha512": FILE.digests["sha512"]}}
    published = {"name": "@acme/widgets", "version": "1.2.0"}
    by_run = HONEST.signed(RUN, statement(PUBLISH, subject, published), SigningOptions(signed_at=NOON), kind="intoto")
    by_npm = HONEST.published(statement(SLSA, subject, {}), SigningOptions(signed_at=NOON))

    assert npm(npm_answer(by_run)) == ("a run signed it, but it is no provenance of a build",)
    assert npm(npm_answer(by_npm)) == ("the registry signed it, but it does not say that a version was published",)


def test_npm_s_log_entries_are_compared_too() -> None:
    subject = {npm_url("@acme/widgets", "1.2.0"): {"sha512": FILE.digests["sha512"]}}
    said, other = (statement(SLSA, subject, {"made": made}) for made in ("here", "there"))
    first, second, third = (
        HONEST.signed(RUN, each, SigningOptions(signed_at=NOON), kind="intoto") for each in (said, said, other)
    )

    assert npm(npm_answer(first)) == ()
    assert npm(npm_answer(replace(first, entry=second.entry))) == ("the log recorded another signature",)
    assert npm(npm_answer(replace(first, entry=third.entry))) == ("the log recorded another statement",)
    assert npm(npm_answer(replace(first, payload=other))) == (ALTERED,)


def test_a_key_that_nobody_knows_is_not_seen_and_one_that_is_stolen_by_name_is_refused() -> None:
    document = FORGER.npm(RUN, "@acme/widgets", "1.2.0", FILE.digests["sha512"], SigningOptions(signed_at=NOON))
    publish = verify_npm(document, "@acme/widgets", "1.2.0", FILE, TRUST).rejected[-1]
    assert (publish.unverifiable, publish.reason) == (
        True,
        "it is signed with a key that is none of those known of the registry",
    )

    named = document.decode().replace(FORGER.registry_key_id, HONEST.registry_key_id).encode()
    publish = verify_npm(named, "@acme/widgets", "1.2.0", FILE, TRUST).rejected[-1]
    assert (publish.unverifiable, publish.reason) == (False, ALTERED)


def test_pypi_takes_one_file_of_this_name() -> None:
    two = statement(SLSA, {FILE.name: FILE.digests, "other.tar.gz": OTHER}, {})
    renamed = statement(SLSA, {"gadgets-1.2.0.tar.gz": FILE.digests}, {})
    strange = statement("https://acme.test/kind", {FILE.name: FILE.digests}, {})
    reasons = [
        only(
            verify_pypi(pypi_answer(HONEST.signed(RUN, each, SigningOptions(signed_at=NOON))), FILE, TRUST).rejected
        ).reason
        for each in (two, renamed, strange)
    ]

    assert reasons == [
        "it is about 2 files, where PyPI takes one",
        "it is of a file of another name than widgets-1.2.0.tar.gz",
        "it is of a kind that PyPI does not take",
    ]


def test_a_run_cannot_speak_for_github_s_release() -> None:
    release = statement("https://in-toto.io/attestation/release/v0.2", {FILE.name: FILE.digests}, {"tag": "v1.2.0"})
    document = github_answer(HONEST.signed(RUN, release, SigningOptions(signed_at=NOON)).statement_bundle())

    assert only(verify_github(document, FILE, TRUST).rejected).reason.startswith(
        "it says to be of a release, but GitHub itself"
    )


def test_an_address_is_not_followed() -> None:
    document = json.dumps({"attestations": [{"bundle": None, "bundle_url": "https://acme.test/bundle"}]}).encode()
    (refused,) = verify_github(document, FILE, TRUST).rejected

    assert (refused.unverifiable, refused.reason) == (True, "GitHub gives only an address of it, which is not followed")
