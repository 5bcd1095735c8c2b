"""Finds what people attested of a package's settings at its registry, as long as the attestation is recent."""

from collections.abc import Iterator
from datetime import timedelta

from bot.model.identity_register import LockDownAttestation
from bot.packages.manifests import format_purl
from bot.packages.versions import Package
from bot.snapshot.repository_snapshot import Snapshot


def attestations_of(package: Package, snapshot: Snapshot, max_age: timedelta) -> Iterator[LockDownAttestation]:
    """Yield the attestations of a package that are not too old, the newest first; one of a day to come does not count."""
    purl, today = format_purl(package, snapshot.catalog).casefold(), snapshot.taken_at.date()
    mine = [each for each in snapshot.attestations if each.purl.casefold() == purl]
    yield from (
        each for each in sorted(mine, key=lambda each: each.seen, reverse=True) if today - max_age <= each.seen <= today
    )
