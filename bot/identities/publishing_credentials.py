"""Which secrets and trusted publishers a repository's workflows publish with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from bot.detection import Publication
from bot.model.core_types import Credential, RegistryId
from bot.registries import Catalog
from bot.snapshot.repository_snapshot import Snapshot

STORED_CREDENTIALS = (Credential.LONG_LIVED, Credential.HYBRID)

PublicationsBySecret: TypeAlias = Mapping[str, tuple[Publication, ...]]


@dataclass(frozen=True, slots=True)
class _CachedPublications:
    """What was asked last, and its answer: a dozen rules ask the same of one repository, one behind the other."""

    publications: tuple[Publication, ...]
    catalog: Catalog
    by_secret: PublicationsBySecret


_LAST_RESULT: list[_CachedPublications] = []


def publications_by_secret(publications: tuple[Publication, ...], snapshot: Snapshot) -> PublicationsBySecret:
    """Return the secrets that act as a credential, by name in capitals, each with the publications that it makes.

    Of several at one publication those count whose name tells its registry, if any does: the others go along, as a user's
    name or a key that signs do. What serves GitHub itself (a token for releases) serves many ends beside publishing.
    """
    known = _LAST_RESULT[:1]  # taken at once: another thread may put its own there
    if known and known[0].publications is publications and known[0].catalog is snapshot.catalog:
        return known[0].by_secret
    found = _find_publications_by_secret(publications, snapshot)
    _LAST_RESULT[:] = [_CachedPublications(publications, snapshot.catalog, found)]
    return found


def _find_publications_by_secret(publications: tuple[Publication, ...], snapshot: Snapshot) -> PublicationsBySecret:
    telling = snapshot.catalog
    found: dict[str, list[Publication]] = {}
    for publication in publications:
        if (
            publication.credential not in STORED_CREDENTIALS
            or snapshot.registries[publication.registry].trust_mechanism == "job-token"
        ):
            continue
        own = [name for name in publication.secrets if publication.registry in telling.by_secret_name(name)]
        for name in dict.fromkeys(own or publication.secrets):
            found.setdefault(name.upper(), []).append(publication)
    return {name: tuple(each) for name, each in found.items()}


def trusted_publications(snapshot: Snapshot) -> Mapping[RegistryId, tuple[Publication, ...]]:
    """Return the registries that are published to as a trusted publisher, each with the publications that do."""
    found: dict[RegistryId, list[Publication]] = {}
    for publication in snapshot.publications:
        registry = snapshot.registries[publication.registry]
        if registry.trust_mechanism == "publisher" and publication.credential is Credential.OIDC:
            found.setdefault(publication.registry, []).append(publication)
    return {registry: tuple(each) for registry, each in found.items()}
