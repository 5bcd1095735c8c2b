"""Reads a repository's stores of secrets and variables, its organisation's included."""

from collections.abc import Callable
from dataclasses import replace

from bot.github.github_errors import MissingError
from bot.github.settings.organisation import SharedSecrets, with_reach
from bot.github.settings.organization_cache import Kept
from bot.github.settings.secrets_api import LooksLike, read_secrets, read_variables, repository_path
from bot.model.core_types import FullName
from bot.settings import Read, RepositoryFacts, Secret, Store, Variable


class Stores:
    """The stores of one repository. A person's repository has no organisation, and so no stores of one."""

    def __init__(self, kept: Kept, repository: FullName, facts: RepositoryFacts) -> None:
        self._kept = kept
        self._line = kept.line
        self._repository = repository
        self._facts = facts

    def repository(self) -> tuple[Secret, ...]:
        return self._read("actions", "secrets", Store.REPOSITORY)

    def dependabot(self) -> tuple[Secret, ...]:
        return self._read("dependabot", "secrets", Store.DEPENDABOT)

    def agent(self) -> tuple[Secret, ...]:
        return self._on_github_com(lambda: self._read("agents", "secrets", Store.AGENT))

    def organisation(self, matters: Callable[[str], bool], *, reach: bool) -> tuple[Secret, ...]:
        """Read the organisation's secrets that reach the repository, with whom else they reach where that is wanted."""
        if not self._facts.owner_is_organisation:
            return ()
        found = self._read("actions", "organization-secrets", Store.ORGANISATION)
        shared = SharedSecrets(self._kept, Store.ORGANISATION)
        return with_reach(found, shared, matters) if reach else unasked(found)

    def organisation_dependabot(self) -> tuple[Secret, ...]:
        return self._shared(Store.ORGANISATION_DEPENDABOT)

    def organisation_agent(self) -> tuple[Secret, ...]:
        return self._on_github_com(lambda: self._shared(Store.ORGANISATION_AGENT))

    def variables(self, looks_like: LooksLike) -> tuple[Variable, ...]:
        """Read the repository's variables and those of the organisation that reach it."""
        found: list[Variable] = []
        for part, store in (("variables", Store.REPOSITORY), ("organization-variables", Store.ORGANISATION)):
            if store is Store.REPOSITORY or self._facts.owner_is_organisation:
                address = repository_path(self._repository, "actions", part)
                found += read_variables(self._line, address, f"variables of {self._repository}", store, looks_like)
        return tuple(found)

    def _read(self, folder: str, part: str, store: Store) -> tuple[Secret, ...]:
        address = repository_path(self._repository, folder, part)
        return read_secrets(self._line, address, f"{folder} secrets of {self._repository}", store)

    def _shared(self, store: Store) -> tuple[Secret, ...]:
        if not self._facts.owner_is_organisation:
            return ()
        return SharedSecrets(self._kept, store).reaching(self._repository, self._facts)

    def _on_github_com(self, question: Callable[[], tuple[Secret, ...]]) -> tuple[Secret, ...]:
        """Ask for what a server of one's own may not have: where there is no such store, nothing is in it."""
        try:
            return question()
        except MissingError:
            if self._line.telephone.server.is_enterprise_server:
                return ()
            raise


def unasked(secrets: tuple[Secret, ...]) -> tuple[Secret, ...]:
    """Say of an organisation's secrets that nobody asked whom they reach."""
    return tuple(replace(secret, reach=Read.SECRETS_REACH.not_read) for secret in secrets)
