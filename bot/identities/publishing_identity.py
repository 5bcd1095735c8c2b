"""Defines publishing identities and their owners, finds those that a repository stores, and computes when they are reviewed."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeAlias

from bot.detection import Publication
from bot.model.core_types import Credential, FullName, RegistryId
from bot.model.findings import FindingSubject, Known, Location, Unknown, settings_location
from bot.model.identity_register import AccessReview, AccessReviews, DeclaredIdentity, IdentityKind
from bot.registries import Catalog
from bot.settings import FoundSecrets, Secret, SecretStore
from bot.snapshot.repository_snapshot import Snapshot

KIND_NAMES = {
    IdentityKind.SECRET: "secret",
    IdentityKind.PUBLISHER: "trusted publisher",
    IdentityKind.DEPLOY_KEY: "deploy key",
    IdentityKind.TOKEN: "fine-grained token",
    IdentityKind.APP: "App",
    IdentityKind.PERSON: "person",
    IdentityKind.ACCOUNT: "registry account",
}

_STORE_PHRASES = {
    SecretStore.ORGANIZATION: " of the organization",
    SecretStore.DEPENDABOT: " of Dependabot",
    SecretStore.ORGANIZATION_DEPENDABOT: " of the organization for Dependabot",
    SecretStore.AGENT: " of the coding agent",
    SecretStore.ORGANIZATION_AGENT: " of the organization for the coding agent",
}
NON_ACTIONS_STORES = (
    SecretStore.DEPENDABOT,
    SecretStore.ORGANIZATION_DEPENDABOT,
    SecretStore.AGENT,
    SecretStore.ORGANIZATION_AGENT,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishingIdentity:
    """One identity as it was observed, and the register's entry for it, if there is one."""

    kind: IdentityKind
    name: str  # a secret's, a registry's id, a key's title, a token's name, an App's slug, "@login"
    holder: str  # the repository or the organization that has it
    location: Location  # where it publishes, else the page of settings that has it
    environment: str | None = None
    workflow: str | None = None  # of a publisher: the file's name
    store: SecretStore | None = None  # of a secret
    registries: tuple[RegistryId, ...] = ()
    publications: tuple[Publication, ...] = ()  # that use it
    created_at: datetime | None = None
    rotated_at: datetime | None = None
    last_used_at: datetime | None = None
    expires_at: datetime | None = None  # by itself: a token's end
    token_owner: str | None = None  # a token's or account's person, "@login"
    machine: bool | None = None  # nobody is behind it; None: not known
    packages: tuple[str, ...] = ()  # of a registry account: what it may publish, with its role where that is told
    declared: DeclaredIdentity | None = None

    @property
    def owner(self) -> str | None:
        """Who answers for it: as declared, else whose token it is."""
        return self.declared.owner if self.declared else self.token_owner

    @property
    def subject(self) -> FindingSubject:
        secrets = (self.name,) if self.kind is IdentityKind.SECRET else ()
        return FindingSubject(secrets=secrets, environment=self.environment, identity=self.key)

    @property
    def key(self) -> str:
        """Name it in twelve letters, the same each time it is observed; GitHub's names have no case."""
        store = (
            self.store.value if self.store in NON_ACTIONS_STORES else ""
        )  # where workflows look, holder and environment tell
        parts = [self.kind, self.name, self.holder, self.environment or "", self.workflow or "", store]
        if self.kind is IdentityKind.ACCOUNT:
            parts += self.registries  # two registries may have accounts of one name
        return hashlib.sha256(json.dumps([part.casefold() for part in parts]).encode()).hexdigest()[:12]

    @property
    def description(self) -> str:
        """Name it in a sentence: `the secret PYPI_TOKEN of the environment release`."""
        if self.kind is IdentityKind.PERSON:
            team = "the team " if "/" in self.name else ""
            return f"{team}{self.name}, who may approve what leaves the environment {self.environment},"
        if self.kind is IdentityKind.ACCOUNT:
            return f"the account {self.name} of {', '.join(self.registries)}"
        if self.kind is IdentityKind.PUBLISHER:
            where = f" from the environment {self.environment}" if self.environment else ""
            return f"the trusted publisher {self.workflow} of {self.name}{where}"
        inside = f" of the environment {self.environment}" if self.environment else ""
        shared = _STORE_PHRASES.get(self.store, "") if self.store else ""
        return f"the {KIND_NAMES[self.kind]} {self.name}{inside}{shared}"


