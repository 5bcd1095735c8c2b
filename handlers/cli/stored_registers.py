"""Reads the registers of publishing identities that the App stored, for `wharfinger identities`."""

from collections.abc import Iterator

from redis import Redis
from redis.exceptions import RedisError

from bot.model.core_types import FullName
from bot.model.errors import WharfingerError
from bot.registries import load_catalog
from bot.rendering.register_report import RegisterReport, build_register
from handlers.cache.repository_listings import WorkflowRunCache
from handlers.config.database import Database
from handlers.config.redis_client import open_redis, without_password
from handlers.config.settings import StoreSettings
from handlers.jobs.repositories.stored_reports import LatestReports
from handlers.records.report_store import ReportStore
from handlers.records.schema.migrate import reading_records


def stored_registers(name: FullName | None) -> Iterator[RegisterReport]:
    """Yield the register of each repository that the App evaluated, or of one; raises WharfingerError where it cannot be read."""
    settings = StoreSettings.from_environment()
    with reading_records(settings) as records, open_redis(settings.redis_url) as redis:
        try:
            if name:
                ReportStore(records).require_known(name)
            yield from _reports(records, redis, name)
        except RedisError as error:
            where = without_password(settings.redis_url)
            raise WharfingerError(f"Redis at {where} does not answer ({error}); is `wharfinger run` running?") from None


def _reports(records: Database, redis: Redis, name: FullName | None) -> Iterator[RegisterReport]:
    statuses, catalog = ReportStore(records), load_catalog()
    for installation in statuses.installations():
        latest = LatestReports(records, redis, catalog, installation)
        for status in sorted(statuses.all(installation), key=lambda each: each.repository.lower()):
            if name and status.repository.lower() != name.lower():
                continue
            report = latest.report(status.id)
            if report is None and name:
                raise WharfingerError(f"no snapshot of {status.repository} is stored; its next evaluation stores one")
            register = build_register(report, WorkflowRunCache(redis, status.id).cached()) if report else None
            if register and (register.entries or register.missing or name):
                yield register
