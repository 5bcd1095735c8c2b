"""Lists everything that can publish from a repository: its register entry, its reach and its last use."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any, TypeVar

from bot.detection import Publication
from bot.detection.publish_path import PublishPath
from bot.identities.publishing_identity import (
    IdentityInventory,
    PublishingIdentity,
    organization_settings_page,
    publications_by_secret,
    publishing_secrets,
    secret_settings_page,
    trusted_publications,
)
from bot.model.core_types import RegistryId
from bot.model.findings import Known, Location, MaybeKnown, Unknown, join_names, settings_location
from bot.model.identity_register import DeclaredIdentity, IdentityKind
from bot.settings import (
    AnyRef,
    AppInstallation,
    DeployKey,
    Environment,
    FineGrainedToken,
    ProtectedBranches,
    Reviewer,
    ReviewerKind,
    Secret,
    SecretStore,
    SecretVisibility,
    SettingsQuery,
)
from bot.snapshot.protection import PublishEnvironment, publish_environments
from bot.snapshot.repository_snapshot import Snapshot
from bot.workflows import Workflow


@dataclass(frozen=True, slots=True)
class IdentityReach:
    """Who can use an identity: what does so now, and who could."""

    workflows: tuple[str, ...]  # paths of those that use it
    events: tuple[str, ...]  # that start them
    open_to: str  # one sentence without its full stop


def identity_reach(identity: PublishingIdentity, snapshot: Snapshot) -> IdentityReach:
    """Say how far an identity reaches; what could not be seen is said in the sentence."""
    used = workflows_using(identity, snapshot)
    events = dict.fromkeys(event for workflow in used for event in workflow.triggers)
    return IdentityReach(tuple(each.path for each in used), tuple(events), _describe_access(identity, snapshot))


def _describe_access(identity: PublishingIdentity, snapshot: Snapshot) -> str:
    if identity.kind is IdentityKind.SECRET:
        return _describe_secret_access(identity, snapshot)
    if identity.kind is IdentityKind.PUBLISHER:
        where = f" in the environment {identity.environment}, {_describe_environment(identity.environment, snapshot)}"
        return f"{identity.workflow}{where if identity.environment else ' on any branch or tag'}"
    others = {
        IdentityKind.DEPLOY_KEY: "whoever has the private key",
        IdentityKind.TOKEN: f"{identity.token_owner}, and whoever has the token",
        IdentityKind.APP: "whoever runs the App",
        IdentityKind.PERSON: "nobody: it approves, and does not publish",
        IdentityKind.ACCOUNT: "whoever signs in as it, or has one of its tokens",
    }
    return others[identity.kind]


def _describe_secret_access(identity: PublishingIdentity, snapshot: Snapshot) -> str:
    if identity.environment:
        return (
            f"jobs in the environment {identity.environment}, {_describe_environment(identity.environment, snapshot)}"
        )
    if identity.store is SecretStore.ORGANIZATION:
        return (
            f"every workflow of {_describe_repositories(identity, snapshot)}, so everybody who can push to one of them"
        )
    if identity.store is None:
        return "where it is kept could not be seen"
    return "every workflow of the repository on any branch, so everybody who can push"


def _describe_environment(name: str | None, snapshot: Snapshot) -> str:
    found = snapshot.settings.environment(name or "")
    if isinstance(found, Unknown):
        return "whose protection could not be seen"
    if found.value is None:
        return "which does not exist yet"
    return ", ".join(_protection_phrases(found.value, snapshot))


def _protection_phrases(environment: Environment, snapshot: Snapshot) -> Iterator[str]:
    if isinstance(environment.allowed_refs, Unknown):
        yield "from refs that could not be seen"
    else:
        match environment.allowed_refs.value:
            case AnyRef():
                yield "from any branch or tag"
            case ProtectedBranches():
                yield "from protected branches"
            case selected:
                yield f"from {join_names(each.pattern for each in selected.patterns) or 'nowhere'}"
    login = snapshot.repository.partition("/")[0]
    who = [
        f"@{login}/{each.name}" if each.kind is ReviewerKind.TEAM else f"@{each.name}" for each in environment.reviewers
    ]
    yield f"once {' or '.join(who)} approved" if who else "without anybody's approval"


def _describe_repositories(identity: PublishingIdentity, snapshot: Snapshot) -> str:
    secrets = snapshot.settings.organization_secrets
    stored = secrets.value if isinstance(secrets, Known) else ()
    mine = next((each for each in stored if each.name.casefold() == identity.name.casefold()), None)
    if mine is None or mine.access is None or isinstance(mine.access, Unknown):
        return "repositories that could not be seen"
    match mine.access.value.visibility:
        case SecretVisibility.ALL:
            return "all repositories of the organization"
        case SecretVisibility.PRIVATE:
            return "all private repositories of the organization"
        case SecretVisibility.SELECTED:
            chosen = mine.access.value.repositories
            return "chosen repositories" if chosen is None else f"{len(chosen)} chosen repositories"


KINDS_USED_BY_RUNS = (
    IdentityKind.SECRET,
    IdentityKind.PUBLISHER,
)  # GitHub says of keys and tokens itself when they were used


def workflows_using(identity: PublishingIdentity, snapshot: Snapshot) -> tuple[Workflow, ...]:
    """Return the workflows that events start and that lead to what the identity publishes, each once."""
    path = snapshot.publish_path
    found = {
        workflow.path: workflow
        for each in identity.publications
        for workflow in _started_workflows(each, path, snapshot)
    }
    return tuple(found[name] for name in sorted(found))


def last_use(identity: PublishingIdentity, snapshot: Snapshot, runs: Mapping[str, datetime]) -> datetime | None:
    """Return when it was last used: as GitHub says, else when one of its workflows last ran (`runs`, by path).

    A run need not have come as far as to publish, so that this is the latest moment at which it can have been used.
    """
    if identity.last_used_at is not None or identity.kind not in KINDS_USED_BY_RUNS:
        return identity.last_used_at
    return max((runs[each.path] for each in workflows_using(identity, snapshot) if each.path in runs), default=None)


def _started_workflows(publication: Publication, path: PublishPath, snapshot: Snapshot) -> Iterator[Workflow]:
    files = {publication.file, *(caller.rpartition(":")[0] for caller in publication.via)}
    for key, starts in path.starts.items():
        if key[1] == publication.job and key[0] in files:
            yield from (start.workflow for start in starts)
    if publication.file in snapshot.workflows and not path.starts:
        yield snapshot.workflows[publication.file]


T = TypeVar("T")
# What is looked at for the kinds below.
INVENTORY_QUERIES = frozenset(
    {
        SettingsQuery.FILES,
        SettingsQuery.SECRETS,
        SettingsQuery.ORGANIZATION_SECRETS,
        SettingsQuery.ENVIRONMENT_SECRETS,
        SettingsQuery.DEPLOY_KEYS,
        SettingsQuery.FINE_GRAINED_TOKENS,
        SettingsQuery.APP_INSTALLATIONS,
    }
)
# People do not publish; they approve. Accounts of registries are judged by a rule of their own.
PUBLISHING_KINDS = frozenset(IdentityKind) - {IdentityKind.PERSON, IdentityKind.ACCOUNT}

ORGANIZATION_STORES = (SecretStore.ORGANIZATION, SecretStore.ORGANIZATION_DEPENDABOT, SecretStore.ORGANIZATION_AGENT)

# With one of these a token or an App can publish, or change what publishes; the words are GitHub's permissions.
PUBLISHING_PERMISSIONS = frozenset(
    {"contents", "packages", "workflows", "actions", "secrets", "environments", "deployments", "administration"}
)


def list_identities(snapshot: Snapshot, kinds: Collection[IdentityKind] = PUBLISHING_KINDS) -> IdentityInventory:
    """Return all identities of these kinds, those of a kind together, and what of them could not be seen."""
    found: list[PublishingIdentity] = []
    unseen: list[Unknown] = []
    for kind, question in (
        (IdentityKind.SECRET, _secret_identities),
        (IdentityKind.PUBLISHER, _publisher_identities),
        (IdentityKind.DEPLOY_KEY, _deploy_key_identities),
        (IdentityKind.TOKEN, _token_identities),
        (IdentityKind.APP, _app_identities),
        (IdentityKind.PERSON, environment_reviewers),
        (IdentityKind.ACCOUNT, registry_accounts),
    ):
        for each in question(snapshot) if kind in kinds else ():
            if isinstance(each, Unknown):
                unseen.append(each)
            else:
                found.append(replace(each, declared=_register_entry(each, snapshot.declared_identities)))
    return IdentityInventory(tuple(found), tuple(unseen))


def _register_entry(identity: PublishingIdentity, declared: Iterable[DeclaredIdentity]) -> DeclaredIdentity | None:
    """Find the entry for an identity, the one that names most of it first; GitHub's names have no case."""
    fitting = [each for each in declared if _entry_matches(each, identity)]
    return max(fitting, key=lambda each: (each.environment is not None) + (each.workflow is not None), default=None)


