"""Stores how deployment environments were protected, so that a weaker protection is noticed whoever looks next."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, select

from bot.checks.alerts.weakened_environment import environment_losses
from bot.checks.gate import ProtectionChange
from bot.model.core_types import InstallationId, RepositoryId
from bot.model.findings import Unknown
from bot.settings import Environment
from handlers.config.database import Database, upsert
from handlers.records.schema.record_documents import Documents, ensure_repository
from handlers.records.schema.tables import protections

ADOPTED_AFTER = timedelta(days=90)  # a weaker protection that stood for so long is what a later one is compared with


@dataclass(frozen=True, slots=True)
class Protection:
    """An environment as it protected before a change, as it was last seen, and when it was first seen to be weaker."""

    before: Environment
    seen: Environment
    weakened_at: datetime | None = None
    confirmed_by: str | None = None  # who on the host confirmed the last change


PROTECTIONS = Documents[Protection](protections, Protection)


class ProtectionStore:
    """The protections of one repository's environments."""

    def __init__(self, records: Database, installation: InstallationId, repository: RepositoryId) -> None:
        self._records = records
        self._installation = installation
        self._repository = repository

    def observe(
        self, environment: Environment, owner: str, people: AbstractSet[str], now: datetime
    ) -> ProtectionChange | None:
        """Keep how an environment protects now; return what it lost since before, if that was not confirmed.

        Raises UnreadableRecordError, for that is not "it was always so".
        """
        known = self.get(environment.name)
        if known is None:
            self._put(Protection(environment, environment))
            return None
        seen = _with_unread_parts(environment, known.seen)
        weakened_at = now if environment_losses(known.seen, seen, owner, people) else known.weakened_at
        losses = environment_losses(known.before, seen, owner, people)
        if not losses or (weakened_at is not None and now - weakened_at >= ADOPTED_AFTER):
            after = replace(known, before=seen, seen=seen, weakened_at=None)
        else:
            after = replace(known, seen=seen, weakened_at=weakened_at)
        if after != known:
            self._put(after)
        return ProtectionChange(losses, after.weakened_at) if after.weakened_at is not None else None

    def confirm(self, name: str, by: str) -> bool:
        """Take the present protection of an environment for what is meant; say whether one waited for that."""
        known = self.get(name)
        if known is None or known.weakened_at is None:
            return False
        self._put(Protection(known.seen, known.seen, confirmed_by=by))
        return True

    def get(self, name: str) -> Protection | None:
        """Return what is kept of an environment; raises UnreadableRecordError."""
        with self._records.reading() as connection:
            row = connection.execute(select(*PROTECTIONS.columns).where(self._is(name))).first()
        return PROTECTIONS.read(self._records, row)

    def _put(self, protection: Protection) -> None:
        key = {"repository": self._repository, "environment": protection.seen.name.casefold()}
        with self._records.transaction() as connection:
            ensure_repository(connection, self._repository, self._installation)
            upsert(connection, protections, list(key), {**key, "document": PROTECTIONS.text(protection)})

    def _is(self, name: str) -> ColumnElement[bool]:
        return and_(protections.c.repository == self._repository, protections.c.environment == name.casefold())


def _with_unread_parts(now: Environment, before: Environment) -> Environment:
    """Fill in what was not read this time as it was read before: what was not told has not changed."""
    return replace(
        now,
        allowed_refs=before.allowed_refs if isinstance(now.allowed_refs, Unknown) else now.allowed_refs,
        custom_rules=before.custom_rules if isinstance(now.custom_rules, Unknown) else now.custom_rules,
        admins_bypass=before.admins_bypass if now.admins_bypass is None else now.admins_bypass,
    )
