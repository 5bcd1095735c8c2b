"""Defines published versions and registry listings, and compares and sorts version numbers."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from packaging.utils import canonicalize_version

from bot.model.core_types import FullName, RegistryId, Sha
from bot.model.findings import MaybeKnown, Unknown


class TraceStatus(StrEnum):
    """Whether a published version traces to a publish step of ours that succeeded."""

    TRACED = "traced"
    PENDING = "pending"  # within the grace that a run and a registry get, or something needed was not seen
    UNTRACED = "untraced"


@dataclass(frozen=True, slots=True, order=True)
class Package:
    """A package of a registry, by the name that the registry writes (with its scope or group)."""

    registry: RegistryId
    name: str

    def __str__(self) -> str:
        return f"{self.name} on {self.registry}"


@dataclass(frozen=True, slots=True)
class PackageFile:
    """One file of a version, with its digests in hexadecimal by the algorithm's name (`sha256`)."""

    name: str
    digests: Mapping[str, str] = field(default_factory=dict)
    uploaded_at: datetime | None = None  # when the registry took it, where it says so of each file


@dataclass(frozen=True, slots=True)
class Workload:
    """The workflow run that asked a registry or a certificate authority for something. None: not told."""

    repository: FullName | None = None
    workflow: str | None = None  # path of the workflow that was started: .github/workflows/release.yml
    ref: str | None = None  # refs/tags/v1.2.0
    commit: Sha | None = None
    event: str | None = None
    runner: str | None = None  # github-hosted, self-hosted
    environment: str | None = None
    run: int | None = None
    attempt: int | None = None


class PublisherKind(StrEnum):
    """What kind of credential a registry says that a version came with."""

    TRUSTED_PUBLISHER = "trusted publisher"
    ACCOUNT = "account"  # a token or a password of somebody
    UNKNOWN = "untold"  # this registry does not say


@dataclass(frozen=True, slots=True)
class PackageVersion:
    """One version of a package, in its registry's words. Nothing of it is verified; provenance is (bot/provenance)."""

    package: Package
    number: str
    published_at: datetime | None  # None: the registry does not tell
    publisher_kind: PublisherKind = PublisherKind.UNKNOWN
    published_by: str | None = None  # the registry's name of who sent it
    workload: Workload | None = None  # which run sent it, by the registry's word
    files: tuple[PackageFile, ...] = ()
    has_provenance: bool | None = (
        None  # whether the registry offers provenance of it; None: it does not tell, or has none to offer
    )
    commit: Sha | None = None  # that the version says it was made from (npm gitHead, Go origin)
    withdrawn: bool = False  # yanked, unlisted or deprecated as a whole
    staged: bool = False  # a person let it go at the registry, which may have been days after it was sent there


TOKEN_SETTING_NOT_TOLD: MaybeKnown[bool] = Unknown(
    "whether tokens are refused", "the registry shows that only to a login"
)


@dataclass(frozen=True, slots=True)
class PackageListing:
    """What a registry has of a package at one moment: its versions, oldest first, and who may publish."""

    package: Package
    versions: tuple[PackageVersion, ...]
    maintainers: MaybeKnown[tuple[str, ...]]
    roles: Mapping[str, str] = field(default_factory=dict)  # of maintainers, in the registry's words, where it tells
    tokens_refused: MaybeKnown[bool] = TOKEN_SETTING_NOT_TOLD  # whether only trusted publishers may publish


_PYTHON_REGISTRIES = ("pypi", "testpypi")


def same_version(registry: RegistryId, first: str, second: str) -> bool:
    """Whether two numbers are one version: `1.2.0-rc.1` and `1.2rc1` are on PyPI, `1.2.0+build5` and `1.2.0` elsewhere.

    packaging.python.org, "Version specifiers", Normalization; semver.org, 10: build metadata is no part of it.
    """
    return _normalize(registry, first) == _normalize(registry, second)


def _normalize(registry: RegistryId, number: str) -> str:
    bare = number.removeprefix("v")
    return canonicalize_version(bare) if registry in _PYTHON_REGISTRIES else bare.partition("+")[0]


_SORT_KEY_PART = re.compile(r"\d{1,18}|[A-Za-z]+")
VersionSortKey: TypeAlias = tuple[tuple[int, int, str], ...]


def version_sort_key(number: str) -> VersionSortKey:
    """Return what a version number is sorted by: 1.10 after 1.9, and 1.0-rc.1 before 1.0."""
    head, dash, tail = number.removeprefix("v").partition("+")[0].partition("-")
    parts = [(2, int(part), "") if part.isdigit() else (0, 0, part.lower()) for part in _SORT_KEY_PART.findall(head)]
    end = (0, 0, "") if dash else (1, 0, "")
    rest = [(2, int(part), "") if part.isdigit() else (1, 0, part.lower()) for part in _SORT_KEY_PART.findall(tail)]
    return (*parts, end, *rest)


@dataclass(frozen=True, slots=True)
class CacheValidator:
    """What a registry's answer said of itself, so that the next question is "has it changed since?" (RFC 9110, 13)."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True)
class FetchedListing:
    """What one reading tells, and what is kept of it for the next."""

    listing: PackageListing
    owners_read_at: datetime  # when `listing.maintainers` was read: some registries tell them at another address
    validator: CacheValidator = CacheValidator()


@dataclass(frozen=True, slots=True)
class UnchangedListing:
    """The registry has nothing new; `known` is what to keep in the place of what was kept."""

    fetched: FetchedListing


@dataclass(frozen=True, slots=True)
class PackageNotFound:
    """The registry has no package of this name: not published yet, removed, or not for everybody to see."""

    package: Package


ListingResult: TypeAlias = FetchedListing | UnchangedListing | PackageNotFound
