"""Reads the names and dates of secrets and variables, and deletes secrets on request.

Variable values are only searched for tokens and then dropped. A secret is checked again before it is deleted.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

from bot.github.client import InstallationClient, ReadOnlyClient, api_path
from bot.github.github_errors import MissingError, UnansweredError
from bot.github.settings.organization_cache import OrganizationCache
from bot.github.settings.read_known import read_known
from bot.json_access import JsonObject, get_datetime, get_str
from bot.model.core_types import FullName
from bot.model.errors import RetryLaterError
from bot.model.findings import Known, MaybeKnown, Unknown
from bot.settings import RepositoryFacts, Secret, SecretAccess, SecretStore, SecretVisibility, SettingsQuery, Variable

UNKNOWN_DATE = datetime(1970, 1, 1, tzinfo=UTC)  # where GitHub names no date, the secret counts as old, never as new

TokenDetector = Callable[[str], str | None]  # what kind of token a text holds, if any


def repository_path(repository: FullName, *rest: str) -> str:
    """Return the path of something below a repository."""
    return api_path("repos", *repository.split("/", 1), *rest)


def read_secrets(
    client: ReadOnlyClient, address: str, description: str, store: SecretStore, environment: str | None = None
) -> tuple[Secret, ...]:
    """Read all secrets at an address; raises MissingError where there is nothing there, and what the client raises."""
    return tuple(
        Secret(
            name=get_str(item, "name"),
            store=store,
            created_at=get_datetime(item, "created_at") or UNKNOWN_DATE,
            updated_at=get_datetime(item, "updated_at") or UNKNOWN_DATE,
            environment=environment,
        )
        for item in client.paginate(address, f"read {description}", "secrets")
        if get_str(item, "name")
    )


def read_variables(  # noqa: PLR0913, PLR0917 - where, for the words of a refusal, of which kind, and what to look for
    client: ReadOnlyClient,
    address: str,
    description: str,
    store: SecretStore,
    detect_token: TokenDetector,
    environment: str | None = None,
) -> tuple[Variable, ...]:
    """Read all variables at an address; raises as `read_secrets`."""
    return tuple(
        Variable(
            name=get_str(item, "name"),
            store=store,
            created_at=get_datetime(item, "created_at") or UNKNOWN_DATE,
            updated_at=get_datetime(item, "updated_at") or UNKNOWN_DATE,
            environment=environment,
            token_kind=detect_token(get_str(item, "value")),
        )
        for item in client.paginate(address, f"read {description}", "variables")
        if get_str(item, "name")
    )


def read_environment_secrets(
    client: ReadOnlyClient, repository: FullName, names: tuple[str, ...]
) -> tuple[Secret, ...]:
    """Read the secrets of these environments; raises MissingError where one of them is not there, or hidden."""
    what = f"secrets of environments of {repository}"
    return tuple(
        secret
        for name in names
        for secret in read_secrets(
            client, repository_path(repository, "environments", name, "secrets"), what, SecretStore.ENVIRONMENT, name
        )
    )


def read_environment_variables(
    client: ReadOnlyClient, repository: FullName, names: tuple[str, ...], detect_token: TokenDetector
) -> tuple[Variable, ...]:
    """Read the variables of these environments; raises MissingError as for secrets."""
    found: list[Variable] = []
    for name in names:
        address = repository_path(repository, "environments", name, "variables")
        what = f"variables of environments of {repository}"
        found += read_variables(client, address, what, SecretStore.ENVIRONMENT, detect_token, name)
    return tuple(found)


ORGANIZATION_STORES = {
    SecretStore.ORGANIZATION: "actions",
    SecretStore.ORGANIZATION_DEPENDABOT: "dependabot",
    SecretStore.ORGANIZATION_AGENT: "agents",
}


def cache_kind_of(store: SecretStore) -> str:
    """Return under what name an organization's secrets of a store are kept: for `Kept.forget`."""
    return f"{ORGANIZATION_STORES[store]} secrets"


