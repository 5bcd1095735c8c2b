"""The rule environment-secrets: a secret that publishes is kept in the environment that publishes."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from bot.checks.rule import Rule
from bot.detection import Publication
from bot.identities import kept_in, publishing_with, way_to
from bot.model.core_types import RuleName
from bot.model.findings import About, Finding, Place, Unseen, listed
from bot.settings import Feature, Read, Secret, Store
from bot.snapshot.plan import cannot_have, instead
from bot.snapshot.protection import environments_of
from bot.snapshot.repository_snapshot import Snapshot

WIDE = (Store.REPOSITORY, Store.ORGANISATION)  # where every workflow of the repository can read it, on every branch


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentSecrets(Rule):
    """A secret that publishes is kept in the environment that publishes, and nowhere else.

    There it is handed out only to a job that the environment's protection has let through.
    """

    name: ClassVar[RuleName] = RuleName("environment-secrets")
    reads: ClassVar[frozenset[Read]] = frozenset({Read.FILES, Read.SECRETS, Read.ORGANISATION_SECRETS, Read.PLAN})

    def applies(self, snapshot: Snapshot) -> bool:
        return bool(publishing_with(tuple(each for each, _ in self.judged(snapshot)), snapshot))

    def check(self, snapshot: Snapshot) -> Iterator[Finding | Unseen]:
        used = publishing_with(tuple(each for each, _ in self.judged(snapshot)), snapshot)
        stored = snapshot.holdings.stored(WIDE)
        yield from stored.unseen
        for name, publications in used.items():
            for secret in stored.secrets:
                if secret.name.upper() == name:
                    yield _finding(secret, publications, snapshot)


def _finding(secret: Secret, publications: tuple[Publication, ...], snapshot: Snapshot) -> Finding:
    first = publications[0]
    where = listed(snapshot.registries[each.registry].name for each in publications)
    named = [each for each in environments_of(first, snapshot) if isinstance(each, str)]
    return Finding(
        place=Place(first.file, first.line, first.line),
        message=(
            f"publishes to {where} with the secret {secret.name} of {kept_in(secret)}, which every workflow can read, on every branch"
        ),
        fix=_fix(secret, named[0] if named else None, snapshot),
        about=About(secrets=(secret.name,)),
    )


def _fix(secret: Secret, environment: str | None, snapshot: Snapshot) -> str:
    if cannot_have(snapshot, Feature.ENVIRONMENT_SECRETS):
        return instead(snapshot, Feature.ENVIRONMENT_SECRETS)
    into = f"the environment {environment}" if environment else "an environment that the publishing job names"
    narrowed = (
        "take this repository from those that may use the old one"
        if secret.store is Store.ORGANISATION
        else "delete the old one"
    )
    return (
        f"Put a new token into {into} (Settings, Environments, Environment secrets), and {narrowed} ({way_to(secret)})."
    )
