"""Holdings: all that GitHub keeps for a repository beside its files, each fact seen, or unseen with what would show it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace

from bot.model.findings import Fact, Seen, Unseen
from bot.settings.environments import Environment
from bot.settings.organization import AppInstallation, FineGrainedToken, Organisation
from bot.settings.owners import CodeOwners
from bot.settings.repository_facts import (
    ActionsPolicy,
    DeployKey,
    ImmutableReleases,
    OidcSubject,
    RepositoryFacts,
    Runner,
)
from bot.settings.rulesets import BranchProtection, Ruleset
from bot.settings.secrets import Secret, Store, Variable
from bot.settings.settings_query import Read


@dataclass(frozen=True, slots=True)
class Stored:
    """The secrets of some stores, and the stores among them that could not be seen."""

    secrets: tuple[Secret, ...]
    unseen: tuple[Unseen, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """What GitHub keeps. Only what a rule in force `reads` is read, and only where there is something to judge."""

    repository: Fact[RepositoryFacts] = Read.REPOSITORY.not_read
    properties: Fact[Mapping[str, tuple[str, ...]]] = Read.PROPERTIES.not_read  # custom ones: a value or several
    # Looked into (refs, custom rules, secrets) are those that publications name, and all where there are few.
    environments: Fact[tuple[Environment, ...]] = Read.ENVIRONMENTS.not_read
    secrets: Fact[tuple[Secret, ...]] = Read.SECRETS.not_read
    organisation_secrets: Fact[tuple[Secret, ...]] = Read.ORGANISATION_SECRETS.not_read
    environment_secrets: Fact[tuple[Secret, ...]] = Read.ENVIRONMENT_SECRETS.not_read  # see environments
    dependabot_secrets: Fact[tuple[Secret, ...]] = Read.DEPENDABOT_SECRETS.not_read
    organisation_dependabot_secrets: Fact[tuple[Secret, ...]] = Read.ORGANISATION_DEPENDABOT_SECRETS.not_read
    agent_secrets: Fact[tuple[Secret, ...]] = Read.AGENT_SECRETS.not_read
    organisation_agent_secrets: Fact[tuple[Secret, ...]] = Read.ORGANISATION_AGENT_SECRETS.not_read
    variables: Fact[tuple[Variable, ...]] = Read.VARIABLES.not_read  # with the organisation's that reach it
    environment_variables: Fact[tuple[Variable, ...]] = Read.ENVIRONMENT_VARIABLES.not_read
    rulesets: Fact[tuple[Ruleset, ...]] = Read.RULESETS.not_read
    branch_protection: Fact[tuple[BranchProtection, ...]] = Read.BRANCH_PROTECTION.not_read
    code_owners: Fact[CodeOwners] = Read.CODE_OWNERS.not_read
    actions_policy: Fact[ActionsPolicy] = Read.ACTIONS_POLICY.not_read
    oidc_subject: Fact[OidcSubject] = Read.OIDC_SUBJECT.not_read
    immutable_releases: Fact[ImmutableReleases] = Read.IMMUTABLE_RELEASES.not_read
    deploy_keys: Fact[tuple[DeployKey, ...]] = Read.DEPLOY_KEYS.not_read
    runners: Fact[tuple[Runner, ...]] = Read.RUNNERS.not_read
    tokens: Fact[tuple[FineGrainedToken, ...]] = Read.TOKENS.not_read
    installations: Fact[tuple[AppInstallation, ...]] = Read.INSTALLATIONS.not_read
    organisation: Fact[Organisation] = Read.ORGANISATION.not_read

    def environment(self, name: str) -> Fact[Environment | None]:
        """Return the environment that a workflow calls by this name: Seen(None) where there is none."""
        if isinstance(self.environments, Unseen):
            return self.environments
        return Seen(next((each for each in self.environments.value if each.is_called(name)), None))

    def stored(self, stores: Iterable[Store] = tuple(Store)) -> Stored:
        """Return the secrets of these stores together, and what was unseen among them."""
        kept = self._by_store()
        facts = [kept[store] for store in stores]
        found = (secret for fact in facts if isinstance(fact, Seen) for secret in fact.value)
        return Stored(tuple(found), tuple(fact for fact in facts if isinstance(fact, Unseen)))

    def _by_store(self) -> Mapping[Store, Fact[tuple[Secret, ...]]]:
        return {
            Store.REPOSITORY: self.secrets,
            Store.ENVIRONMENT: self.environment_secrets,
            Store.ORGANISATION: self.organisation_secrets,
            Store.DEPENDABOT: self.dependabot_secrets,
            Store.ORGANISATION_DEPENDABOT: self.organisation_dependabot_secrets,
            Store.AGENT: self.agent_secrets,
            Store.ORGANISATION_AGENT: self.organisation_agent_secrets,
        }


def nothing_seen(reason: str) -> Holdings:
    """Return holdings of which no fact was seen, all for one reason."""
    nothing = Holdings()
    facts: dict[str, Unseen] = {each.name: getattr(nothing, each.name) for each in fields(nothing)}
    return replace(nothing, **{name: replace(fact, reason=reason) for name, fact in facts.items()})