@dataclass(frozen=True, slots=True)
class IdentityInventory:
    """The identities of one repository, and what could not be seen of them."""

    identities: tuple[PublishingIdentity, ...]
    unknown: tuple[Unknown, ...] = ()


def last_review(identity: PublishingIdentity, reviews: AccessReviews) -> AccessReview | None:
    """Return the latest word on an identity; GitHub's names have no case."""
    mine = [each for each in reviews.reviews if _is_about(each, identity)]
    return max(mine, key=lambda each: each.reviewed_at, default=None)


def was_recreated(identity: PublishingIdentity, reviews: AccessReviews) -> bool:
    """Whether it was dropped, and made anew since then."""
    last, made = last_review(identity, reviews), identity.created_at
    return last is not None and not last.keep and made is not None and made > last.reviewed_at


def review_due(identity: PublishingIdentity, reviews: AccessReviews, every: timedelta) -> datetime:
    """Return when its review is due: a period after the last one, after it was made, and after the first look.

    What was dropped and came back is due at once.
    """
    if was_recreated(identity, reviews) and identity.created_at is not None:
        return identity.created_at
    last = last_review(identity, reviews)
    known = [moment for moment in (identity.created_at, last.reviewed_at if last else None) if moment is not None]
    return max([reviews.started_at, *known]) + every


def _is_about(review: AccessReview, identity: PublishingIdentity) -> bool:
    return (
        (review.kind, review.name.casefold(), review.holder.casefold())
        == (identity.kind, identity.name.casefold(), identity.holder.casefold())
        and (review.environment or "").casefold() == (identity.environment or "").casefold()
        and review.workflow == identity.workflow
    )


REVIEW_NOTICE = timedelta(
    days=21
)  # how long before the first identity is overdue its owner is asked; short periods have less


def is_round_due(
    identities: Iterable[PublishingIdentity], reviews: AccessReviews, every: timedelta, now: datetime
) -> bool:
    """Whether a round is to begin: something is due soon, or overdue. What was dropped is not asked for again."""
    soon = now + min(REVIEW_NOTICE, every / 4)
    return any(review_due(each, reviews, every) <= soon for each in identities if not _was_rejected(each, reviews))


def identities_in_round(
    identities: Iterable[PublishingIdentity], reviews: AccessReviews, every: timedelta, day: date
) -> tuple[PublishingIdentity, ...]:
    """Return what a round asks that began on a day: all that was due within half a period from then, the first due first.

    So everything is looked at together, and what was looked at lately is left in peace. What is said in the round does not
    change what it asks.
    """
    before = replace(reviews, reviews=tuple(each for each in reviews.reviews if each.reviewed_at.date() < day))
    until = datetime.combine(day, time.max, UTC) + every / 2
    due = [(review_due(each, before, every), each.key, each) for each in identities if not _was_rejected(each, before)]
    return tuple(each for at, _, each in sorted(due, key=lambda one: one[:2]) if at <= until)


def answer_in_round(identity: PublishingIdentity, reviews: AccessReviews, day: date) -> AccessReview | None:
    """Return what was said of an identity in the round that began on a day."""
    last, back = last_review(identity, reviews), was_recreated(identity, reviews)
    return last if last is not None and last.reviewed_at.date() >= day and not back else None


def _was_rejected(identity: PublishingIdentity, reviews: AccessReviews) -> bool:
    last = last_review(identity, reviews)
    return last is not None and not last.keep and not was_recreated(identity, reviews)


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
