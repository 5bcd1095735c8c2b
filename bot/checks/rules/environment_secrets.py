"""Judges whether publishing secrets are stored only in the environment that publishes."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from bot.checks.check import Rule
from bot.detection import Publication
from bot.identities import describe_store, publications_by_secret, settings_navigation
from bot.model.core_types import RuleName
from bot.model.findings import Finding, FindingSubject, Location, Unknown, join_names
from bot.settings import PlanFeature, Secret, SecretStore, SettingsQuery
from bot.snapshot.protection import plan_alternative, plan_lacks, possible_environment_names
from bot.snapshot.repository_snapshot import Snapshot

REPOSITORY_WIDE_STORES = (
    SecretStore.REPOSITORY,
    SecretStore.ORGANIZATION,
)  # where every workflow of the repository can read it, on every branch


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentSecrets(Rule):
    """Publishing secrets are stored only in the environment that publishes.

    A job receives an environment secret only after the protection rules of the environment let it through.
    """

    name: ClassVar[RuleName] = RuleName("environment-secrets")
    reads: ClassVar[frozenset[SettingsQuery]] = frozenset(
        {SettingsQuery.FILES, SettingsQuery.SECRETS, SettingsQuery.ORGANIZATION_SECRETS, SettingsQuery.PLAN}
    )

    def applies(self, snapshot: Snapshot) -> bool:
        return bool(publications_by_secret(tuple(each for each, _ in self.publications_to_check(snapshot)), snapshot))

    def judge(self, snapshot: Snapshot) -> Iterator[Finding | Unknown]:
        used = publications_by_secret(tuple(each for each, _ in self.publications_to_check(snapshot)), snapshot)
        stored = snapshot.settings.secrets_in(REPOSITORY_WIDE_STORES)
        yield from stored.unknown
        for name, publications in used.items():
            for secret in stored.secrets:
                if secret.name.upper() == name:
                    yield _finding(secret, publications, snapshot)


def _finding(secret: Secret, publications: tuple[Publication, ...], snapshot: Snapshot) -> Finding:
    first = publications[0]
    where = join_names(snapshot.registries[each.registry].name for each in publications)
    named = [each for each in possible_environment_names(first, snapshot) if isinstance(each, str)]
    return Finding(
        location=Location(first.file, first.line, first.line),
        message=(
            f"publishes to {where} with the secret {secret.name} of {describe_store(secret)}, which every workflow on every branch can read"
        ),
        fix=_fix(secret, named[0] if named else None, snapshot),
        subject=FindingSubject(secrets=(secret.name,)),
    )


def _fix(secret: Secret, environment: str | None, snapshot: Snapshot) -> str:
    if plan_lacks(snapshot, PlanFeature.ENVIRONMENT_SECRETS):
        return plan_alternative(snapshot, PlanFeature.ENVIRONMENT_SECRETS)
    into = f"the environment {environment}" if environment else "an environment that the publishing job names"
    narrowed = (
        "remove this repository from the old secret's access list"
        if secret.store is SecretStore.ORGANIZATION
        else "delete the old secret"
    )
    return f"Store a new token in {into} (Settings, Environments, Environment secrets). Then {narrowed} ({settings_navigation(secret)})."
