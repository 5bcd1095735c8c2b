"""Reads the secrets and variables that an organization shares with its repositories, and with which."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from bot.github.client import api_path
from bot.github.settings.organization_cache import OrganizationCache
from bot.github.settings.read_known import read_known
from bot.github.settings.secrets_api import UNKNOWN_DATE
from bot.json_access import JsonObject, get_datetime, get_str
from bot.model.core_types import FullName
from bot.model.findings import Known, MaybeKnown, Unknown
from bot.settings import RepositoryFacts, Secret, SecretAccess, SecretStore, SecretVisibility, SettingsQuery

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
