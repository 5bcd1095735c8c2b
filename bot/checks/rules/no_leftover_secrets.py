"""The rule no-leftover-secrets: where trusted publishing is in use, the old token is gone."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from bot.checks.rule import Rule, Stricter
from bot.identities import kept_in, page_of, publishing_with, secret_identity, trusted_by, way_to
from bot.model.core_types import RegistryId, RuleName, Severity
from bot.model.findings import Finding, Unseen
from bot.registries.registry import Registry
from bot.settings import Read, Secret, Store
from bot.snapshot.repository_snapshot import Snapshot

IN_ACTIONS = (Store.REPOSITORY, Store.ENVIRONMENT, Store.ORGANISATION)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoLeftoverSecrets(Rule):
    """Where packages are published without a stored token, none is stored any more.

    A token that nobody needs still publishes for whoever finds it.
    """

    name: ClassVar[RuleName] = RuleName("no-leftover-secrets")
    reads: ClassVar[frozenset[Read]] = frozenset(
        {
            Read.FILES,
            Read.SECRETS,
            Read.ORGANISATION_SECRETS,
            Read.ENVIRONMENT_SECRETS,
            Read.DEPENDABOT_SECRETS,
            Read.ORGANISATION_DEPENDABOT_SECRETS,
            Read.AGENT_SECRETS,
            Read.ORGANISATION_AGENT_SECRETS,
        }
    )
    severity: Severity = field(
        default=Severity.MEDIUM, metadata={"means": "How bad a finding of this rule is.", "stricter": Stricter.HIGHER}
    )

    def applies(self, snapshot: Snapshot) -> bool:
        return bool(self._trusted(snapshot))

    def check(self, snapshot: Snapshot) -> Iterator[Finding | Unseen]:
        trusted, telling = self._trusted(snapshot), snapshot.catalogue
        used = publishing_with(snapshot.publications, snapshot)
        stored = snapshot.holdings.stored()
        yield from stored.unseen
        for secret in stored.secrets:
            if secret.name.upper() in used:
                continue  # it is not left over yet: trusted-publishing has its say
            registry = next((trusted[each] for each in telling.by_secret(secret.name) if each in trusted), None)
            if registry is not None:
                yield _finding(secret, registry, snapshot)

    def _trusted(self, snapshot: Snapshot) -> dict[RegistryId, Registry]:
        return {each: snapshot.registries[each] for each in trusted_by(snapshot) if each not in self.allow}


def _finding(secret: Secret, registry: Registry, snapshot: Snapshot) -> Finding:
    reads_only = "" if secret.store in IN_ACTIONS else " If it can only read packages, waive this and say so."
    return Finding(
        place=page_of(secret, snapshot.repository),
        message=f"{kept_in(secret)} still keeps the secret {secret.name}, though packages go to {registry.name} without a stored token",
        fix=f"Revoke the token at {registry.name} first, then delete the secret ({way_to(secret)}).{reads_only}",
        about=secret_identity(secret, snapshot).about,
    )
