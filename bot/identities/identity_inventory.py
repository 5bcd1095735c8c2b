"""Observes what can publish from a repository, and joins it with the register's entries in the policy."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TypeVar

from bot.detection import Publication
from bot.identities.people import people_who_approve
from bot.identities.publishing_credentials import publishing_with, trusted_by
from bot.identities.publishing_identity import Identity, Register
from bot.identities.settings_pages import organisation_page, page_of
from bot.identities.stored import publishing_secrets
from bot.model.core_types import RegistryId
from bot.model.findings import Fact, Place, Seen, Unseen, settings_page
from bot.model.identity_register import DeclaredIdentity, IdentityKind
from bot.settings import AppInstallation, DeployKey, FineGrainedToken, Read, Secret, Store
from bot.snapshot.repository_snapshot import Snapshot

T = TypeVar("T")
# What is looked at for the kinds below.
OBSERVED = frozenset(
    {
        Read.FILES,
        Read.SECRETS,
        Read.ORGANISATION_SECRETS,
        Read.ENVIRONMENT_SECRETS,
        Read.DEPLOY_KEYS,
        Read.TOKENS,
        Read.INSTALLATIONS,
    }
)
KINDS = frozenset(IdentityKind) - {IdentityKind.PERSON}  # people do not publish; they approve

SHARED = (Store.ORGANISATION, Store.ORGANISATION_DEPENDABOT, Store.ORGANISATION_AGENT)

# With one of these a token or an App can publish, or change what publishes; the words are GitHub's permissions.
PUBLISHES = frozenset(
    {"contents", "packages", "workflows", "actions", "secrets", "environments", "deployments", "administration"}
)


def observe(snapshot: Snapshot, kinds: Collection[IdentityKind] = KINDS) -> Register:
    """Return all identities of these kinds, those of a kind together, and what of them could not be seen."""
    found: list[Identity] = []
    unseen: list[Unseen] = []
    for kind, question in (
        (IdentityKind.SECRET, _secrets),
        (IdentityKind.PUBLISHER, _publishers),
        (IdentityKind.DEPLOY_KEY, _keys),
        (IdentityKind.TOKEN, _tokens),
        (IdentityKind.APP, _apps),
        (IdentityKind.PERSON, people_who_approve),
    ):
        for each in question(snapshot) if kind in kinds else ():
            if isinstance(each, Unseen):
                unseen.append(each)
            else:
                found.append(replace(each, declared=_declared(each, snapshot.declared)))
    return Register(tuple(found), tuple(unseen))


def _declared(identity: Identity, declared: Iterable[DeclaredIdentity]) -> DeclaredIdentity | None:
    """Find the entry for an identity, the one that names most of it first; GitHub's names have no case."""
    fitting = [each for each in declared if _fits(each, identity)]
    return max(fitting, key=lambda each: (each.environment is not None) + (each.workflow is not None), default=None)


def _fits(entry: DeclaredIdentity, identity: Identity) -> bool:
    return (
        entry.kind is identity.kind
        and entry.name.casefold() == identity.name.casefold()
        and (entry.environment is None or entry.environment.casefold() == (identity.environment or "").casefold())
        and (entry.workflow is None or PurePosixPath(entry.workflow).name == identity.workflow)
    )


def _secrets(snapshot: Snapshot) -> Iterator[Identity | Unseen]:
    used = publishing_with(snapshot.publications, snapshot)
    stored = publishing_secrets(snapshot)
    yield from stored.unseen
    for secret in stored.secrets:
        yield secret_identity(secret, snapshot, used.get(secret.name.upper(), ()))
    known = {secret.name.upper() for secret in stored.secrets}
    for name, publications in used.items():
        if name not in known and stored.unseen:  # nobody saw where it is kept, yet something publishes with it
            first = publications[0]
            yield Identity(
                kind=IdentityKind.SECRET,
                name=name,
                holder=snapshot.repository,
                place=_at(first),
                registries=_registries(publications),
                publications=publications,
                machine=True,
            )