def _entry_matches(entry: DeclaredIdentity, identity: PublishingIdentity) -> bool:
    return (
        entry.kind is identity.kind
        and entry.name.casefold() == identity.name.casefold()
        and (entry.environment is None or entry.environment.casefold() == (identity.environment or "").casefold())
        and (entry.workflow is None or PurePosixPath(entry.workflow).name == identity.workflow)
    )


def _secret_identities(snapshot: Snapshot) -> Iterator[PublishingIdentity | Unknown]:
    used = publications_by_secret(snapshot.publications, snapshot)
    stored = publishing_secrets(snapshot)
    yield from stored.unknown
    for secret in stored.secrets:
        yield secret_identity(secret, snapshot, used.get(secret.name.upper(), ()))
    known = {secret.name.upper() for secret in stored.secrets}
    for name, publications in used.items():
        if name not in known and stored.unknown:  # nobody saw where it is kept, yet something publishes with it
            first = publications[0]
            yield PublishingIdentity(
                kind=IdentityKind.SECRET,
                name=name,
                holder=snapshot.repository,
                location=_location_of(first),
                registries=_registries_of(publications),
                publications=publications,
                machine=True,
            )


def secret_identity(
    secret: Secret, snapshot: Snapshot, publications: tuple[Publication, ...] = ()
) -> PublishingIdentity:
    """Return a stored secret as an identity; `publications` are those that it makes."""
    return PublishingIdentity(
        kind=IdentityKind.SECRET,
        name=secret.name,
        holder=snapshot.repository.partition("/")[0] if secret.store in ORGANIZATION_STORES else snapshot.repository,
        location=_location_of(publications[0]) if publications else secret_settings_page(secret, snapshot.repository),
        environment=secret.environment,
        store=secret.store,
        registries=_registries_of(publications) or snapshot.catalog.by_secret_name(secret.name),
        publications=publications,
        created_at=secret.created_at,
        rotated_at=secret.updated_at,
        machine=True,
    )


