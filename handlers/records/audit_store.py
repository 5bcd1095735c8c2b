"""Reads all that is kept of an organization and a period, for an auditor."""

import hashlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, func, or_, select

from bot.evaluation.audit import (
    AuditPeriod,
    AuditRecords,
    DemandedPolicy,
    RecordedDecision,
    RecordedOutcomes,
    RecordedRevocation,
    RepositoryHistory,
)
from bot.model.core_types import FullName, RepositoryId
from bot.model.errors import PolicyError, WharfingerError
from bot.model.identity_register import AccessReview
from bot.policy import policy_in_force
from bot.policy.read_policy import read_policy
from bot.registries import Catalog
from bot.tracing import VersionTrace
from handlers.config.database import Database
from handlers.records.departure_store import DEPARTURES
from handlers.records.gate_store import DECISIONS
from handlers.records.policy_store import PolicyKind
from handlers.records.report_store import CHANGES, OutcomeChange
from handlers.records.review_store import DELETIONS, REVIEWS, DeletionState
from handlers.records.schema.tables import (
    access_reviews,
    departures,
    gate_decisions,
    outcome_changes,
    policies,
    repository_names,
    secret_deletions,
    version_traces,
)
from handlers.records.trace_store import TRACES

STATES = {
    DeletionState.REQUESTED: "requested",
    DeletionState.DELETED: "deleted",
    DeletionState.VERIFIED: "verified as gone",
    DeletionState.REAPPEARED: "there again",
}


