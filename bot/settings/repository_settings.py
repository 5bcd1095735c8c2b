"""Defines all GitHub settings of a repository, each as a known value or as unknown with a reason."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace

from bot.model.findings import Known, MaybeKnown, Unknown
from bot.settings.environments import Environment
from bot.settings.organization import AppInstallation, FineGrainedToken, Organization
from bot.settings.repository_facts import (
    DeployKey,
    ImmutableReleasesSetting,
    RepositoryFacts,
    Runner,
    WorkflowPermissions,
)
from bot.settings.rulesets import BranchProtection, CodeOwners, Ruleset
from bot.settings.secrets import Secret, SecretStore, Variable
from bot.settings.settings_query import SettingsQuery


@dataclass(frozen=True, slots=True)
class FoundSecrets:
    """The secrets of some stores, and the stores among them that could not be seen."""

    secrets: tuple[Secret, ...]
    unknown: tuple[Unknown, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositorySettings:
    """What GitHub keeps. Only what a rule in force `reads` is read, and only where there is something to judge."""

    repository: MaybeKnown[RepositoryFacts] = SettingsQuery.REPOSITORY.not_read
    custom_properties: MaybeKnown[Mapping[str, tuple[str, ...]]] = (
        SettingsQuery.CUSTOM_PROPERTIES.not_read
    )  # custom ones: a value or several
    # Looked into (refs, custom rules, secrets) are those that publications name, and all where there are few.
    environments: MaybeKnown[tuple[Environment, ...]] = SettingsQuery.ENVIRONMENTS.not_read
    secrets: MaybeKnown[tuple[Secret, ...]] = SettingsQuery.SECRETS.not_read
    organization_secrets: MaybeKnown[tuple[Secret, ...]] = SettingsQuery.ORGANIZATION_SECRETS.not_read
    environment_secrets: MaybeKnown[tuple[Secret, ...]] = SettingsQuery.ENVIRONMENT_SECRETS.not_read  # see environments
    dependabot_secrets: MaybeKnown[tuple[Secret, ...]] = SettingsQuery.DEPENDABOT_SECRETS.not_read
    organization_dependabot_secrets: MaybeKnown[tuple[Secret, ...]] = (
        SettingsQuery.ORGANIZATION_DEPENDABOT_SECRETS.not_read
    )
    agent_secrets: MaybeKnown[tuple[Secret, ...]] = SettingsQuery.AGENT_SECRETS.not_read
    organization_agent_secrets: MaybeKnown[tuple[Secret, ...]] = SettingsQuery.ORGANIZATION_AGENT_SECRETS.not_read
    variables: MaybeKnown[tuple[Variable, ...]] = (
        SettingsQuery.VARIABLES.not_read
    )  # with the organization's that reach it
    environment_variables: MaybeKnown[tuple[Variable, ...]] = SettingsQuery.ENVIRONMENT_VARIABLES.not_read
    rulesets: MaybeKnown[tuple[Ruleset, ...]] = SettingsQuery.RULESETS.not_read
    branch_protection: MaybeKnown[tuple[BranchProtection, ...]] = SettingsQuery.BRANCH_PROTECTION.not_read
    code_owners: MaybeKnown[CodeOwners] = SettingsQuery.CODE_OWNERS.not_read
    workflow_permissions: MaybeKnown[WorkflowPermissions] = SettingsQuery.WORKFLOW_PERMISSIONS.not_read
    immutable_releases: MaybeKnown[ImmutableReleasesSetting] = SettingsQuery.IMMUTABLE_RELEASES.not_read
    deploy_keys: MaybeKnown[tuple[DeployKey, ...]] = SettingsQuery.DEPLOY_KEYS.not_read
    runners: MaybeKnown[tuple[Runner, ...]] = SettingsQuery.RUNNERS.not_read
    fine_grained_tokens: MaybeKnown[tuple[FineGrainedToken, ...]] = SettingsQuery.FINE_GRAINED_TOKENS.not_read
    app_installations: MaybeKnown[tuple[AppInstallation, ...]] = SettingsQuery.APP_INSTALLATIONS.not_read
    organization: MaybeKnown[Organization] = SettingsQuery.ORGANIZATION.not_read

    def environment(self, name: str) -> MaybeKnown[Environment | None]:
        """Return the environment that a workflow calls by this name: Seen(None) where there is none."""
        if isinstance(self.environments, Unknown):
            return self.environments
        return Known(next((each for each in self.environments.value if each.has_name(name)), None))

    def secrets_in(self, stores: Iterable[SecretStore] = tuple(SecretStore)) -> FoundSecrets:
        """Return the secrets of these stores together, and what was unknown among them."""
        kept = self._by_store()
        facts = [kept[store] for store in stores]
        found = (secret for fact in facts if isinstance(fact, Known) for secret in fact.value)
        return FoundSecrets(tuple(found), tuple(fact for fact in facts if isinstance(fact, Unknown)))

    def _by_store(self) -> Mapping[SecretStore, MaybeKnown[tuple[Secret, ...]]]:
        return {
            SecretStore.REPOSITORY: self.secrets,
            SecretStore.ENVIRONMENT: self.environment_secrets,
            SecretStore.ORGANIZATION: self.organization_secrets,
            SecretStore.DEPENDABOT: self.dependabot_secrets,
            SecretStore.ORGANIZATION_DEPENDABOT: self.organization_dependabot_secrets,
            SecretStore.AGENT: self.agent_secrets,
            SecretStore.ORGANIZATION_AGENT: self.organization_agent_secrets,
        }


def all_unknown(reason: str) -> RepositorySettings:
    """Return holdings of which no fact was seen, all for one reason."""
    nothing = RepositorySettings()
    facts: dict[str, Unknown] = {each.name: getattr(nothing, each.name) for each in fields(nothing)}
    return replace(nothing, **{name: replace(fact, reason=reason) for name, fact in facts.items()})
