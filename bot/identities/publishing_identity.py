"""A publishing identity: anything that can publish from a repository, with what is known of it and who answers for it."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime

from bot.detection import Publication
from bot.model.core_types import RegistryId
from bot.model.findings import About, Place, Unseen
from bot.model.identity_register import DeclaredIdentity, IdentityKind
from bot.settings import Store

NOUNS = {
    IdentityKind.SECRET: "secret",
    IdentityKind.PUBLISHER: "trusted publisher",
    IdentityKind.DEPLOY_KEY: "deploy key",
    IdentityKind.TOKEN: "fine-grained token",
    IdentityKind.APP: "App",
    IdentityKind.PERSON: "person",
}

_KEPT = {
    Store.ORGANISATION: " of the organisation",
    Store.DEPENDABOT: " of Dependabot",
    Store.ORGANISATION_DEPENDABOT: " of the organisation for Dependabot",
    Store.AGENT: " of the coding agent",
    Store.ORGANISATION_AGENT: " of the organisation for the coding agent",
}
ELSEWHERE = (Store.DEPENDABOT, Store.ORGANISATION_DEPENDABOT, Store.AGENT, Store.ORGANISATION_AGENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """One identity as it was observed, and the register's entry for it, if there is one."""

    kind: IdentityKind
    name: str  # a secret's, a registry's id, a key's title, a token's name, an App's slug, "@login"
    holder: str  # the repository or the organisation that has it
    place: Place  # where it publishes, else the page of settings that has it
    environment: str | None = None
    workflow: str | None = None  # of a publisher: the file's name
    store: Store | None = None  # of a secret
    registries: tuple[RegistryId, ...] = ()
    publications: tuple[Publication, ...] = ()  # that use it
    created_at: datetime | None = None
    rotated_at: datetime | None = None
    last_used_at: datetime | None = None
    expires_at: datetime | None = None  # by itself: a token's end
    held_by: str | None = None  # a token's person, "@login"
    machine: bool | None = None  # nobody is behind it; None: not known
    declared: DeclaredIdentity | None = None

    @property
    def owner(self) -> str | None:
        """Who answers for it: as declared, else whose token it is."""
        return self.declared.owner if self.declared else self.held_by

    @property
    def about(self) -> About:
        secrets = (self.name,) if self.kind is IdentityKind.SECRET else ()
        return About(secrets=secrets, environment=self.environment, identity=self.key)

    @property
    def key(self) -> str:
        """Name it in twelve letters, the same each time it is observed; GitHub's names have no case."""
        store = self.store.value if self.store in ELSEWHERE else ""  # where workflows look, holder and environment tell
        parts = [self.kind, self.name, self.holder, self.environment or "", self.workflow or "", store]
        return hashlib.sha256(json.dumps([part.casefold() for part in parts]).encode()).hexdigest()[:12]

    @property
    def words(self) -> str:
        """Name it in a sentence: `the secret PYPI_TOKEN of the environment release`."""
        if self.kind is IdentityKind.PERSON:
            team = "the team " if "/" in self.name else ""
            return f"{team}{self.name}, who may approve what leaves the environment {self.environment},"
        if self.kind is IdentityKind.PUBLISHER:
            where = f" from the environment {self.environment}" if self.environment else ""
            return f"the trusted publisher {self.workflow} of {self.name}{where}"
        inside = f" of the environment {self.environment}" if self.environment else ""
        shared = _KEPT.get(self.store, "") if self.store else ""
        return f"the {NOUNS[self.kind]} {self.name}{inside}{shared}"


@dataclass(frozen=True, slots=True)
class Register:
    """The identities of one repository, and what could not be seen of them."""

    identities: tuple[Identity, ...]
    unseen: tuple[Unseen, ...] = ()
