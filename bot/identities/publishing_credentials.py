"""Finds the stored secrets and trusted publishers that a repository publishes with."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from bot.detection import Publication
from bot.model.core_types import Credential, FullName, RegistryId
from bot.model.findings import Known, Location, Unknown, settings_location
from bot.registries import Catalog
from bot.settings import FoundSecrets, Secret, SecretStore
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


ACTIONS_STORES = (
    SecretStore.REPOSITORY,
    SecretStore.ENVIRONMENT,
    SecretStore.ORGANIZATION,
)  # the stores that workflows read


def may_hold_publishing_secrets(snapshot: Snapshot) -> bool:
    """Whether there is anything to say about what a repository keeps: it publishes, or holds a registry's secret.

    A repository of GitHub's whose secrets we may not see could hold one; a checkout is not asked at all.
    """
    if snapshot.publications:
        return True
    secrets = snapshot.settings.secrets
    if isinstance(secrets, Unknown):
        return isinstance(snapshot.settings.repository, Known)
    telling = snapshot.catalog
    return any(telling.by_secret_name(secret.name) for secret in snapshot.settings.secrets_in(ACTIONS_STORES).secrets)


def publishing_secrets(snapshot: Snapshot, stores: Iterable[SecretStore] = ACTIONS_STORES) -> FoundSecrets:
    """Return the secrets of these stores that a publication uses or whose name tells a registry, and the unknown stores."""
    secrets = snapshot.settings.secrets
    if not snapshot.publications and isinstance(secrets, Unknown):
        return FoundSecrets((), (secrets,))  # the other stores were not read for that reason alone
    stored = snapshot.settings.secrets_in(stores)
    used, telling = publications_by_secret(snapshot.publications, snapshot), snapshot.catalog
    found = (each for each in stored.secrets if each.name.upper() in used or telling.by_secret_name(each.name))
    return FoundSecrets(tuple(found), stored.unknown)


_REPOSITORY_PAGES = {
    SecretStore.REPOSITORY: "settings/secrets/actions",
    SecretStore.ENVIRONMENT: "settings/environments",
    SecretStore.DEPENDABOT: "settings/secrets/dependabot",
    SecretStore.AGENT: "settings/secrets/agents",
}
_ORGANIZATION_PAGES = {
    SecretStore.ORGANIZATION: "actions",
    SecretStore.ORGANIZATION_DEPENDABOT: "dependabot",
    SecretStore.ORGANIZATION_AGENT: "agents",
}
_NAVIGATION = {
    SecretStore.REPOSITORY: "Settings, Secrets and variables, Actions",
    SecretStore.ENVIRONMENT: "Settings, Environments, {environment}",
    SecretStore.DEPENDABOT: "Settings, Secrets and variables, Dependabot",
    SecretStore.AGENT: "Settings, Secrets and variables, Agents",
    SecretStore.ORGANIZATION: "the organization's Settings, Secrets and variables, Actions",
    SecretStore.ORGANIZATION_DEPENDABOT: "the organization's Settings, Secrets and variables, Dependabot",
    SecretStore.ORGANIZATION_AGENT: "the organization's Settings, Secrets and variables, Agents",
}
_STORE_NAMES = {
    SecretStore.REPOSITORY: "the repository",
    SecretStore.ENVIRONMENT: "the environment {environment}",
    SecretStore.ORGANIZATION: "the organization",
    SecretStore.DEPENDABOT: "Dependabot",
    SecretStore.ORGANIZATION_DEPENDABOT: "the organization for Dependabot",
    SecretStore.AGENT: "the coding agent",
    SecretStore.ORGANIZATION_AGENT: "the organization for the coding agent",
}


def secret_settings_page(secret: Secret, repository: FullName) -> Location:
    """Return the page of settings on which a secret is listed."""
    if secret.store in _ORGANIZATION_PAGES:
        return organization_settings_page(repository, f"secrets/{_ORGANIZATION_PAGES[secret.store]}")
    return settings_location(_REPOSITORY_PAGES[secret.store])


def organization_settings_page(repository: FullName, page: str) -> Location:
    """Return a page of the settings of the repository's organization."""
    return settings_location(f"organizations/{repository.partition('/')[0]}/settings/{page}")


def settings_navigation(secret: Secret) -> str:
    """Say how a person gets to a secret: `Settings, Secrets and variables, Actions`."""
    return _NAVIGATION[secret.store].format(environment=secret.environment or "")


def describe_store(secret: Secret) -> str:
    """Say whose secret it is: `the repository`, `the environment release`, `the organization`."""
    return _STORE_NAMES[secret.store].format(environment=secret.environment or "")