class AuditStore:
    """The history of one organization."""

    def __init__(self, records: Database, catalog: Catalog, organization: str) -> None:
        self._records = records
        self._catalog = catalog
        self._login = organization.lower()

    def read(self, period: AuditPeriod, now: datetime) -> AuditRecords:
        """Read what is kept; raises WharfingerError where the App knows no repository of the organization."""
        names = self._names()
        if not names:
            raise WharfingerError(
                f"the App has looked at no repository of {self._login!a}; see how it is written, and whether the App is installed there"
            )
        return AuditRecords(
            organization=self._login,
            period=period,
            made_at=now,
            policies=tuple(self._policies(period)),
            repositories=tuple(self._histories(period, names)),
            reviews=tuple(self._reviews(period, names)),
            revocations=(*self._revocations(period, names), *self._departures(period)),
            decisions=tuple(self._decisions(period, names)),
            publications=tuple(self._publications(period, names)),
        )

    def _names(self) -> Mapping[RepositoryId, FullName]:
        """Return the organization's repositories by number."""
        mine = select(repository_names.c.repository, func.max(repository_names.c.name).label("name"))
        mine = mine.where(repository_names.c.name.startswith(f"{self._login}/", autoescape=True))
        with self._records.reading() as connection:
            rows = connection.execute(mine.group_by(repository_names.c.repository)).all()
        return {RepositoryId(row.repository): FullName(row.name) for row in rows}

    def _policies(self, period: AuditPeriod) -> Iterator[DemandedPolicy]:
        table = policies.c
        mine = select(policies).where(
            table.kind == PolicyKind.ORGANIZATION,
            table.subject == self._login,
            table.valid_from < period.end,
            or_(table.valid_to.is_(None), table.valid_to > period.begin),
        )
        with self._records.reading() as connection:
            rows = connection.execute(mine.order_by(table.valid_from, table.id)).all()
        yield from map(self._policy, rows)

    def _policy(self, row: Row[*tuple[Any, ...]]) -> DemandedPolicy:
        digest = hashlib.sha256(row.content).hexdigest()
        try:
            file = read_policy(row.content, self._catalog.registries, f"publishing.yml at {(row.commit_id or '?')[:7]}")
        except PolicyError as error:
            return DemandedPolicy(row.subject, row.commit_id, digest, row.valid_from, row.valid_to, {}, (), str(error))
        modes = {rule.name: rule.mode for rule in policy_in_force(file).rules}
        return DemandedPolicy(row.subject, row.commit_id, digest, row.valid_from, row.valid_to, modes, file.waivers)

    def _histories(self, period: AuditPeriod, names: Mapping[RepositoryId, FullName]) -> Iterator[RepositoryHistory]:
        table = outcome_changes.c
        last_before = select(func.max(table.id)).where(table.changed_at < period.begin).group_by(table.repository)
        in_period = (table.changed_at >= period.begin) & (table.changed_at < period.end)
        columns = select(*CHANGES.columns, table.repository)
        found = columns.where(or_(in_period, table.id.in_(last_before))).order_by(table.id)
        with self._records.reading() as connection:
            rows = connection.execute(found).all()
        changes: dict[RepositoryId, list[OutcomeChange]] = {number: [] for number in names}
        for row in rows:
            if row.repository in changes:
                changes[RepositoryId(row.repository)].extend(CHANGES.readable(self._records, [row]))
        for number in sorted(names, key=lambda each: names[each]):
            recorded = [RecordedOutcomes(each.changed_at, each.commit, each.outcomes) for each in changes[number]]
            earlier = [each for each in recorded if each.changed_at < period.begin]
            later = tuple(each for each in recorded if each.changed_at >= period.begin)
            yield RepositoryHistory(names[number], earlier[-1] if earlier else None, later)

    def _reviews(self, period: AuditPeriod, names: Mapping[RepositoryId, FullName]) -> Iterator[AccessReview]:
        table = access_reviews.c
        mine = select(*REVIEWS.columns, table.repository, table.organization).where(
            table.reviewed_at >= period.begin, table.reviewed_at < period.end
        )
        with self._records.reading() as connection:
            rows = connection.execute(mine.order_by(table.id)).all()
        mine_only = [row for row in rows if row.repository in names or row.organization == self._login]
        yield from REVIEWS.readable(self._records, mine_only)

    def _revocations(self, period: AuditPeriod, names: Mapping[RepositoryId, FullName]) -> Iterator[RecordedRevocation]:
        table = secret_deletions.c
        mine = select(*DELETIONS.columns).where(table.requested_at >= period.begin, table.requested_at < period.end)
        with self._records.reading() as connection:
            rows = connection.execute(mine.order_by(table.requested_at, table.identity)).all()
        for row in rows:
            for each in DELETIONS.readable(self._records, [row] if row.repository in names else []):
                name = names[RepositoryId(row.repository)]
                identity = each.identity.description
                yield RecordedRevocation(name, identity, each.requested_by, each.requested_at, STATES[each.state])

    def _departures(self, period: AuditPeriod) -> Iterator[RecordedRevocation]:
        """Yield what was revoked of people who left, and what is still open of those who left in the period."""
        with self._records.reading() as connection:
            rows = connection.execute(select(*DEPARTURES.columns).where(departures.c.left_at < period.end)).all()
        for each in DEPARTURES.readable(self._records, rows):
            if each.organization.lower() != self._login:
                continue
            for item in each.items:
                at = item.done_at or each.left_at
                if period.contains(at):
                    how = f"attested by @{item.attested_by}" if item.attested_by else "seen to be done"
                    state = how if item.done_at else "open"
                    yield RecordedRevocation(
                        FullName(item.holder), item.subject, each.person, at, f"{state} ({item.step})"
                    )

    def _decisions(self, period: AuditPeriod, names: Mapping[RepositoryId, FullName]) -> Iterator[RecordedDecision]:
        table = gate_decisions.c
        mine = select(*DECISIONS.columns, table.repository).where(
            table.decided_at >= period.begin, table.decided_at < period.end
        )
        with self._records.reading() as connection:
            rows = connection.execute(mine.order_by(table.decided_at, table.key)).all()
        for each in DECISIONS.readable(self._records, [row for row in rows if row.repository in names]):
            yield RecordedDecision(
                each.at,
                each.repository,
                each.environment,
                each.run,
                each.commit,
                each.verdict,
                each.reasons,
                each.waivers,
            )

    def _publications(self, period: AuditPeriod, names: Mapping[RepositoryId, FullName]) -> Iterator[VersionTrace]:
        table = version_traces.c
        mine = select(*TRACES.columns).where(table.published_at >= period.begin, table.published_at < period.end)
        with self._records.reading() as connection:
            rows = connection.execute(mine.order_by(table.published_at, table.package, table.version)).all()
        yield from TRACES.readable(self._records, [row for row in rows if row.repository in names])


def policy_at(records: Database, organization: str, moment: datetime) -> tuple[str | None, bytes] | None:
    """Return the commit and content of an organization's policy that was in force at a moment; None where none was."""
    table = policies.c
    mine = select(table.commit_id, table.content).where(
        table.kind == PolicyKind.ORGANIZATION,
        table.subject == organization.lower(),
        table.valid_from <= moment.astimezone(UTC),
        or_(table.valid_to.is_(None), table.valid_to > moment.astimezone(UTC)),
    )
    with records.reading() as connection:
        row = connection.execute(mine.order_by(table.id.desc())).first()
    return None if row is None else (row.commit_id, row.content)