def _publisher_identities(snapshot: Snapshot) -> Iterator[PublishingIdentity]:
    """Yield a publisher for each registry, workflow and environment: that is what registries match."""
    found: dict[tuple[str, str, str | None], list[Publication]] = {}
    for registry, publications in trusted_publications(snapshot).items():
        for each in publications:
            workflow = PurePosixPath(each.file).name
            found.setdefault((registry, workflow, each.environment), []).append(each)
    for (name, workflow, environment), together in found.items():
        yield PublishingIdentity(
            kind=IdentityKind.PUBLISHER,
            name=name,
            holder=snapshot.repository,
            location=_location_of(together[0]),
            environment=environment,
            workflow=workflow,
            registries=_registries_of(together),
            publications=tuple(together),
            machine=True,
        )


def _deploy_key_identities(snapshot: Snapshot) -> Iterator[PublishingIdentity | Unknown]:
    for key in _values_or_unknown(snapshot.settings.deploy_keys):
        if isinstance(key, Unknown):
            yield key
        elif not key.read_only:
            yield _deploy_key_identity(key, snapshot)


def _deploy_key_identity(key: DeployKey, snapshot: Snapshot) -> PublishingIdentity:
    return PublishingIdentity(
        kind=IdentityKind.DEPLOY_KEY,
        name=key.title,
        holder=snapshot.repository,
        location=settings_location("settings/keys"),
        created_at=key.created_at,
        rotated_at=key.created_at,  # a key is not written anew, it is replaced
        last_used_at=key.last_used_at,
        machine=True,
    )


def _token_identities(snapshot: Snapshot) -> Iterator[PublishingIdentity | Unknown]:
    for token in _values_or_unknown(snapshot.settings.fine_grained_tokens):
        if isinstance(token, Unknown):
            yield token
        elif PUBLISHING_PERMISSIONS & set(token.write_permissions):
            yield _token_identity(token, snapshot)


def _token_identity(token: FineGrainedToken, snapshot: Snapshot) -> PublishingIdentity:
    return PublishingIdentity(
        kind=IdentityKind.TOKEN,
        name=token.name,
        holder=snapshot.repository.partition("/")[0],
        location=organization_settings_page(snapshot.repository, "personal-access-tokens/active"),
        created_at=token.created_at,
        rotated_at=token.created_at,
        last_used_at=token.last_used_at,
        expires_at=token.expires_at,
        token_owner=f"@{token.owner}",
        machine=False,
    )


