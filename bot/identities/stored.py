"""The stored secrets that publish, store by store, and what could not be seen of them."""

from collections.abc import Iterable

from bot.identities.publishing_credentials import publishing_with
from bot.model.findings import Seen, Unseen
from bot.settings import Store, Stored
from bot.snapshot.repository_snapshot import Snapshot

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
    telling = snapshot.catalogue
    return any(telling.by_secret(secret.name) for secret in snapshot.holdings.stored(ACTIONS).secrets)


def publishing_secrets(snapshot: Snapshot, stores: Iterable[Store] = ACTIONS) -> Stored:
    """Return the secrets of these stores that a publication uses or whose name tells a registry, and the unseen stores."""
    secrets = snapshot.holdings.secrets
    if not snapshot.publications and isinstance(secrets, Unseen):
        return Stored((), (secrets,))  # the other stores were not read for that reason alone
    stored = snapshot.holdings.stored(stores)
    used, telling = publishing_with(snapshot.publications, snapshot), snapshot.catalogue
    found = (each for each in stored.secrets if each.name.upper() in used or telling.by_secret(each.name))
    return Stored(tuple(found), stored.unseen)
