"""Judges the provenance that a registry offers, each kind by its own checks. Loading what verifies takes a second: it is loaded by name."""

from collections.abc import Callable, Mapping
from functools import cache

from bot.model.core_types import RegistryId
from bot.packages.provenance import Offered
from bot.packages.versions import File, Version
from bot.provenance.attestations import Judged
from bot.provenance.npm_provenance import judge_npm
from bot.provenance.pypi_provenance import judge_pypi
from bot.provenance.rubygems_provenance import judge_rubygems
from bot.provenance.trust import Trust, trusted


def _npm(document: bytes, version: Version, file: File, trust: Trust) -> Judged:
    return judge_npm(document, version.package.name, version.number, file, trust)


def _pypi(document: bytes, _: Version, file: File, trust: Trust) -> Judged:
    return judge_pypi(document, file, trust)


def _rubygems(document: bytes, _: Version, file: File, trust: Trust) -> Judged:
    return judge_rubygems(document, file, trust)


_JUDGES: Mapping[RegistryId, Callable[[bytes, Version, File, Trust], Judged]] = {
    RegistryId("npm"): _npm,
    RegistryId("pypi"): _pypi,
    RegistryId("testpypi"): _pypi,
    RegistryId("rubygems"): _rubygems,
}


@cache
def trust_in(roots: tuple[bytes, ...]) -> Trust:
    """Trust the public instance and further roots, each the text of a `trusted_root.json`; raises SettingsError."""
    return trusted(roots)


def prove(offered: Offered, version: Version, roots: tuple[bytes, ...]) -> Judged:
    """Judge all that a registry offers of a version; an offer that nobody here can judge proves nothing."""
    trust = trust_in(roots)
    judge = _JUDGES.get(offered.registry)
    files = {file.name: file for file in version.files}
    each = [
        judge(document, version, files.get(name, File(name)), trust)
        for name, document in (offered.texts if judge else ())
        if judge is not None
    ]
    return Judged(
        tuple(attested for judged in each for attested in judged.attested),
        tuple(refused for judged in each for refused in judged.refused),
    )
