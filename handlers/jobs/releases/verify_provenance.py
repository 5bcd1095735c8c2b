"""Verifies a registry's provenance with the verifier for that registry, imported on first use."""

from collections.abc import Callable, Mapping
from functools import cache

from bot.model.core_types import RegistryId
from bot.packages.package_reader import RegistryProvenance
from bot.packages.versions import PackageFile, PackageVersion
from bot.provenance.attestations import AttestationResults
from bot.provenance.registry_provenance import verify_npm, verify_pypi, verify_rubygems
from bot.provenance.trust_store import TrustStore, load_trust_store


def _npm(document: bytes, version: PackageVersion, file: PackageFile, trust: TrustStore) -> AttestationResults:
    return verify_npm(document, version.package.name, version.number, file, trust)


def _pypi(document: bytes, _: PackageVersion, file: PackageFile, trust: TrustStore) -> AttestationResults:
    return verify_pypi(document, file, trust)


def _rubygems(document: bytes, _: PackageVersion, file: PackageFile, trust: TrustStore) -> AttestationResults:
    return verify_rubygems(document, file, trust)


_VERIFIERS: Mapping[RegistryId, Callable[[bytes, PackageVersion, PackageFile, TrustStore], AttestationResults]] = {
    RegistryId("npm"): _npm,
    RegistryId("pypi"): _pypi,
    RegistryId("testpypi"): _pypi,
    RegistryId("rubygems"): _rubygems,
}


@cache
def trust_roots(roots: tuple[bytes, ...]) -> TrustStore:
    """Trust the public instance and further roots, each the text of a `trusted_root.json`; raises SettingsError."""
    return load_trust_store(roots)


def verify_provenance(
    offered: RegistryProvenance, version: PackageVersion, roots: tuple[bytes, ...]
) -> AttestationResults:
    """Verify the provenance that a registry offers of a version; provenance that cannot be verified here proves nothing."""
    trust = trust_roots(roots)
    verify = _VERIFIERS.get(offered.registry)
    files = {file.name: file for file in version.files}
    every = [
        verify(document, version, files.get(name, PackageFile(name)), trust)
        for name, document in (offered.documents if verify else ())
        if verify is not None
    ]
    return AttestationResults(
        tuple(attested for results in every for attested in results.verified),
        tuple(refused for results in every for refused in results.rejected),
    )