def secret_identity(secret: Secret, snapshot: Snapshot, publications: tuple[Publication, ...] = ()) -> Identity:
    """Return a stored secret as an identity; `publications` are those that it makes."""
    return Identity(
        kind=IdentityKind.SECRET,
        name=secret.name,
        holder=snapshot.repository.partition("/")[0] if secret.store in SHARED else snapshot.repository,
        place=_at(publications[0]) if publications else page_of(secret, snapshot.repository),
        environment=secret.environment,
        store=secret.store,
        registries=_registries(publications) or snapshot.catalogue.by_secret(secret.name),
        publications=publications,
        created_at=secret.created_at,
        rotated_at=secret.updated_at,
        machine=True,
    )


def _publishers(snapshot: Snapshot) -> Iterator[Identity]:
    """Yield a publisher for each registry, workflow and environment: that is what registries match."""
    found: dict[tuple[str, str, str | None], list[Publication]] = {}
    for registry, publications in trusted_by(snapshot).items():
        for each in publications:
            workflow = PurePosixPath(each.file).name
            found.setdefault((registry, workflow, each.environment), []).append(each)
    for (name, workflow, environment), together in found.items():
        yield Identity(
            kind=IdentityKind.PUBLISHER,
            name=name,
            holder=snapshot.repository,
            place=_at(together[0]),
            environment=environment,
            workflow=workflow,
            registries=_registries(together),
            publications=tuple(together),
            machine=True,
        )


def _keys(snapshot: Snapshot) -> Iterator[Identity | Unseen]:
    for key in _each(snapshot.holdings.deploy_keys):
        if isinstance(key, Unseen):
            yield key
        elif not key.read_only:
            yield _key(key, snapshot)


def _key(key: DeployKey, snapshot: Snapshot) -> Identity:
    return Identity(
        kind=IdentityKind.DEPLOY_KEY,
        name=key.title,
        holder=snapshot.repository,
        place=settings_page("settings/keys"),
        created_at=key.created_at,
        rotated_at=key.created_at,  # a key is not written anew, it is replaced
        last_used_at=key.last_used,
        machine=True,
    )


def _tokens(snapshot: Snapshot) -> Iterator[Identity | Unseen]:
    for token in _each(snapshot.holdings.tokens):
        if isinstance(token, Unseen):
            yield token
        elif PUBLISHES & set(token.writes):
            yield _token(token, snapshot)


def _token(token: FineGrainedToken, snapshot: Snapshot) -> Identity:
    return Identity(
        kind=IdentityKind.TOKEN,
        name=token.name,
        holder=snapshot.repository.partition("/")[0],
        place=organisation_page(snapshot.repository, "personal-access-tokens/active"),
        created_at=token.created_at,
        rotated_at=token.created_at,
        last_used_at=token.last_used_at,
        expires_at=token.expires_at,
        held_by=f"@{token.owner}",
        machine=False,
    )


def _apps(snapshot: Snapshot) -> Iterator[Identity | Unseen]:
    for app in _each(snapshot.holdings.installations):
        if isinstance(app, Unseen):
            yield app
        elif PUBLISHES & set(app.writes) and not app.suspended:
            yield _app(app, snapshot)


def _app(app: AppInstallation, snapshot: Snapshot) -> Identity:
    return Identity(
        kind=IdentityKind.APP,
        name=app.slug,
        holder=snapshot.repository.partition("/")[0],
        place=organisation_page(snapshot.repository, "installations"),
        machine=True,
    )


def _each(fact: Fact[tuple[T, ...]]) -> Iterator[T | Unseen]:
    if isinstance(fact, Seen):
        yield from fact.value
    else:
        yield fact


def _registries(publications: Iterable[Publication]) -> tuple[RegistryId, ...]:
    return tuple(dict.fromkeys(publication.registry for publication in publications))


def _at(publication: Publication) -> Place:
    return Place(publication.file, publication.line, publication.line)
