"""Reads only the settings that the rules need, for repositories that publish or store registry secrets."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TypeVar

from bot.github.settings.environments_api import (
    SelectedEnvironments,
    read_environment_details,
    read_environments,
    select_environments,
)
from bot.github.settings.organization_api import (
    read_app_installations,
    read_fine_grained_tokens,
    read_organization,
    read_plan,
)
from bot.github.settings.organization_cache import OrganizationCache
from bot.github.settings.read_known import read_known
from bot.github.settings.repository_api import (
    read_custom_properties,
    read_deploy_keys,
    read_immutable_releases,
    read_runners,
    read_workflow_permissions,
)
from bot.github.settings.rulesets_api import read_rules
from bot.github.settings.secrets_api import SecretStores, read_environment_secrets, read_environment_variables
from bot.model.core_types import FullName
from bot.model.findings import Known, MaybeKnown, Unknown
from bot.registries import Catalog
from bot.settings import Environment, Organization, RepositoryFacts, RepositorySettings, SettingsQuery

T = TypeVar("T")
NO_ENVIRONMENTS: tuple[Environment, ...] = ()


class SettingsReader:
    """Reads for one repository; `reads` is all that the rules in force read, together."""

    def __init__(
        self,
        cache: OrganizationCache,
        repository: FullName,
        facts: RepositoryFacts,
        catalogue: Catalog,
        reads: Iterable[SettingsQuery],
    ) -> None:
        self._cache = cache
        self._client = cache.client
        self._repository = repository
        self._facts = facts
        self._secret_stores = SecretStores(cache, repository, facts)
        self._catalogue = catalogue
        self._reads = frozenset(reads)

    def read(self, environment_names: frozenset[str] | None, *, publishes: bool) -> RepositorySettings:
        """Read what matters; `named` are the environments that publications name, None where any may be.

        Raises LaterError when GitHub wants to be asked later: then nothing is known, and what was said before stands.
        """
        secrets = self._read_if_needed(SettingsQuery.SECRETS, self._secret_stores.repository)
        kept = secrets.value if isinstance(secrets, Known) else ()
        if not publishes and not any(self._is_registry_secret(secret.name) for secret in kept):
            return RepositorySettings(repository=Known(self._facts), secrets=secrets)
        found = self._with_environments(
            RepositorySettings(repository=Known(self._with_plan()), secrets=secrets), environment_names
        )
        return self._with_organization(self._with_configuration(self._with_secrets(found)))

    def renew(self, settings: RepositorySettings) -> RepositorySettings:
        """Return settings that were read before with what needs no call: the repository's facts, and what is kept of its organization."""
        if settings.environments == SettingsQuery.ENVIRONMENTS.not_read and SettingsQuery.ENVIRONMENTS in self._reads:
            return replace(settings, repository=Known(self._facts))  # nothing but its secrets mattered
        return self._with_organization(replace(settings, repository=Known(self._with_plan())))

    def _with_environments(
        self, settings: RepositorySettings, environment_names: frozenset[str] | None
    ) -> RepositorySettings:
        line, repository = self._client, self._repository
        environments = self._read_if_needed(
            SettingsQuery.ENVIRONMENTS, lambda: read_environments(line, repository), NO_ENVIRONMENTS
        )
        listed = environments.value if isinstance(environments, Known) else None
        inside = select_environments(listed, environment_names)
        if listed is not None:
            looked = (
                read_environment_details(line, repository, each, self._reads) if each.name in inside.names else each
                for each in listed
            )
            environments = Known(tuple(looked))
        return replace(
            settings,
            environments=environments,
            environment_secrets=self._read_environments_if_needed(
                SettingsQuery.ENVIRONMENT_SECRETS,
                inside,
                lambda: read_environment_secrets(line, repository, inside.names),
            ),
            environment_variables=self._read_environments_if_needed(
                SettingsQuery.ENVIRONMENT_VARIABLES,
                inside,
                lambda: read_environment_variables(line, repository, inside.names, self._detect_token),
            ),
        )

    def _with_secrets(self, settings: RepositorySettings) -> RepositorySettings:
        stores, reach = self._secret_stores, SettingsQuery.ORGANIZATION_SECRET_ACCESS in self._reads
        return replace(
            settings,
            organization_secrets=self._read_if_needed(
                SettingsQuery.ORGANIZATION_SECRETS,
                lambda: stores.organization(self._is_registry_secret, with_access=reach),
            ),
            dependabot_secrets=self._read_if_needed(SettingsQuery.DEPENDABOT_SECRETS, stores.dependabot),
            organization_dependabot_secrets=self._read_if_needed(
                SettingsQuery.ORGANIZATION_DEPENDABOT_SECRETS, stores.organization_dependabot
            ),
            agent_secrets=self._read_if_needed(SettingsQuery.AGENT_SECRETS, stores.agent),
            organization_agent_secrets=self._read_if_needed(
                SettingsQuery.ORGANIZATION_AGENT_SECRETS, stores.organization_agent
            ),
            variables=self._read_if_needed(SettingsQuery.VARIABLES, lambda: stores.variables(self._detect_token)),
        )

    def _with_configuration(self, settings: RepositorySettings) -> RepositorySettings:
        line, repository = self._client, self._repository
        rules = read_rules(line, repository, self._reads)
        return replace(
            settings,
            rulesets=rules.rulesets,
            branch_protection=rules.branch_protection,
            code_owners=rules.code_owners,
            custom_properties=self._read_if_needed(
                SettingsQuery.CUSTOM_PROPERTIES, lambda: read_custom_properties(line, repository), {}
            ),
            workflow_permissions=self._read_if_needed(
                SettingsQuery.WORKFLOW_PERMISSIONS, lambda: read_workflow_permissions(line, repository)
            ),
            immutable_releases=self._read_if_needed(
                SettingsQuery.IMMUTABLE_RELEASES, lambda: read_immutable_releases(line, repository)
            ),
            deploy_keys=self._read_if_needed(SettingsQuery.DEPLOY_KEYS, lambda: read_deploy_keys(line, repository)),
            runners=self._read_if_needed(SettingsQuery.RUNNERS, lambda: read_runners(line, repository)),
        )

    def _with_organization(self, settings: RepositorySettings) -> RepositorySettings:
        kept = self._cache
        if not self._facts.owner_is_organization:  # nobody else is in it, and it has no Apps or tokens
            alone = Organization(kept.login, frozenset({kept.login}))
            return replace(
                settings, organization=Known(alone), fine_grained_tokens=Known(()), app_installations=Known(())
            )
        return replace(
            settings,
            organization=self._read_if_needed(SettingsQuery.ORGANIZATION, lambda: read_organization(kept)),
            fine_grained_tokens=self._read_if_needed(
                SettingsQuery.FINE_GRAINED_TOKENS, lambda: read_fine_grained_tokens(kept, self._repository)
            ),
            app_installations=self._read_if_needed(
                SettingsQuery.APP_INSTALLATIONS, lambda: read_app_installations(kept)
            ),
        )

    def _read_environments_if_needed(
        self, query: SettingsQuery, selected: SelectedEnvironments, fetch: Callable[[], tuple[T, ...]]
    ) -> MaybeKnown[tuple[T, ...]]:
        """Ask for what environments hold; where not all of them could be looked into, that is no fact."""
        if query in self._reads and selected.incomplete_reason:
            return Unknown(query.fact, selected.incomplete_reason, selected.permission)
        return self._read_if_needed(query, fetch, ())

    def _read_if_needed(
        self, query: SettingsQuery, fetch: Callable[[], T], if_not_offered: T | None = None
    ) -> MaybeKnown[T]:
        return read_known(query, fetch, if_not_offered) if query in self._reads else query.not_read

    def _with_plan(self) -> RepositoryFacts:
        """Add the owner's plan; it only matters where it may offer less than everything."""
        if SettingsQuery.PLAN not in self._reads or self._facts.is_public or not self._facts.owner_is_organization:
            return self._facts
        plan = read_known(SettingsQuery.PLAN, lambda: read_plan(self._cache))
        return replace(self._facts, plan=plan.value) if isinstance(plan, Known) else self._facts

    def _is_registry_secret(self, name: str) -> bool:
        return bool(self._catalogue.by_secret_name(name))

    def _detect_token(self, value: str) -> str | None:
        found = self._catalogue.find_token(value)
        return found[1] if found else None
