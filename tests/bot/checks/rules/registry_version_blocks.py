"""The `watched` blocks of rules' pages: what registries tell of a repository's packages, as a person would write it down."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import yaml

from bot.model.core_types import FullName, RegistryId
from bot.model.findings import Known, MaybeKnown
from bot.packages.publish_history import Observation, WatchedPackage
from bot.packages.versions import Package, PackageVersion, PublisherKind, Workload
from tests.bot.checks.settings_blocks import NOW

VERSION_KEYS = {"version", "published", "sender", "account", "workflow", "repository", "provenance", "withdrawn", "environment"}  # fmt: skip


PACKAGE_KEYS = {"versions", "accounts", "tokens-refused"}


def read_registry_versions(text: str, repository: FullName) -> MaybeKnown[tuple[WatchedPackage, ...]]:
    """Read a block: `registry name:` and its versions, oldest first. An unknown word in it is a mistake of the page."""
    return Known(tuple(_package(name, each, repository) for name, each in (yaml.safe_load(text) or {}).items()))


def _package(name: str, told: list[dict[str, Any]] | dict[str, Any], repository: FullName) -> WatchedPackage:
    words: dict[str, Any] = told if isinstance(told, dict) else {"versions": told}
    assert words.keys() <= PACKAGE_KEYS, words.keys() - PACKAGE_KEYS
    versions = words["versions"]
    registry, _, rest = name.partition(" ")
    package = Package(RegistryId(registry), rest)
    sightings = tuple(_observation(package, words, repository) for words in versions)
    watched = WatchedPackage(
        package, repository, NOW, NOW, sightings, frozenset(each.version.number for each in sightings)
    )
    if "accounts" in words:
        watched = replace(watched, current_maintainers=Known(tuple(words["accounts"])))
    return replace(watched, tokens_refused=Known(words["tokens-refused"])) if "tokens-refused" in words else watched


def _observation(package: Package, block: dict[str, Any], repository: FullName) -> Observation:
    assert block.keys() <= VERSION_KEYS, block.keys() - VERSION_KEYS
    published: datetime | None = block.get("published")
    workflow = block.get("workflow")
    return Observation(
        PackageVersion(
            package,
            block["version"],
            published and published.replace(tzinfo=UTC),
            PublisherKind(block.get("sender", "untold")),
            block.get("account"),
            has_provenance=block.get("provenance"),
            withdrawn=block.get("withdrawn", False),
        ),
        NOW,
        workload=Workload(block.get("repository", repository), workflow, environment=block.get("environment"))
        if workflow
        else None,
        attested=block.get("provenance", False),
    )
