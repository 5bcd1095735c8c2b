"""The stored secrets that publish, store by store, and what could not be seen of them."""

from collections.abc import Iterable

from bot.identities.publishing_credentials import publications_by_secret
from bot.model.findings import Known, Unknown
from bot.settings import FoundSecrets, SecretStore
from bot.snapshot.repository_snapshot import Snapshot

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
