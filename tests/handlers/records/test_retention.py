"""Holds how long records are kept: history by one setting, and all that is left of an account that removed the App by another."""

from dataclasses import replace
from datetime import datetime, timedelta

from redis import Redis
from sqlalchemy import func, select

from bot.github.github_app import InstallationRepository
from bot.model.core_types import InstallationId
from handlers.config.database import Database
from handlers.config.settings import Settings
from handlers.records.installation_store import InstallationRepositories, InstallationRepositoryStore
from handlers.records.schema.retention import HISTORY, delete_expired, mark_removed
from handlers.records.schema.tables import METADATA
from tests.handlers.records.every_record import store_everything
from tests.handlers.web.pages.stored_records import INSTALLATION, NAME, NOW, NUMBER

# What is nobody's: the App's own row, registries, what the operator froze or was told, and what ends within days by itself.
NOT_OF_AN_ACCOUNT = {
    *("app", "outbox", "fences", "freezes", "notifications", "registry_outages", "unreadable_records"),
}


def counts(records: Database) -> dict[str, int]:
    with records.reading() as connection:
        rows = {
            each.name: connection.scalar(select(func.count()).select_from(each)) or 0 for each in METADATA.sorted_tables
        }
    return {name: count for name, count in rows.items() if count and name not in NOT_OF_AN_ACCOUNT}


def removed(records: Database, at: datetime) -> None:
    InstallationRepositoryStore(records).forget(INSTALLATION)
    mark_removed(records, INSTALLATION, at)


def test_nothing_of_an_account_is_left_once_its_time_is_over(
    records: Database, redis: Redis, settings: Settings
) -> None:
    store_everything(records, redis)
    kept = counts(records)
    removed(records, NOW)
    days = timedelta(days=settings.retention_after_uninstall)
    delete_expired(records, settings, NOW + days - timedelta(hours=1))
    assert counts(records) == kept
    delete_expired(records, settings, NOW + days)
    assert counts(records) == {}


def test_what_an_account_shares_stays_while_it_has_the_app_again(
    records: Database, redis: Redis, settings: Settings
) -> None:
    store_everything(records, redis)
    removed(records, NOW)
    again, store = InstallationId(6), InstallationRepositoryStore(records)
    assert store.get(INSTALLATION) is None
    store.put(again, InstallationRepositories(NOW, (InstallationRepository(NUMBER, NAME, archived=False),)))
    delete_expired(records, settings, NOW + timedelta(days=settings.retention_after_uninstall))
    assert counts(records)["access_reviews"] >= 1
    assert [each.installation for each in store.organizations()] == [again]


def test_history_is_kept_for_as_long_as_the_setting_says(records: Database, redis: Redis, settings: Settings) -> None:
    def older_than(moment: datetime) -> set[str]:
        with records.reading() as connection:
            found = ((each.table.name, select(func.count()).where(each <= moment)) for each in HISTORY)
            return {name for name, older in found if connection.scalar(older)}

    store_everything(records, redis)
    short, end = replace(settings, retention=10), NOW + timedelta(days=400)
    kept = older_than(end)
    assert {"access_reviews", "gate_decisions", "version_traces", "outcome_changes", "policies"} <= kept
    delete_expired(records, short, NOW + timedelta(days=9))
    assert older_than(end) == kept
    delete_expired(records, short, end + timedelta(days=10))
    assert older_than(end) == set()
    assert counts(records)["reports"] == 1
