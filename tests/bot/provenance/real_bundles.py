"""The real bundles, with what each proves: read once from the certificate by hand, so that the reader is held to it."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bot.model.core_types import FullName, Sha
from bot.packages.versions import PackageFile, Workload
from bot.provenance.attestations import AttestationResults
from bot.provenance.registry_provenance import verify_github, verify_npm, verify_pypi, verify_rubygems
from bot.provenance.trust_store import TrustStore

BUNDLES_FOLDER = Path(__file__).parent / "data"


@dataclass(frozen=True, slots=True, kw_only=True)
class RealBundle:
    """One real answer: how it is judged, of which file it is, which run it names."""

    name: str
    judge: Callable[[bytes, PackageFile, TrustStore], AttestationResults]
    document: bytes
    file: PackageFile
    workload: Workload
    logged_at: str  # the second in which the log saw it

    def judged(
        self, trust: TrustStore, *, file: PackageFile | None = None, document: bytes | None = None
    ) -> AttestationResults:
        return self.judge(document or self.document, file or self.file, trust)

    def of_another_file(self) -> PackageFile:
        """The same name, and digests that differ in the first digit."""
        return PackageFile(
            self.file.name,
            {name: f"{(int(value[0], 16) + 1) % 16:x}{value[1:]}" for name, value in self.file.digests.items()},
        )


def read_bundle(name: str) -> bytes:
    return (BUNDLES_FOLDER / f"{name}.json").read_bytes()


def pypi_of(attestation: bytes) -> bytes:
    """PyPI's answer around one attestation."""
    publisher = {"kind": "GitHub", "repository": "acme/widgets", "workflow": "release.yml"}
    bundle = {"publisher": publisher, "attestations": [json.loads(attestation)]}
    return json.dumps({"version": 1, "attestation_bundles": [bundle]}).encode()


def github_of(bundle: bytes) -> bytes:
    """GitHub's answer around one bundle."""
    return json.dumps({"attestations": [{"bundle": json.loads(bundle)}]}).encode()


def expected_run(started: str, commit: str, event: str, number: int) -> Workload:
    """A run's first attempt, on a runner of GitHub's, of REPOSITORY/FILE@REF."""
    path, _, ref = started.partition("@")
    repository, _, workflow = path.rpartition("/")
    return Workload(
        FullName(repository), f".github/workflows/{workflow}", ref, Sha(commit), event, "github-hosted", None, number, 1
    )


def npm(name: str, version: str) -> Callable[[bytes, PackageFile, TrustStore], AttestationResults]:
    return lambda document, file, trust: verify_npm(document, name, version, file, trust)


