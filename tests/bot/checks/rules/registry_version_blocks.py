"""The `watched` blocks of rules' pages: what registries tell of a repository's packages, as a person would write it down."""

from datetime import UTC, datetime
from typing import Any

import yaml

from bot.model.core_types import FullName, RegistryId
from bot.model.findings import Fact, Seen
from bot.packages.publish_history import Sighting, Watched
from bot.packages.versions import Package, Sender, Version, Workload
from tests.bot.checks.settings_blocks import NOW

WORDS = {"version", "published", "sender", "account", "workflow", "repository", "provenance", "withdrawn", "environment"}  # fmt: skip


def read_watched(text: str, repository: FullName) -> Fact[tuple[Watched, ...]]:
    """Read a block: `registry name:` and its versions, oldest first. An unknown word in it is a mistake of the page."""
    return Seen(tuple(_package(name, each, repository) for name, each in (yaml.safe_load(text) or {}).items()))


def _package(name: str, versions: list[dict[str, Any]], repository: FullName) -> Watched:
    registry, _, rest = name.partition(" ")
    package = Package(RegistryId(registry), rest)
    sightings = tuple(_sighting(package, words, repository) for words in versions)
    return Watched(package, repository, NOW, NOW, sightings, frozenset(each.version.number for each in sightings))


def _sighting(package: Package, words: dict[str, Any], repository: FullName) -> Sighting:
    assert words.keys() <= WORDS, words.keys() - WORDS
    published: datetime | None = words.get("published")
    workflow = words.get("workflow")
    return Sighting(
        Version(
            package,
            words["version"],
            published and published.replace(tzinfo=UTC),
            Sender(words.get("sender", "untold")),
            words.get("account"),
            provenance=words.get("provenance"),
            withdrawn=words.get("withdrawn", False),
        ),
        NOW,
        workload=Workload(words.get("repository", repository), workflow, environment=words.get("environment"))
        if workflow
        else None,
        attested=words.get("provenance", False),
    )
