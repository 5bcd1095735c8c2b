"""Says for each package of a repository what can still publish it at its registry."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from bot.identities.publishing_identity import PublishingIdentity
from bot.model.core_types import RegistryId
from bot.model.findings import Known, Unknown
from bot.model.identity_register import IdentityKind
from bot.packages.manifests import format_purl
from bot.packages.publish_history import WatchedPackage
from bot.snapshot.attested_settings import attestations_of
from bot.snapshot.repository_snapshot import Snapshot

ATTESTATIONS_COUNT = timedelta(days=180)


@dataclass(frozen=True, slots=True)
class PackageAccess:
    """What can publish one package."""

    purl: str
    registry: RegistryId
    name: str
    tokens: str  # "refused", "accepted" or "unknown", and how that is known
    tokens_known_on: date | None  # the day of a person's word; None: the registry tells it, or nobody knows
    can_publish: tuple[str, ...]  # each a phrase: "the secret NPM_TOKEN", "the account mona (owner) of @mona"
    setting: str | None  # what to change so that tokens are refused; None: they are, or it cannot be


def package_access(snapshot: Snapshot, identities: Iterable[PublishingIdentity]) -> tuple[PackageAccess, ...]:
    """Return what can publish each watched package; what a registry does not tell is said to be unknown."""
    watched = snapshot.registry_versions
    found = tuple(identities)
    return tuple(_access(each, snapshot, found) for each in watched.value) if isinstance(watched, Known) else ()


def _access(watched: WatchedPackage, snapshot: Snapshot, identities: tuple[PublishingIdentity, ...]) -> PackageAccess:
    registry = snapshot.registries[watched.package.registry]
    setting = registry.lock_down.setting if registry.lock_down else None
    tokens, on = _token_setting(watched, snapshot, has_setting=setting is not None)
    return PackageAccess(
        purl=format_purl(watched.package, snapshot.catalog),
        registry=watched.package.registry,
        name=watched.package.name,
        tokens=tokens,
        tokens_known_on=on,
        can_publish=(*_accounts(watched, snapshot), *_credentials(watched, snapshot, identities)),
        setting=None if tokens.startswith("refused") else setting,
    )


def _token_setting(watched: WatchedPackage, snapshot: Snapshot, *, has_setting: bool) -> tuple[str, date | None]:
    if isinstance(watched.tokens_refused, Known):
        return f"{'refused' if watched.tokens_refused.value else 'accepted'}, as the registry tells", None
    if not has_setting:
        return "accepted: the registry has no setting that refuses them", None
    for each in attestations_of(watched.package, snapshot, ATTESTATIONS_COUNT):
        if each.tokens_refused is not None:
            return f"{'refused' if each.tokens_refused else 'accepted'}, as {each.by} saw on {each.seen}", each.seen
    return "unknown: the registry shows that only to a login", None


def _accounts(watched: WatchedPackage, snapshot: Snapshot) -> Iterator[str]:
    if isinstance(watched.current_maintainers, Unknown):
        yield f"unknown accounts: {watched.current_maintainers.reason}"
        return
    register = {
        (registry, name.casefold()): each for each in snapshot.declared_people for registry, name in each.accounts
    }
    for name in watched.current_maintainers.value:
        role = f" ({watched.roles[name]})" if name in watched.roles else ""
        person = register.get((watched.package.registry, name.casefold()))
        yield f"the account {name}{role} of {person.login if person else 'nobody whom the register names'}"


def _credentials(
    watched: WatchedPackage, snapshot: Snapshot, identities: tuple[PublishingIdentity, ...]
) -> Iterator[str]:
    registry = watched.package.registry
    for each in identities:
        if registry in each.registries and each.kind in (IdentityKind.SECRET, IdentityKind.PUBLISHER):
            yield each.description
    for attested in attestations_of(watched.package, snapshot, ATTESTATIONS_COUNT):
        for publisher in attested.publishers or ():
            where = (
                f" from the environment {publisher.environment}" if publisher.environment else " from any environment"
            )
            yield f"the trusted publisher {publisher.repository}/{publisher.workflow}{where}, as {attested.by} saw on {attested.seen}"
        if attested.publishers is not None:
            return
