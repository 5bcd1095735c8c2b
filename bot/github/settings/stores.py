"""Reads a repository's stores of secrets and variables, its organization's included."""

from collections.abc import Callable
from dataclasses import replace

from bot.github.github_errors import MissingError
from bot.github.settings.organization import OrganizationSecrets, with_secret_access
from bot.github.settings.organization_cache import OrganizationCache
from bot.github.settings.secrets_api import TokenDetector, read_secrets, read_variables, repository_path
from bot.model.core_types import FullName
from bot.settings import RepositoryFacts, Secret, SecretStore, SettingsQuery, Variable


class SecretStores:
    """The stores of one repository. A person's repository has no organization, and so no stores of one."""

    def __init__(self, cache: OrganizationCache, repository: FullName, facts: RepositoryFacts) -> None:
        self._cache = cache
        self._client = cache.client
        self._repository = repository
        self._facts = facts

    def repository(self) -> tuple[Secret, ...]:
        return self._read("actions", "secrets", SecretStore.REPOSITORY)

    def dependabot(self) -> tuple[Secret, ...]:
        return self._read("dependabot", "secrets", SecretStore.DEPENDABOT)

    def agent(self) -> tuple[Secret, ...]:
        return self._empty_on_enterprise_server(lambda: self._read("agents", "secrets", SecretStore.AGENT))

    def organization(self, is_relevant: Callable[[str], bool], *, with_access: bool) -> tuple[Secret, ...]:
        """Read the organization's secrets that reach the repository, with whom else they reach where that is wanted."""
        if not self._facts.owner_is_organization:
            return ()
        found = self._read("actions", "organization-secrets", SecretStore.ORGANIZATION)
        shared = OrganizationSecrets(self._cache, SecretStore.ORGANIZATION)
        return with_secret_access(found, shared, is_relevant) if with_access else with_unread_access(found)

    def organization_dependabot(self) -> tuple[Secret, ...]:
        return self._organization_secrets(SecretStore.ORGANIZATION_DEPENDABOT)

    def organization_agent(self) -> tuple[Secret, ...]:
        return self._empty_on_enterprise_server(lambda: self._organization_secrets(SecretStore.ORGANIZATION_AGENT))

    def variables(self, detect_token: TokenDetector) -> tuple[Variable, ...]:
        """Read the repository's variables and those of the organization that reach it."""
        found: list[Variable] = []
        for part, store in (
            ("variables", SecretStore.REPOSITORY),
            ("organization-variables", SecretStore.ORGANIZATION),
        ):
            if store is SecretStore.REPOSITORY or self._facts.owner_is_organization:
                address = repository_path(self._repository, "actions", part)
                found += read_variables(self._client, address, f"variables of {self._repository}", store, detect_token)
        return tuple(found)

    def _read(self, folder: str, part: str, store: SecretStore) -> tuple[Secret, ...]:
        address = repository_path(self._repository, folder, part)
        return read_secrets(self._client, address, f"{folder} secrets of {self._repository}", store)

    def _organization_secrets(self, store: SecretStore) -> tuple[Secret, ...]:
        if not self._facts.owner_is_organization:
            return ()
        return OrganizationSecrets(self._cache, store).secrets_for(self._repository, self._facts)

    def _empty_on_enterprise_server(self, fetch: Callable[[], tuple[Secret, ...]]) -> tuple[Secret, ...]:
        """Ask for what a server of one's own may not have: where there is no such store, nothing is in it."""
        try:
            return fetch()
        except MissingError:
            if self._client.github_client.server.is_enterprise_server:
                return ()
            raise


def with_unread_access(secrets: tuple[Secret, ...]) -> tuple[Secret, ...]:
    """Say of an organization's secrets that nobody asked whom they reach."""
    return tuple(replace(secret, access=SettingsQuery.ORGANIZATION_SECRET_ACCESS.not_read) for secret in secrets)
