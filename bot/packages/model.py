"""What a reading of a registry gives: a listing with what to keep for the next reading, or that nothing changed."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from bot.packages.versions import Listing, Package


@dataclass(frozen=True, slots=True)
class Validator:
    """What a registry's answer said of itself, so that the next question is "has it changed since?" (RFC 9110, 13)."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What one reading tells, and what is kept of it for the next."""

    listing: Listing
    owners_read: datetime  # when `listing.maintainers` was read: some registries tell them at another address
    validator: Validator = Validator()


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The registry has nothing new; `known` is what to keep in the place of what was kept."""

    known: Known


@dataclass(frozen=True, slots=True)
class NotThere:
    """The registry has no package of this name: not published yet, removed, or not for everybody to see."""

    package: Package


Reading: TypeAlias = Known | Unchanged | NotThere
