"""What a reading of a registry gives: a listing with what to keep for the next reading, or that nothing changed."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from bot.packages.versions import Package, PackageListing


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
