"""Defines a publishing identity: anything that can publish from a repository, with its owner."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime

from bot.detection import Publication
from bot.model.core_types import RegistryId
from bot.model.findings import FindingSubject, Location, Unknown
from bot.model.identity_register import DeclaredIdentity, IdentityKind
from bot.settings import SecretStore

KIND_NAMES = {
    IdentityKind.SECRET: "secret",
    IdentityKind.PUBLISHER: "trusted publisher",
    IdentityKind.DEPLOY_KEY: "deploy key",
    IdentityKind.TOKEN: "fine-grained token",
    IdentityKind.APP: "App",
    IdentityKind.PERSON: "person",
}

_STORE_PHRASES = {
    SecretStore.ORGANIZATION: " of the organization",
    SecretStore.DEPENDABOT: " of Dependabot",
    SecretStore.ORGANIZATION_DEPENDABOT: " of the organization for Dependabot",
    SecretStore.AGENT: " of the coding agent",
    SecretStore.ORGANIZATION_AGENT: " of the organization for the coding agent",
}
NON_ACTIONS_STORES = (
    SecretStore.DEPENDABOT,
    SecretStore.ORGANIZATION_DEPENDABOT,
    SecretStore.AGENT,
    SecretStore.ORGANIZATION_AGENT,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishingIdentity:
    """One identity as it was observed, and the register's entry for it, if there is one."""

    kind: IdentityKind
    name: str  # a secret's, a registry's id, a key's title, a token's name, an App's slug, "@login"
    holder: str  # the repository or the organization that has it
    location: Location  # where it publishes, else the page of settings that has it
    environment: str | None = None
    workflow: str | None = None  # of a publisher: the file's name
    store: SecretStore | None = None  # of a secret
    registries: tuple[RegistryId, ...] = ()
    publications: tuple[Publication, ...] = ()  # that use it
    created_at: datetime | None = None
    rotated_at: datetime | None = None
    last_used_at: datetime | None = None
    expires_at: datetime | None = None  # by itself: a token's end
    token_owner: str | None = None  # a token's person, "@login"
    machine: bool | None = None  # nobody is behind it; None: not known
    declared: DeclaredIdentity | None = None

    @property
    def owner(self) -> str | None:
        """Who answers for it: as declared, else whose token it is."""
        return self.declared.owner if self.declared else self.token_owner

    @property
    def subject(self) -> FindingSubject:
        secrets = (self.name,) if self.kind is IdentityKind.SECRET else ()
        return FindingSubject(secrets=secrets, environment=self.environment, identity=self.key)

    @property
    def key(self) -> str:
        """Name it in twelve letters, the same each time it is observed; GitHub's names have no case."""
        store = (
            self.store.value if self.store in NON_ACTIONS_STORES else ""
        )  # where workflows look, holder and environment tell
        parts = [self.kind, self.name, self.holder, self.environment or "", self.workflow or "", store]
        return hashlib.sha256(json.dumps([part.casefold() for part in parts]).encode()).hexdigest()[:12]

    @property
    def description(self) -> str:
        """Name it in a sentence: `the secret PYPI_TOKEN of the environment release`."""
        if self.kind is IdentityKind.PERSON:
            team = "the team " if "/" in self.name else ""
            return f"{team}{self.name}, who may approve what leaves the environment {self.environment},"
        if self.kind is IdentityKind.PUBLISHER:
            where = f" from the environment {self.environment}" if self.environment else ""
            return f"the trusted publisher {self.workflow} of {self.name}{where}"
        inside = f" of the environment {self.environment}" if self.environment else ""
        shared = _STORE_PHRASES.get(self.store, "") if self.store else ""
        return f"the {KIND_NAMES[self.kind]} {self.name}{inside}{shared}"


@dataclass(frozen=True, slots=True)
class IdentityInventory:
    """The identities of one repository, and what could not be seen of them."""

    identities: tuple[PublishingIdentity, ...]
    unknown: tuple[Unknown, ...] = ()
