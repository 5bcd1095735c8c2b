"""Reads the secrets and variables that an organisation shares with its repositories, and with which."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from bot.github.client import path
from bot.github.settings.organization_cache import Kept
from bot.github.settings.read_known import ask
from bot.github.settings.secrets_api import LONG_AGO
from bot.json_access import Record, moment, text
from bot.model.core_types import FullName
from bot.model.findings import Fact, Seen, Unseen
from bot.settings import Reach, Read, RepositoryFacts, Secret, Store, Visibility

ORGANISATION_STORES = {
    Store.ORGANISATION: "actions",
    Store.ORGANISATION_DEPENDABOT: "dependabot",
    Store.ORGANISATION_AGENT: "agents",
}


def what_of(store: Store) -> str:
    """Return under what name an organisation's secrets of a store are kept: for `Kept.forget`."""
    return f"{ORGANISATION_STORES[store]} secrets"


class SharedSecrets:
    """An organisation's secrets of one store; the list is kept, and for whom one is selected is asked for where it matters."""

    def __init__(self, kept: Kept, store: Store) -> None:
        self._kept = kept
        self._store = store
        self._folder = ORGANISATION_STORES[store]
        self._what = what_of(store)
        self._by_name: dict[str, Record] = {}

    def reaching(self, repository: FullName, facts: RepositoryFacts) -> tuple[Secret, ...]:
        """Return the secrets that this repository may use."""
        found = []
        for item in self._items():
            reach = _reach(item)
            if reach.visibility is Visibility.SELECTED:
                reach = self._selected(text(item, "name"))
            if _covers(reach, repository, facts):
                found.append(self._secret(item, reach))
        return tuple(found)

    def reach_of(self, name: str, *, with_repositories: bool) -> Reach:
        """Return who may use a secret; raises LookupError where the organisation does not list it (any longer)."""
        self._by_name = self._by_name or {text(item, "name"): item for item in self._items()}
        item = self._by_name.get(name)
        if item is None:
            raise LookupError(name)
        reach = _reach(item)
        return self._selected(name) if with_repositories and reach.visibility is Visibility.SELECTED else reach

    def _items(self) -> tuple[Record, ...]:
        return self._kept.get(self._what, lambda: list(self._list()))

    def _list(self) -> Iterator[Record]:
        address = path("orgs", self._kept.login, self._folder, "secrets")
        for item in self._kept.line.pages(address, f"read {self._what} of the organisation", "secrets"):
            yield {name: text(item, name) for name in ("name", "created_at", "updated_at", "visibility")}

    def _selected(self, name: str) -> Reach:
        address = path("orgs", self._kept.login, self._folder, "secrets", name, "repositories")
        what = f"read {self._what} of the organisation"

        def listed() -> list[Record]:
            return [{"name": text(each, "full_name")} for each in self._kept.line.pages(address, what, "repositories")]

        chosen = self._kept.get(f"{self._what}:{name}", listed)
        return Reach(Visibility.SELECTED, tuple(FullName(text(each, "name")) for each in chosen))

    def _secret(self, item: Record, reach: Reach) -> Secret:
        return Secret(
            name=text(item, "name"),
            store=self._store,
            created_at=moment(item, "created_at") or LONG_AGO,
            updated_at=moment(item, "updated_at") or LONG_AGO,
            reach=Seen(reach),
        )


def with_reach(
    secrets: tuple[Secret, ...], shared: SharedSecrets, matters: Callable[[str], bool]
) -> tuple[Secret, ...]:
    """Add to an organisation's secrets who else may use them; all the repositories only where the secret matters."""
    return tuple(replace(secret, reach=_asked(secret.name, shared, matters)) for secret in secrets)


def _asked(name: str, shared: SharedSecrets, matters: Callable[[str], bool]) -> Fact[Reach]:
    try:
        return ask(Read.SECRETS_REACH, lambda: shared.reach_of(name, with_repositories=matters(name)))
    except LookupError:  # made since the list was kept, or the enterprise's
        return Unseen(Read.SECRETS_REACH.what, "the organisation's list does not show this secret yet")


def _reach(item: Record) -> Reach:
    visibility = text(item, "visibility")
    return Reach(Visibility(visibility) if visibility in set(Visibility) else Visibility.ALL)


def _covers(reach: Reach, repository: FullName, facts: RepositoryFacts) -> bool:
    match reach.visibility:
        case Visibility.ALL:
            return True
        case Visibility.PRIVATE:
            return not facts.is_public
        case Visibility.SELECTED:
            return repository.lower() in {name.lower() for name in reach.repositories or ()}
