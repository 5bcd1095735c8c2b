"""Types that every room of the stand-in shares."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]  # an object as GitHub sends or takes it, before or after it is checked
Permissions = Mapping[str, str]  # permission -> read, write or admin


def timestamp(seconds: float) -> str:
    """A moment (seconds since 1970) as GitHub writes it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
