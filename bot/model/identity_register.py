"""Defines what people declare about publishing: register entries, packages and access reviews."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from bot.model.core_types import FullName


class IdentityKind(StrEnum):
    """What can publish, or lets others; the word is the key of its name in a policy's `identities`."""

    SECRET = "secret"  # noqa: S105 - the key, not one
    PUBLISHER = "publisher"  # a trusted publisher, named by its registry's id
    DEPLOY_KEY = "deploy-key"  # by its title
    TOKEN = "token"  # noqa: S105 - as above; a fine-grained token, by its name
    APP = "app"  # by its slug
    PERSON = "person"  # "@login", or "@organization/team"
    ACCOUNT = "account"  # of a registry, by the registry's name of it; a policy's `people` says whose it is


@dataclass(frozen=True, slots=True)
class DeclaredIdentity:
    """One entry of the register: who answers for what can publish, what it is for and when it ends."""

    kind: IdentityKind
    name: str
    holder: str  # `in`: a repository (acme/tool), or a whole organization (acme)
    owner: str  # "@login", or "@organization/team"
    purpose: str
    expires: date  # the first day on which it may not be there any more
    environment: str | None = None  # of a secret that an environment holds, or a publisher that demands one
    workflow: str | None = None  # of a publisher that demands one: the file's name
    machine: bool | None = None  # whether nobody is behind it; None: not said
    team: str | None = None  # "@organization/team": answers in the owner's place when the owner left or does not answer
    origin: str = ""  # the policy file, and the line in it
    line: int = 0

    def is_in(self, repository: FullName) -> bool:
        """Whether it concerns a repository: held by it, or by all of its organization. GitHub's names have no case."""
        holder, name = self.holder.lower(), repository.lower()
        return holder in (name, name.partition("/")[0])


@dataclass(frozen=True, slots=True)
class DeclaredPackage:
    """A package whose repository its manifests do not show."""

    purl: str  # package URL: pkg:npm/%40acme/cli
    repository: FullName
    origin: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class DeclaredPerson:
    """A person or machine account of GitHub, and the names by which registries know it."""

    login: str  # "@login"
    accounts: tuple[tuple[str, str], ...] = ()  # a registry's id, and a name there
    machine: bool = False
    origin: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class AttestedPublisher:
    """A trusted publisher as a registry has it, by the word of somebody who saw it there."""

    repository: FullName
    workflow: str  # the file's name
    environment: str | None = None


@dataclass(frozen=True, slots=True)
class LockDownAttestation:
    """What a person saw of a package's settings at its registry, where only a login shows them."""

    purl: str
    by: str  # "@login"
    seen: date
    tokens_refused: bool | None = None  # None: not said
    publishers: tuple[AttestedPublisher, ...] | None = None  # all that there are; None: not said
    origin: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class AccessReview:
    """What somebody who may said of one identity when access was reviewed."""

    kind: IdentityKind
    name: str
    holder: str  # the repository or the organization that has it
    reviewed_at: datetime
    reviewer: str  # login
    keep: bool  # False: it is to be revoked
    environment: str | None = None
    workflow: str | None = None
    reason: str = ""  # why, in the reviewer's words
    shown: str = ""  # what the issue said of the identity when it was answered


@dataclass(frozen=True, slots=True)
class AccessReviews:
    """The reviews of access that concern a repository; nothing is overdue that was not there to review yet."""

    started_at: datetime  # when access here was first looked at
    reviews: tuple[AccessReview, ...] = ()
