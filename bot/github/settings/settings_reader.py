"""Gathers holdings: only what the rules in force read, and only where a repository publishes or keeps a registry's secret."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TypeVar

from bot.github.settings.environments_api import Inside, look_into, read_environments, to_look_into
from bot.github.settings.organization_api import (
    read_installations,
    read_organisation,
    read_plan,
    read_tokens,
)
from bot.github.settings.organization_cache import Kept
from bot.github.settings.read_known import ask
from bot.github.settings.repository_api import (
    read_actions_policy,
    read_deploy_keys,
    read_immutable_releases,
    read_oidc_subject,
    read_properties,
    read_runners,
)
from bot.github.settings.rulesets_api import read_rules
from bot.github.settings.secrets_api import secrets_of_environments, variables_of_environments
from bot.github.settings.stores import Stores
from bot.model.core_types import FullName
from bot.model.findings import Fact, Seen, Unseen
from bot.registries import Catalogue
from bot.settings import Environment, Holdings, Organisation, Read, RepositoryFacts

T = TypeVar("T")
NO_ENVIRONMENTS: tuple[Environment, ...] = ()


class HoldingsReader:
    """Reads for one repository; `reads` is all that the rules in force read, together."""

    def __init__(
        self, kept: Kept, repository: FullName, facts: RepositoryFacts, catalogue: Catalogue, reads: Iterable[Read]
    ) -> None:
        self._kept = kept
        self._line = kept.line
        self._repository = repository
        self._facts = facts
        self._stores = Stores(kept, repository, facts)
        self._catalogue = catalogue
        self._reads = frozenset(reads)

    def read(self, named: frozenset[str] | None, *, publishes: bool) -> Holdings:
        """Read what matters; `named` are the environments that publications name, None where any may be.

        Raises LaterError when GitHub wants to be asked later: then nothing is known, and what was said before stands.
        """
        secrets = self._ask(Read.SECRETS, self._stores.repository)
        kept = secrets.value if isinstance(secrets, Seen) else ()
        if not publishes and not any(self._is_registrys(secret.name) for secret in kept):
            return Holdings(repository=Seen(self._facts), secrets=secrets)
        found = self._with_environments(Holdings(repository=Seen(self._with_plan()), secrets=secrets), named)
        return self._with_organisation(self._with_settings(self._with_stores(found)))

    def _with_environments(self, holdings: Holdings, named: frozenset[str] | None) -> Holdings:
        line, repository = self._line, self._repository
        environments = self._ask(Read.ENVIRONMENTS, lambda: read_environments(line, repository), NO_ENVIRONMENTS)
        listed = environments.value if isinstance(environments, Seen) else None
        inside = to_look_into(listed, named)
        if listed is not None:
            looked = (
                look_into(line, repository, each, self._reads) if each.name in inside.names else each for each in listed
            )
            environments = Seen(tuple(looked))
        return replace(
            holdings,
            environments=environments,
            environment_secrets=self._ask_inside(
                Read.ENVIRONMENT_SECRETS, inside, lambda: secrets_of_environments(line, repository, inside.names)
            ),
            environment_variables=self._ask_inside(
                Read.ENVIRONMENT_VARIABLES,
                inside,
                lambda: variables_of_environments(line, repository, inside.names, self._looks_like),
            ),
        )

    def _with_stores(self, holdings: Holdings) -> Holdings:
        stores, reach = self._stores, Read.SECRETS_REACH in self._reads
        return replace(
            holdings,
            organisation_secrets=self._ask(
                Read.ORGANISATION_SECRETS, lambda: stores.organisation(self._is_registrys, reach=reach)
            ),
            dependabot_secrets=self._ask(Read.DEPENDABOT_SECRETS, stores.dependabot),
            organisation_dependabot_secrets=self._ask(
                Read.ORGANISATION_DEPENDABOT_SECRETS, stores.organisation_dependabot
            ),
            agent_secrets=self._ask(Read.AGENT_SECRETS, stores.agent),
            organisation_agent_secrets=self._ask(Read.ORGANISATION_AGENT_SECRETS, stores.organisation_agent),
            variables=self._ask(Read.VARIABLES, lambda: stores.variables(self._looks_like)),
        )

    def _with_settings(self, holdings: Holdings) -> Holdings:
        line, repository = self._line, self._repository
        rules = read_rules(line, repository, self._reads)
        return replace(
            holdings,
            rulesets=rules.rulesets,
            branch_protection=rules.branch_protection,
            code_owners=rules.code_owners,
            properties=self._ask(Read.PROPERTIES, lambda: read_properties(line, repository), {}),
            actions_policy=self._ask(Read.ACTIONS_POLICY, lambda: read_actions_policy(line, repository)),
            oidc_subject=self._ask(Read.OIDC_SUBJECT, lambda: read_oidc_subject(line, repository)),
            immutable_releases=self._ask(Read.IMMUTABLE_RELEASES, lambda: read_immutable_releases(line, repository)),
            deploy_keys=self._ask(Read.DEPLOY_KEYS, lambda: read_deploy_keys(line, repository)),
            runners=self._ask(Read.RUNNERS, lambda: read_runners(line, repository)),
        )

    def _with_organisation(self, holdings: Holdings) -> Holdings:
        kept = self._kept
        if not self._facts.owner_is_organisation:  # nobody else is in it, and it has no Apps or tokens
            alone = Organisation(kept.login, frozenset({kept.login}))
            return replace(holdings, organisation=Seen(alone), tokens=Seen(()), installations=Seen(()))
        return replace(
            holdings,
            organisation=self._ask(Read.ORGANISATION, lambda: read_organisation(kept)),
            tokens=self._ask(Read.TOKENS, lambda: read_tokens(kept, self._repository)),
            installations=self._ask(Read.INSTALLATIONS, lambda: read_installations(kept)),
        )

    def _ask_inside(self, read: Read, inside: Inside, question: Callable[[], tuple[T, ...]]) -> Fact[tuple[T, ...]]:
        """Ask for what environments hold; where not all of them could be looked into, that is no fact."""
        if read in self._reads and inside.unknown:
            return Unseen(read.what, inside.unknown, inside.permission)
        return self._ask(read, question, ())

    def _ask(self, read: Read, question: Callable[[], T], nothing: T | None = None) -> Fact[T]:
        return ask(read, question, nothing) if read in self._reads else read.not_read

    def _with_plan(self) -> RepositoryFacts:
        """Add the owner's plan; it only matters where it may offer less than everything."""
        if Read.PLAN not in self._reads or self._facts.is_public or not self._facts.owner_is_organisation:
            return self._facts
        plan = ask(Read.PLAN, lambda: read_plan(self._kept))
        return replace(self._facts, plan=plan.value) if isinstance(plan, Seen) else self._facts

    def _is_registrys(self, name: str) -> bool:
        return bool(self._catalogue.by_secret(name))

    def _looks_like(self, value: str) -> str | None:
        found = self._catalogue.literal_in(value)
        return found[1] if found else None