REAL_BUNDLES = (
    RealBundle(
        name="pypi-attestations",
        judge=verify_pypi,
        document=read_bundle("pypi-pypi_attestations-0.0.19"),
        file=PackageFile(
            "pypi_attestations-0.0.19.tar.gz",
            {"sha256": "9bb1add04b1b4e182be6b0b80931593f7a291eb49d69b4fd728a5d4cbcdc4bd3"},
        ),
        workload=expected_run(
            "trailofbits/pypi-attestations/release.yml@refs/tags/v0.0.19",
            "08802efe1f8e5fec4ad842d6b8ce97656092ee72",
            "release",
            12169989787,
        ),
        logged_at="2024-12-04T23:14:01",
    ),
    RealBundle(
        name="pypi-attestation-models",
        judge=verify_pypi,
        document=pypi_of(read_bundle("pypi-pypi_attestation_models-0.0.4a2")),
        file=PackageFile(
            "pypi_attestation_models-0.0.4a2.tar.gz",
            {"sha256": "c9709ce6fd5b67b59b4a28758cf14d3f411803c4b89b6068b1f1a8e4ee94c8ef"},
        ),
        workload=expected_run(
            "trailofbits/pypi-attestation-models/release.yml@refs/tags/v0.0.4a2",
            "153c9a3f5c152ef5405cba227676534658acde27",
            "release",
            9454590800,
        ),
        logged_at="2024-06-10T19:47:25",
    ),
    RealBundle(
        name="npm @actions/core",
        judge=npm("@actions/core", "1.11.1"),
        document=read_bundle("npm-actions-core-1.11.1"),
        file=PackageFile(
            "core-1.11.1.tgz",
            {
                "sha512": "8572424ab9307c0e3a55df59deae1ca44a47075acbe4d1b4e3efeb6ea5bd777f824afb41d6d61ef144e90258b16b5be3d26fd42e095f10ad942b1306c42c6fe4"
            },
        ),
        workload=expected_run(
            "actions/toolkit/releases.yml@refs/heads/main",
            "d14afd7973c037fa9f72882decd1eb3befa36135",
            "workflow_dispatch",
            11187189876,
        ),
        logged_at="2024-10-04T21:59:17",
    ),
    RealBundle(
        name="npm @sigstore/protobuf-specs",
        judge=npm("@sigstore/protobuf-specs", "0.2.1"),
        document=read_bundle("npm-protobuf-specs-0.2.1"),
        file=PackageFile(
            "protobuf-specs-0.2.1.tgz",
            {
                "sha512": "5d3595c67589bbe735a02b2130bc272afcfc6502490d53a572231f82924141b4e1563293086f1dc328602e78010f628dd1aa7d17f80e57cac50c4c7cba1ed1d8"
            },
        ),
        workload=expected_run(
            "sigstore/protobuf-specs/typescript-publish.yml@refs/tags/release/typescript/v0.2.1",
            "90ce2af553f37d3a76006f6c1f4a2cfbf9e1974e",
            "push",
            5880874930,
        ),
        logged_at="2023-08-16T15:37:48",
    ),
    RealBundle(
        name="npm sigstore",
        judge=npm("sigstore", "2.1.0"),
        document=github_of(
            read_bundle("npm-sigstore-2.1.0")
        ),  # the bundle alone was found; npm's answer has it in the same place
        file=PackageFile(
            "sigstore-2.1.0.tgz",
            {
                "sha512": "90f223f992e4c88dd068cd2a5fc57f9d2b30798343dd6e38f29c240e04ba090ef831f84490847c4e82b9232c78e8a258463b1e55c0f7469f730265008fa6633f"
            },
        ),
        workload=expected_run(
            "sigstore/sigstore-js/release.yml@refs/heads/main",
            "26d16513386ffaa790b1c32f927544f1322e4194",
            "push",
            6014488666,
        ),
        logged_at="2023-08-29T15:40:23",
    ),
    RealBundle(
        name="gem",
        judge=verify_rubygems,
        document=b"[" + read_bundle("rubygems-sigstore-1.0.0") + b"]",
        file=PackageFile(
            "sigstore-1.0.0.gem", {"sha256": "77339159c377db36b9218521bdd193d21e1b86b3dbcd7af53b904fb5f4d4ab54"}
        ),
        workload=expected_run(
            "sigstore-conformance/extremely-dangerous-public-oidc-beacon/extremely-dangerous-oidc-beacon.yml@refs/heads/main",
            "0f75992dc755950b208115d6f290c87a71a3aede",
            "workflow_dispatch",
            10461678035,
        ),
        logged_at="2024-08-19T22:10:42",
    ),
    RealBundle(
        name="signed as a gem is",
        judge=verify_rubygems,
        document=b"[" + read_bundle("rubygems-rfc8785-0.1.2") + b"]",
        file=PackageFile(
            "rfc8785-0.1.2-py3-none-any.whl",
            {"sha256": "c4e92e9ecc828bef2aa7dba1de8ac983511f7532a0df11c770d39099a25cf201"},
        ),
        workload=expected_run(
            "trailofbits/rfc8785.py/release.yml@refs/tags/v0.1.2",
            "d8b4a6445f38c48b9137a8099706d9b8073146e4",
            "release",
            8351058501,
        ),
        logged_at="2024-03-19T22:41:16",
    ),
    RealBundle(
        name="github, by a called workflow",
        judge=verify_github,
        document=github_of(read_bundle("github-called-workflow")),
        file=PackageFile(
            "github_provenance_demo-0.0.0-py3-none-any.whl",
            {"sha256": "49a3aa6075e0f49f82843e74b5baa614ad2a588e6675612bf108a0a008c5ac25"},
        ),
        workload=expected_run(
            "malancas/attest-demo/shared.yml@refs/heads/main",
            "95baf27389e83e6a5c48f42e190d48d7abcea19e",
            "workflow_dispatch",
            9228858953,
        ),
        logged_at="2024-05-24T19:14:24",
    ),
    RealBundle(
        name="github, of an enterprise",
        judge=verify_github,
        document=github_of(read_bundle("github-issuer-of-an-enterprise")),
        file=PackageFile("artifact", {"sha256": "afa27b44d43b02a9fea41d13cedc2e4016cfcf87c5dbf990e593669aa8ce286d"}),
        workload=expected_run(
            "too-legit/attest/integration.yml@refs/heads/main",
            "283bf967fa3c591925dd25e6a6e8e781542117bf",
            "workflow_dispatch",
            10818226125,
        ),
        logged_at="2024-09-11T19:19:03",
    ),
)
