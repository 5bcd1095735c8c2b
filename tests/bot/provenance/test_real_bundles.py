"""What registries and GitHub really gave is believed, for the file that it is of and for no other."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sigstore._internal.tuf import STAGING_TUF_URL
from sigstore._utils import read_embedded

from bot.packages.versions import PackageFile
from bot.provenance.attestations import AttestationKind
from bot.provenance.registry_provenance import verify_github, verify_npm, verify_pypi
from bot.provenance.trust_store import default_trust_store, load_trust_store
from tests.bot.provenance.real_bundles import REAL_BUNDLES, RealBundle, github_of, pypi_of, read_bundle

PRIVATE = PackageFile(
    "github_provenance_demo-0.0.12-py3-none-any.whl",
    {"sha256": "ae57936def59bc4c75edd3a837d89bcefc6d3a5e31d55a6fa7a71624f92c3c3b"},
)
RELEASED = PackageFile(
    "communique-aarch64-apple-darwin.tar.gz",
    {"sha256": "76f1fe8593bf227cca2c089e3c16dc95014a8d3e89c5dd220530469ca043c428"},
)


@pytest.mark.parametrize("real", REAL_BUNDLES, ids=lambda real: real.name)
def test_a_real_bundle_proves_its_run(real: RealBundle) -> None:
    judged = real.judged(default_trust_store())

    assert judged.rejected == ()
    first = judged.verified[0]
    assert first.workload == real.workload
    assert first.signed_at == datetime.fromisoformat(real.logged_at).replace(tzinfo=UTC)
    assert first.owner == str(real.workload.repository).partition("/")[0]


@pytest.mark.parametrize("real", REAL_BUNDLES, ids=lambda real: real.name)
def test_it_proves_nothing_of_another_file(real: RealBundle) -> None:
    judged = real.judged(default_trust_store(), file=real.of_another_file())

    assert judged.verified == ()
    assert all("of another file" in refused.reason and not refused.unverifiable for refused in judged.rejected)


def test_a_called_workflow_is_the_signer_and_the_started_one_the_workflow() -> None:
    called = next(real for real in REAL_BUNDLES if "called" in real.name)
    (attested,) = called.judged(default_trust_store()).verified

    assert attested.signer is not None
    assert attested.signer.startswith(
        "https://github.com/github/artifact-attestations-workflows/.github/workflows/attest.yml@"
    )
    assert attested.workload.workflow == ".github/workflows/shared.yml"


@pytest.mark.parametrize("name", ["@actions/core", "@sigstore/protobuf-specs"])
def test_npm_says_that_it_took_the_file(name: str) -> None:
    real = next(real for real in REAL_BUNDLES if real.name == f"npm {name}")

    assert [attested.kind for attested in real.judged(default_trust_store()).verified] == [
        AttestationKind.NPM_PROVENANCE,
        AttestationKind.NPM_PUBLISH,
    ]
    other = verify_npm(real.document, name, "9.9.9", real.file, default_trust_store())
    assert {refused.reason for refused in other.rejected} == {f"it is of another package or version than {name} 9.9.9"}


def test_an_ended_key_of_npm_signs_no_more() -> None:
    real = next(real for real in REAL_BUNDLES if real.name == "npm @actions/core")
    keys = default_trust_store().registry_keys
    ended = {name: replace(key, expires=datetime(2024, 1, 1, tzinfo=UTC)) for name, key in keys.items()}

    judged = real.judged(replace(default_trust_store(), registry_keys=ended))

    assert [attested.kind for attested in judged.verified] == [AttestationKind.NPM_PROVENANCE]
    assert judged.rejected[0].reason == "the registry's key ended on 2024-01-01, before it was signed"


def test_what_others_than_github_actions_signed_is_refused() -> None:
    gitlab, person = (pypi_of(read_bundle(f"pypi-{name}")) for name in ("gitlab_oidc_project-0.0.3", "rfc8785-0.1.2"))

    (pipeline,) = verify_pypi(gitlab, PackageFile("gitlab_oidc_project-0.0.3.tar.gz"), default_trust_store()).rejected
    (somebody,) = verify_pypi(person, PackageFile("rfc8785-0.1.2-py3-none-any.whl"), default_trust_store()).rejected

    assert pipeline.reason == "it was signed by an identity of https://gitlab.com, not by a workflow of GitHub Actions"
    assert somebody.reason == "its certificate was not issued by the authority that it names"


def test_of_a_private_repository_nothing_is_seen_until_githubs_root_is_trusted() -> None:
    document = github_of(read_bundle("github-private"))

    (unseen,) = verify_github(document, PRIVATE, default_trust_store()).rejected
    assert unseen.unverifiable
    assert unseen.reason.endswith(
        "save what `gh attestation trusted-root` prints and name the file in WHARFINGER_TRUSTED_ROOTS"
    )

    (attested,) = verify_github(document, PRIVATE, load_trust_store([read_bundle("github-trusted-root")])).verified
    assert (attested.workload.repository, attested.workload.run) == ("actions/attest-demo", 8788389601)
    assert attested.signed_at == datetime(2024, 4, 22, 17, 33, 26, tzinfo=UTC)


def test_github_says_what_an_immutable_release_holds() -> None:
    trust = load_trust_store([read_bundle("github-trusted-root")])
    (attested,) = verify_github(github_of(read_bundle("github-release")), RELEASED, trust).verified

    assert attested.kind is AttestationKind.GITHUB_RELEASE
    assert (attested.workload.repository, attested.workload.ref) == ("jdx/communique", "refs/tags/v0.1.9")
    assert attested.workload.commit == "43d0bd191f16d1fe3484a4b58aa69118f7692442"
    assert RELEASED in attested.subjects


def test_the_log_of_the_second_generation_is_known_too() -> None:
    """It gives no time of its own; a timestamp does. Staging's root is shipped with the library as well."""
    file = PackageFile("a.txt", {"sha256": "a0cfc71271d6e278e57cd332ff957c3f7043fdda354c4cbb190a30d56efa01bf"})
    staging = load_trust_store([read_embedded("trusted_root.json", STAGING_TUF_URL)])

    (attested,) = verify_github(github_of(read_bundle("second-log")), file, staging).verified

    assert (attested.workload.run, attested.signed_at) == (25821282059, datetime(2026, 5, 13, 19, 23, 33, tzinfo=UTC))


def test_what_has_no_log_counts_only_at_an_authority_without_one() -> None:
    bundle = json.loads(read_bundle("github-called-workflow"))
    bundle["verificationMaterial"]["tlogEntries"] = []
    called = next(real for real in REAL_BUNDLES if "called" in real.name)

    (refused,) = called.judged(default_trust_store(), document=github_of(json.dumps(bundle).encode())).rejected

    assert refused.reason == "no transparency log recorded it, or several did"


def test_a_stamp_of_another_signature_is_none() -> None:
    bundle, other = (json.loads(read_bundle(name)) for name in ("github-private", "github-release"))
    bundle["verificationMaterial"]["timestampVerificationData"] = other["verificationMaterial"][
        "timestampVerificationData"
    ]

    trust = load_trust_store([read_bundle("github-trusted-root")])
    (refused,) = verify_github(github_of(json.dumps(bundle).encode()), PRIVATE, trust).rejected

    assert refused.reason == "nobody who is trusted saw when it was signed"
