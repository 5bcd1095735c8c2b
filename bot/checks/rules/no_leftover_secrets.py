"""Judges whether registry tokens were deleted where trusted publishing replaced them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from bot.checks.check import Rule, StricterWhen
from bot.identities import (
    describe_store,
    publications_by_secret,
    secret_identity,
    secret_settings_page,
    settings_navigation,
    trusted_publications,
)
from bot.model.core_types import RegistryId, RuleName, Severity
from bot.model.findings import Finding, Unknown
from bot.registries.registry import Registry
from bot.settings import Secret, SecretStore, SettingsQuery
from bot.snapshot.repository_snapshot import Snapshot
from bot.workflows.expressions import secrets_in

ACTIONS_STORES = (SecretStore.REPOSITORY, SecretStore.ENVIRONMENT, SecretStore.ORGANIZATION)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoLeftoverSecrets(Rule):
    """No token is stored for a registry that is used without one.

    A token that no workflow uses any more can still publish.
    """

    name: ClassVar[RuleName] = RuleName("no-leftover-secrets")
    reads: ClassVar[frozenset[SettingsQuery]] = frozenset(
        {
            SettingsQuery.FILES,
            SettingsQuery.SECRETS,
            SettingsQuery.ORGANIZATION_SECRETS,
            SettingsQuery.ENVIRONMENT_SECRETS,
            SettingsQuery.DEPENDABOT_SECRETS,
            SettingsQuery.ORGANIZATION_DEPENDABOT_SECRETS,
            SettingsQuery.AGENT_SECRETS,
            SettingsQuery.ORGANIZATION_AGENT_SECRETS,
        }
    )
    severity: Severity = field(
        default=Severity.MEDIUM,
        metadata={"means": "How bad a finding of this rule is.", "stricter": StricterWhen.HIGHER},
    )

    def applies(self, snapshot: Snapshot) -> bool:
        return bool(self._trusted_registries(snapshot))

    def judge(self, snapshot: Snapshot) -> Iterator[Finding | Unknown]:
        trusted, telling = self._trusted_registries(snapshot), snapshot.catalog
        used = publications_by_secret(snapshot.publications, snapshot)
        stored = snapshot.settings.secrets_in()
        read_with = {
            secret for workflow in snapshot.workflows.values() for secret in secrets_in("\n".join(workflow.lines))
        }
        yield from stored.unknown
        for secret in stored.secrets:
            if secret.name.upper() in used or secret.name.upper() in read_with:
                continue  # it is not left over yet: it publishes, or some step reads with it
            registry = next((trusted[each] for each in telling.by_secret_name(secret.name) if each in trusted), None)
            if registry is not None:
                yield _finding(secret, registry, snapshot)

    def _trusted_registries(self, snapshot: Snapshot) -> dict[RegistryId, Registry]:
        return {each: snapshot.registries[each] for each in trusted_publications(snapshot) if each not in self.allow}


def _finding(secret: Secret, registry: Registry, snapshot: Snapshot) -> Finding:
    reads_only = "" if secret.store in ACTIONS_STORES else " If the token can only read packages, waive this finding."
    return Finding(
        location=secret_settings_page(secret, snapshot.repository),
        message=f"{describe_store(secret)} still stores the secret {secret.name}, although packages are published to {registry.name} without a token",
        fix=f"Revoke the token at {registry.name}, then delete the secret ({settings_navigation(secret)}).{reads_only}",
        subject=secret_identity(secret, snapshot).subject,
    )
