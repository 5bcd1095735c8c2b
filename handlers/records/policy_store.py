"""Stores the policy files that were in force, each with the commit at which it was read."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, insert, select, update

from bot.model.core_types import FullName, InstallationId, RepositoryId, Sha
from handlers.config.database import Database
from handlers.records.schema.record_documents import ensure_installation
from handlers.records.schema.tables import policies


class PolicyKind(StrEnum):
    """Whose policy a file is; the words are stored."""

    ORGANIZATION = "organization"
    REPOSITORY = "repository"
    BASE = "base"  # what an organization's policy extends


@dataclass(frozen=True, slots=True)
class PolicyKey:
    """Which policy file is meant. What one installation may read is not shown to another."""

    installation: InstallationId
    kind: PolicyKind
    subject: str

    @classmethod
    def organization(cls, installation: InstallationId, login: str) -> "PolicyKey":
        """Mean the policy of an organization."""
        return cls(installation, PolicyKind.ORGANIZATION, login.lower())

    @classmethod
    def repository(cls, installation: InstallationId, repository: RepositoryId) -> "PolicyKey":
        """Mean the policy of a repository's own."""
        return cls(installation, PolicyKind.REPOSITORY, str(repository))

    @classmethod
    def base(cls, installation: InstallationId, repository: FullName) -> "PolicyKey":
        """Mean the policy in another repository that an organization's extends."""
        return cls(installation, PolicyKind.BASE, repository.lower())


class PolicyStore:
    """The last valid version of each policy file, and those that were in force before."""

    def __init__(self, records: Database) -> None:
        self._records = records

    def get(self, key: PolicyKey) -> bytes | None:
        """Return the last valid version of a file; None where none is in force."""
        with self._records.reading() as connection:
            content: bytes | None = connection.scalar(select(policies.c.content).where(_is_in_force(key)))
        return content

    def put(self, key: PolicyKey, content: bytes, commit: Sha | None, now: datetime) -> None:
        """Keep what is in force from now on; the version before it stays as history."""
        if self.get(key) == content:
            return
        with self._records.transaction() as connection:
            ensure_installation(connection, key.installation)
            self.end(key, now)
            connection.execute(
                insert(policies).values(
                    installation=key.installation,
                    kind=key.kind,
                    subject=key.subject,
                    commit_id=commit,
                    content=content,
                    valid_from=now,
                )
            )

    def end(self, key: PolicyKey, now: datetime) -> None:
        """Note that a file is in force no more."""
        if self.get(key) is None:
            return
        with self._records.transaction() as connection:
            connection.execute(update(policies).where(_is_in_force(key)).values(valid_to=now))


def _is_in_force(key: PolicyKey) -> ColumnElement[bool]:
    return and_(
        policies.c.installation == key.installation,
        policies.c.kind == key.kind,
        policies.c.subject == key.subject,
        policies.c.valid_to.is_(None),
    )
