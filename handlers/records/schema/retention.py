"""Deletes records that are older than the settings keep them."""

from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update

from bot.model.core_types import InstallationId
from handlers.config.database import Database
from handlers.config.settings import Settings
from handlers.records.schema import tables
from handlers.records.schema.record_documents import ensure_installation

FENCES_KEPT = timedelta(days=7)  # no worker is frozen for so long and goes on
CHANGES_KEPT = timedelta(days=90)  # of a commit, a branch: as long as somebody may ask for the commit's check run again

# What is over is history from its time on. What still holds (a report, the owner of an identity, what a package had) is not here.
HISTORY = (
    tables.outcome_changes.c.changed_at,
    tables.access_reviews.c.reviewed_at,
    tables.secret_deletions.c.requested_at,
    tables.departures.c.closed_at,
    tables.gate_decisions.c.decided_at,
    tables.version_traces.c.published_at,
    tables.policies.c.valid_to,
)


def mark_removed(records: Database, installation: InstallationId, now: datetime) -> None:
    """Note that an account removed the App: from now on the time runs for which its records are still kept."""
    with records.transaction() as connection:
        ensure_installation(connection, installation)
        mine = tables.installations.c.id == installation
        connection.execute(update(tables.installations).where(mine).values(removed_at=now))


def delete_expired(records: Database, settings: Settings, now: datetime) -> int:
    """Delete what is older than the settings say, and all that is left of accounts that removed the App; count the rows."""
    gone = now - timedelta(days=settings.retention_after_uninstall)
    old = now - timedelta(days=settings.retention)
    recent = now - CHANGES_KEPT
    conditions = [
        (tables.installations, tables.installations.c.removed_at <= gone),
        *((moment.table, moment <= old) for moment in HISTORY),
        (tables.change_alerts, tables.change_alerts.c.observed_at <= recent),
        (tables.fences, tables.fences.c.used_at <= now - FENCES_KEPT),
        (tables.releases, tables.releases.c.since <= recent),
        (tables.policy_pushers, tables.policy_pushers.c.pushed_at <= recent),
        (tables.branches, tables.branches.c.heard_at <= recent),
        (tables.notifications, tables.notifications.c.created_at <= recent),
    ]
    deleted = _delete_shared_reviews(records, gone)
    for table, condition in conditions:  # a transaction for each: other writers need not wait for all of it
        with records.transaction() as connection:
            deleted += connection.execute(delete(table).where(condition)).rowcount
    return deleted


def _delete_shared_reviews(records: Database, gone: datetime) -> int:
    """Delete the reviews of what accounts share that removed the App; they hang on no repository, so nothing else deletes them."""
    installed, reviews = tables.installations.c, tables.access_reviews
    account = func.lower(installed.account)
    with records.transaction() as connection:
        left = select(account).where(installed.removed_at <= gone, installed.account.is_not(None))
        present = select(account).where(installed.removed_at.is_(None), installed.account.is_not(None))
        whose = reviews.c.organization
        return connection.execute(delete(reviews).where(whose.in_(left), whose.not_in(present))).rowcount