class OrganizationSecrets:
    """An organization's secrets of one store; the list is kept, and for whom one is selected is asked for where it matters."""

    def __init__(self, cache: OrganizationCache, store: SecretStore) -> None:
        self._cache = cache
        self._store = store
        self._folder = ORGANIZATION_STORES[store]
        self._cache_kind = cache_kind_of(store)
        self._by_name: dict[str, JsonObject] = {}

    def secrets_for(self, repository: FullName, facts: RepositoryFacts) -> tuple[Secret, ...]:
        """Return the secrets that this repository may use."""
        found = []
        for item in self._items():
            reach = _parse_access(item)
            if reach.visibility is SecretVisibility.SELECTED:
                reach = self._selected_access(get_str(item, "name"))
            if _allows(reach, repository, facts):
                found.append(self._parse_secret(item, reach))
        return tuple(found)

    def access_to(self, name: str, *, with_repositories: bool) -> SecretAccess:
        """Return who may use a secret; raises LookupError where the organization does not list it (any longer)."""
        self._by_name = self._by_name or {get_str(item, "name"): item for item in self._items()}
        item = self._by_name.get(name)
        if item is None:
            raise LookupError(name)
        reach = _parse_access(item)
        return (
            self._selected_access(name)
            if with_repositories and reach.visibility is SecretVisibility.SELECTED
            else reach
        )

    def _items(self) -> tuple[JsonObject, ...]:
        return self._cache.get(self._cache_kind, lambda: list(self._fetch_items()))

    def _fetch_items(self) -> Iterator[JsonObject]:
        address = api_path("orgs", self._cache.login, self._folder, "secrets")
        for item in self._cache.client.paginate(address, f"read {self._cache_kind} of the organization", "secrets"):
            yield {name: get_str(item, name) for name in ("name", "created_at", "updated_at", "visibility")}

    def _selected_access(self, name: str) -> SecretAccess:
        address = api_path("orgs", self._cache.login, self._folder, "secrets", name, "repositories")
        what = f"read {self._cache_kind} of the organization"

        def listed() -> list[JsonObject]:
            return [
                {"name": get_str(each, "full_name")}
                for each in self._cache.client.paginate(address, what, "repositories")
            ]

        chosen = self._cache.get(f"{self._cache_kind}:{name}", listed)
        return SecretAccess(SecretVisibility.SELECTED, tuple(FullName(get_str(each, "name")) for each in chosen))

    def _parse_secret(self, item: JsonObject, access: SecretAccess) -> Secret:
        return Secret(
            name=get_str(item, "name"),
            store=self._store,
            created_at=get_datetime(item, "created_at") or UNKNOWN_DATE,
            updated_at=get_datetime(item, "updated_at") or UNKNOWN_DATE,
            access=Known(access),
        )


def with_secret_access(
    secrets: tuple[Secret, ...], organization_secrets: OrganizationSecrets, is_relevant: Callable[[str], bool]
) -> tuple[Secret, ...]:
    """Add to an organization's secrets who else may use them; all the repositories only where the secret matters."""
    return tuple(
        replace(secret, access=_read_access(secret.name, organization_secrets, is_relevant)) for secret in secrets
    )


def _read_access(
    name: str, organization_secrets: OrganizationSecrets, is_relevant: Callable[[str], bool]
) -> MaybeKnown[SecretAccess]:
    try:
        return read_known(
            SettingsQuery.ORGANIZATION_SECRET_ACCESS,
            lambda: organization_secrets.access_to(name, with_repositories=is_relevant(name)),
        )
    except LookupError:  # made since the list was kept, or the enterprise's
        return Unknown(
            SettingsQuery.ORGANIZATION_SECRET_ACCESS.fact, "the organization's list does not show this secret yet"
        )


def _parse_access(item: JsonObject) -> SecretAccess:
    visibility = get_str(item, "visibility")
    return SecretAccess(SecretVisibility(visibility) if visibility in set(SecretVisibility) else SecretVisibility.ALL)


def _allows(access: SecretAccess, repository: FullName, facts: RepositoryFacts) -> bool:
    match access.visibility:
        case SecretVisibility.ALL:
            return True
        case SecretVisibility.PRIVATE:
            return not facts.is_public
        case SecretVisibility.SELECTED:
            return repository.lower() in {name.lower() for name in access.repositories or ()}


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


RETRY_SECONDS = 5.0  # seconds; after an unknown outcome the job is done again, and begins by reading
DELETE_SECRETS = "delete secrets"


class DeletableSecret:
    """One secret of a repository, or of an environment of it."""

    def __init__(self, client: InstallationClient, repository: FullName, name: str, environment: str | None) -> None:
        self._client = client
        self._name = name
        holder = api_path("repos", *repository.split("/", 1))
        inside = api_path("environments", environment) if environment else api_path("actions")
        self._secrets = f"{holder}{inside}/secrets"

    def updated_at(self) -> datetime | None:
        """Return when it was last written; None where it is not there."""
        for item in self._client.paginate(self._secrets, "read its secrets", "secrets"):
            if get_str(item, "name").casefold() == self._name.casefold():
                return get_datetime(item, "updated_at")
        return None

    def delete(self) -> None:
        """Delete it; what is gone already is as good. Raises ForbiddenError without the permission."""
        try:
            self._client.write("DELETE", self._secrets + api_path(self._name), DELETE_SECRETS)
        except MissingError:
            return
        except UnansweredError as lost:
            raise RetryLaterError(str(lost), RETRY_SECONDS) from None
