"""Judges whether organization secrets that publish are limited to a few selected repositories."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from bot.checks.check import Rule, StricterWhen
from bot.identities import (
    may_hold_publishing_secrets,
    publications_by_secret,
    publishing_secrets,
    secret_settings_page,
    settings_navigation,
)
from bot.model.core_types import RegistryId, RuleName
from bot.model.findings import Finding, FindingSubject, Known, Unknown, join_names
from bot.settings import Secret, SecretAccess, SecretStore, SecretVisibility, SettingsQuery
from bot.snapshot.repository_snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopedOrganizationSecrets(Rule):
    """Organization secrets that publish reach only the repositories that need them.

    A secret that all repositories can use is as safe as the least protected repository.
    """

    name: ClassVar[RuleName] = RuleName("scoped-organization-secrets")
    reads: ClassVar[frozenset[SettingsQuery]] = frozenset(
        {
            SettingsQuery.FILES,
            SettingsQuery.SECRETS,
            SettingsQuery.ORGANIZATION_SECRETS,
            SettingsQuery.ORGANIZATION_SECRET_ACCESS,
        }
    )
    max_repositories: int = field(
        default=10,
        metadata={"means": "How many repositories may share one such secret.", "stricter": StricterWhen.LOWER},
    )

    def applies(self, snapshot: Snapshot) -> bool:
        return may_hold_publishing_secrets(snapshot) and bool(self._secrets(snapshot))

    def judge(self, snapshot: Snapshot) -> Iterator[Finding | Unknown]:
        telling, used = snapshot.catalog, publications_by_secret(snapshot.publications, snapshot)
        for secret in self._secrets(snapshot):
            if isinstance(secret, Unknown):
                yield secret
                continue
            publications = used.get(secret.name.upper(), ())
            registries = tuple(each.registry for each in publications) or telling.by_secret_name(secret.name)[:1]
            if set(registries) <= set(self.allow):
                continue
            if isinstance(secret.access, Known):
                said = self._excess_access(secret.access.value)
                if said is not None:
                    yield _finding(secret, said, registries, snapshot)
            else:
                yield secret.access or SettingsQuery.ORGANIZATION_SECRET_ACCESS.not_read

    def _secrets(self, snapshot: Snapshot) -> tuple[Secret | Unknown, ...]:
        stored = publishing_secrets(snapshot, (SecretStore.ORGANIZATION,))
        return (*stored.secrets, *stored.unknown)

    def _excess_access(self, reach: SecretAccess) -> str | None:
        """Say what is wrong with whom a secret reaches, if anything is."""
        match reach.visibility:
            case SecretVisibility.ALL:
                return "by all repositories of the organization"
            case SecretVisibility.PRIVATE:
                return "by all private repositories of the organization"
            case SecretVisibility.SELECTED:
                count = len(reach.repositories or ())
                return (
                    f"by {count} repositories (the policy allows {self.max_repositories})"
                    if count > self.max_repositories
                    else None
                )


def _finding(secret: Secret, access: str, registries: tuple[RegistryId, ...], snapshot: Snapshot) -> Finding:
    where = join_names(snapshot.registries[each].name for each in registries)
    return Finding(
        location=secret_settings_page(secret, snapshot.repository),
        message=f"the organization's secret {secret.name}, which publishes to {where}, can be used {access}",
        fix=f"Limit it to the repositories that publish with it ({settings_navigation(secret)}, Selected repositories). It is better to give each repository its own token.",
        subject=FindingSubject(secrets=(secret.name,)),
    )
