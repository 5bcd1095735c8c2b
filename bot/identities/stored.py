"""The stored secrets that publish, store by store, and what could not be seen of them."""

from collections.abc import Iterable

from bot.findings import Seen, Unseen
from bot.holdings import Store, Stored
from bot.identities.credentials import publishing_with, telling_names
from bot.repository import Snapshot

ACTIONS = (Store.REPOSITORY, Store.ENVIRONMENT, Store.ORGANISATION)  # the stores that workflows read


def concerns(snapshot: Snapshot) -> bool:
    """Whether there is anything to say about what a repository keeps: it publishes, or holds a registry's secret.

    A repository of GitHub's whose secrets we may not see could hold one; a checkout is not asked at all.
    """
    if snapshot.publications:
        return True
    secrets = snapshot.holdings.secrets
    if isinstance(secrets, Unseen):
        return isinstance(snapshot.holdings.repository, Seen)
    telling = telling_names(snapshot)
    return any(telling.find(secret.name) for secret in secrets.value)


def publishing_secrets(snapshot: Snapshot, stores: Iterable[Store] = ACTIONS) -> Stored:
    """Return the secrets of these stores that a publication uses or whose name tells a registry, and the unseen stores."""
    secrets = snapshot.holdings.secrets
    if not snapshot.publications and isinstance(secrets, Unseen):
        return Stored((), (secrets,))  # the other stores were not read for that reason alone
    stored = snapshot.holdings.stored(stores)
    used, telling = publishing_with(snapshot.publications, snapshot), telling_names(snapshot)
    found = (each for each in stored.secrets if each.name.upper() in used or telling.find(each.name))
    return Stored(tuple(found), stored.unseen)
