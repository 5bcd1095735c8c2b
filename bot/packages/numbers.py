"""When two spellings are one version to a registry."""

from packaging.utils import canonicalize_version

from bot.model.core_types import RegistryId

_PYTHON_REGISTRIES = ("pypi", "testpypi")


def same_version(registry: RegistryId, first: str, second: str) -> bool:
    """Whether two numbers are one version: `1.2.0-rc.1` and `1.2rc1` are on PyPI, `1.2.0+build5` and `1.2.0` elsewhere.

    packaging.python.org, "Version specifiers", Normalization; semver.org, 10: build metadata is no part of it.
    """
    return _normalize(registry, first) == _normalize(registry, second)


def _normalize(registry: RegistryId, number: str) -> str:
    bare = number.removeprefix("v")
    return canonicalize_version(bare) if registry in _PYTHON_REGISTRIES else bare.partition("+")[0]
