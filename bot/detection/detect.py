"""The one question that this room answers: where this repository's packages leave, and with which credential."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from bot.detection.file_cache import FileCache, SearchBudget
from bot.detection.jobs import walk_workflows
from bot.detection.publication import DetectionResult, Publication
from bot.detection.scene import SearchedRepository
from bot.detection.sending import lowest_confidence
from bot.model.core_types import Confidence, Credential
from bot.registries import Catalog
from bot.workflows import Action, Workflow

# Of two verdicts about the same step and registry, the one that asks for more care stands.
_WORST_FIRST = (
    Credential.HYBRID,
    Credential.LONG_LIVED,
    Credential.UNKNOWN,
    Credential.CLOUD_OIDC,
    Credential.GITHUB_TOKEN,
    Credential.OIDC,
    Credential.NONE,
)


def find_publications(
    workflows: Mapping[str, Workflow], actions: Mapping[str, Action], files: Mapping[str, str], catalog: Catalog
) -> DetectionResult:
    """Every publication of a repository, and the paths of further files that would be followed if they were at hand.

    `workflows` are by path, `actions` by folder, `files` by path from the root; each publication stands once for its step
    and registry. Pure: the same files give the same answer.
    """
    shelf, ledger = FileCache(files), SearchBudget()
    publications = _merge_duplicates(walk_workflows(SearchedRepository(workflows, actions, shelf, ledger, catalog)))
    return DetectionResult(publications, frozenset(shelf.missing), ledger.unreadable, ledger.partially_read)


def _merge_duplicates(found: Iterable[Publication]) -> tuple[Publication, ...]:
    """One publication for each step and registry, however many commands, callers or matrix values led to it."""
    kept: dict[tuple[str, str, int | None, int, str], Publication] = {}
    for each in found:
        key = (each.file, each.job, each.step, each.line, each.registry)
        kept[key] = _merge_two(kept[key], each) if key in kept else each
    return tuple(kept.values())


def _merge_two(first: Publication, second: Publication) -> Publication:
    worst, other = sorted((first, second), key=lambda each: _WORST_FIRST.index(each.credential))
    secrets = worst.secrets
    if worst.credential == other.credential:
        secrets = tuple(sorted({*worst.secrets, *other.secrets}))
    via = worst.via if worst.via == other.via else (*worst.via, *(each for each in other.via if each not in worst.via))
    sure = max(
        first.confidence,
        second.confidence,
        key=lambda each: lowest_confidence(each, Confidence.HIGH) is Confidence.HIGH,
    )
    return replace(worst, secrets=secrets, via=via, confidence=sure)
