"""Stores which policy of an organization is in force, from which commit and why, and a looser one that waits."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update

from bot.github.commit_query import ORGANIZATION_POLICY_PATH
from bot.model.core_types import FullName, InstallationId, RepositoryId, Sha
from handlers.config.database import Database, upsert
from handlers.records.policy_store import PolicyKey, PolicyStore
from handlers.records.schema.record_documents import Documents, ensure_installation
from handlers.records.schema.tables import policy_custody, policy_pushers


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """An organization's policy file at a commit, with the file that it extends."""

    repository: FullName
    repository_id: RepositoryId
    branch: str
    commit: Sha  # on that branch, the default one
    oid: str  # git's name of the file's content; empty where the file is gone
    content: str
    base: str | None = None  # the file that this one extends, as it was read

    @property
    def origin(self) -> str:
        """The file, as reports name it."""
        return f"{self.repository}/{ORGANIZATION_POLICY_PATH}"

    @property
    def short_commit(self) -> str:
        return self.commit[:7]

    def is_same_text(self, other: "PolicyVersion") -> bool:
        """Whether both are one file with one content, whatever the commit."""
        mine, theirs = ((each.repository.lower(), each.oid, each.base) for each in (self, other))
        return mine == theirs


@dataclass(frozen=True, slots=True)
class AcceptedPolicy:
    """The policy in force of an organization, since when and why."""

    version: PolicyVersion
    since: datetime
    reason: str  # "nothing was in force before", "@bob approved it" …


@dataclass(frozen=True, slots=True)
class PendingPolicy:
    """A looser policy that waits: `takes_effect` is None until somebody approved it, where it takes an approval."""

    version: PolicyVersion
    loosenings: tuple[str, ...]
    seen_at: datetime
    checked_at: datetime
    waits_for: str  # what lets it take effect, in words
    takes_effect: datetime | None = None
    reason: str = ""  # why it may take effect then
    is_rejected: bool = False  # somebody canceled it on the host


ACCEPTED = Documents[AcceptedPolicy](policy_custody, AcceptedPolicy, "accepted")
PENDING = Documents[PendingPolicy](policy_custody, PendingPolicy, "pending")


class PusherStore:
    """Who pushed commits to the repositories that may hold a policy of an installation."""

    def __init__(self, records: Database, installation: InstallationId) -> None:
        self._records = records
        self._installation = installation

    def keep(self, commit: Sha, login: str, now: datetime) -> None:
        """Keep who pushed a commit."""
        values = {"installation": self._installation, "commit_id": commit, "login": login, "pushed_at": now}
        with self._records.transaction() as connection:
            ensure_installation(connection, self._installation)
            upsert(connection, policy_pushers, ["installation", "commit_id"], values)

    def get(self, commit: Sha) -> str | None:
        """Return who pushed a commit, where that was heard."""
        mine = policy_pushers.c.installation == self._installation, policy_pushers.c.commit_id == commit
        with self._records.reading() as connection:
            found: str | None = connection.scalar(select(policy_pushers.c.login).where(*mine))
        return found


class PolicyCustodyStore:
    """The policies of organizations, by installation: a renamed organization keeps its own."""

    def __init__(self, records: Database) -> None:
        self._records = records

    def accepted(self, installation: InstallationId) -> AcceptedPolicy | None:
        """Return the policy in force of an organization; raises UnreadableRecordError, for that is not "there was none"."""
        mine = select(*ACCEPTED.columns).where(policy_custody.c.installation == installation)
        with self._records.reading() as connection:
            row = connection.execute(mine).first()
        return ACCEPTED.read(self._records, row)

    def accept(self, installation: InstallationId, accepted: AcceptedPolicy) -> None:
        """Put a policy in force; what waited does not any more. What was in force before stays as history."""
        version = accepted.version
        key = PolicyKey.organization(installation, version.repository.partition("/")[0])
        history = PolicyStore(self._records)
        values = {"installation": installation, "accepted": ACCEPTED.text(accepted), "pending": None}
        with self._records.transaction() as connection:
            ensure_installation(connection, installation)
            upsert(connection, policy_custody, ["installation"], values)
            if version.oid:
                history.put(key, version.content.encode(), version.commit, accepted.since)
            else:
                history.end(key, accepted.since)

    def pending(self, installation: InstallationId) -> PendingPolicy | None:
        """Return the looser policy that waits; raises UnreadableRecordError."""
        mine = select(*PENDING.columns).where(policy_custody.c.installation == installation)
        with self._records.reading() as connection:
            row = connection.execute(mine).first()
        return PENDING.read(self._records, row)

    def put_pending(self, installation: InstallationId, pending: PendingPolicy) -> None:
        """Keep a looser policy in place of the one that waited before; one is in force already."""
        mine = policy_custody.c.installation == installation
        with self._records.transaction() as connection:
            connection.execute(update(policy_custody).where(mine).values(pending=PENDING.text(pending)))

    def all_pending(self) -> Mapping[InstallationId, PendingPolicy]:
        """Return the looser policies that wait, by installation; raises UnreadableRecordError."""
        with self._records.reading() as connection:
            rows = connection.execute(select(*PENDING.columns)).all()
        found = ((InstallationId(row.installation), PENDING.read(self._records, row)) for row in rows)
        return {installation: pending for installation, pending in found if pending is not None}

    def forget(self, installation: InstallationId) -> None:
        """Forget what is in force of an organization."""
        with self._records.transaction() as connection:
            connection.execute(delete(policy_custody).where(policy_custody.c.installation == installation))