def _app_identities(snapshot: Snapshot) -> Iterator[PublishingIdentity | Unknown]:
    for app in _values_or_unknown(snapshot.settings.app_installations):
        if isinstance(app, Unknown):
            yield app
        elif PUBLISHING_PERMISSIONS & set(app.write_permissions) and not app.suspended:
            yield _app_identity(app, snapshot)


def _app_identity(app: AppInstallation, snapshot: Snapshot) -> PublishingIdentity:
    return PublishingIdentity(
        kind=IdentityKind.APP,
        name=app.slug,
        holder=snapshot.repository.partition("/")[0],
        location=organization_settings_page(snapshot.repository, "installations"),
        machine=True,
    )


def _values_or_unknown(fact: MaybeKnown[tuple[T, ...]]) -> Iterator[T | Unknown]:
    if isinstance(fact, Known):
        yield from fact.value
    else:
        yield fact


def _registries_of(publications: Iterable[Publication]) -> tuple[RegistryId, ...]:
    return tuple(dict.fromkeys(publication.registry for publication in publications))


def _location_of(publication: Publication) -> Location:
    return Location(publication.file, publication.line, publication.line)


def environment_reviewers(snapshot: Snapshot) -> Iterator[PublishingIdentity | Unknown]:
    """Yield each person and team that is asked before something is published, once for each environment."""
    for found in publish_environments(snapshot.publications, snapshot):
        if isinstance(found, Unknown):
            yield found
        elif found.environment is not None:
            for reviewer in found.environment.reviewers:
                yield _reviewer_identity(found, reviewer, snapshot)


def _reviewer_identity(
    publish_environment: PublishEnvironment, reviewer: Reviewer, snapshot: Snapshot
) -> PublishingIdentity:
    login = snapshot.repository.partition("/")[0]
    return PublishingIdentity(
        kind=IdentityKind.PERSON,
        name=f"@{login}/{reviewer.name}" if reviewer.kind is ReviewerKind.TEAM else f"@{reviewer.name}",
        holder=snapshot.repository,
        location=settings_location("settings/environments"),
        environment=publish_environment.name,
        registries=tuple(dict.fromkeys(each.registry for each in publish_environment.publications)),
        publications=publish_environment.publications,
        machine=reviewer.is_bot or (None if reviewer.kind is ReviewerKind.TEAM else False),
    )


def registry_accounts(snapshot: Snapshot) -> Iterator[PublishingIdentity | Unknown]:
    """Yield each account that a registry lists for a package of the repository, once for each registry."""
    watched = snapshot.registry_versions
    if isinstance(watched, Unknown):
        if snapshot.publications:
            yield watched
        return
    packages: dict[tuple[RegistryId, str], list[str]] = {}
    for each in watched.value:
        if isinstance(each.current_maintainers, Unknown):
            yield each.current_maintainers
            continue
        for name in each.current_maintainers.value:
            role = f" ({each.roles[name]})" if name in each.roles else ""
            packages.setdefault((each.package.registry, name), []).append(f"{each.package.name}{role}")
    people = {
        (registry, name.casefold()): each for each in snapshot.declared_people for registry, name in each.accounts
    }
    for (registry, name), published in packages.items():
        person = people.get((registry, name.casefold()))
        yield PublishingIdentity(
            kind=IdentityKind.ACCOUNT,
            name=name,
            holder=snapshot.repository,
            location=settings_location("actions"),
            registries=(registry,),
            token_owner=person.login if person else None,
            machine=person.machine if person else None,
            packages=tuple(published),
        )


def missing_identities(inventory: IdentityInventory, snapshot: Snapshot) -> tuple[DeclaredIdentity, ...]:
    """Return the entries for this repository that name nothing which was observed, where all of their kind was seen."""
    there = {identity.declared for identity in inventory.identities}
    return tuple(each for each in snapshot.declared_identities if each not in there and _was_checked(each, snapshot))


def _was_checked(entry: DeclaredIdentity, snapshot: Snapshot) -> bool:
    settings = snapshot.settings
    facts: dict[IdentityKind, tuple[Known[Any] | Unknown, ...]] = {
        IdentityKind.SECRET: (settings.secrets, settings.organization_secrets, settings.environment_secrets),
        IdentityKind.PUBLISHER: (),  # the repository's files say it
        IdentityKind.DEPLOY_KEY: (settings.deploy_keys,),
        IdentityKind.TOKEN: (settings.fine_grained_tokens,),
        IdentityKind.APP: (settings.app_installations,),
        IdentityKind.PERSON: (settings.environments,),
        IdentityKind.ACCOUNT: (),
    }
    return not snapshot.unreadable and all(isinstance(fact, Known) for fact in facts[entry.kind])
