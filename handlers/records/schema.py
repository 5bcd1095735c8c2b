"""Brings the database to this version's tables, and claims it for one App."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, inspect, select, text

from bot.model.errors import ConfigurationError
from handlers.config.database import Database, insert_missing
from handlers.config.embedded_redis import prepare_data_folder
from handlers.config.settings import Settings
from handlers.records.tables import app

REVISION = "0001"  # the newest in migrations/versions
MIGRATIONS = Path(__file__).parent / "migrations"
MIGRATION_LOCK = 0x57686172  # the number of PostgreSQL's advisory lock: one process migrates at a time


def open_records(settings: Settings) -> Database:
    """Open the records, with this version's tables in them, for this App.

    Raises ConfigurationError where a newer version of Wharfinger or another App has them, and DatabaseError.
    """
    records = Database(settings.database_url)
    prepare_records(records, settings)
    return records


def prepare_records(records: Database, settings: Settings) -> None:
    """Make the folder and the tables, and claim them for this App; raises as `open_records` does."""
    if settings.database_url.startswith("sqlite"):
        prepare_data_folder(settings.data)
    migrate(records)
    claim(records, settings)


@contextmanager
def opened_records(settings: Settings) -> Iterator[Database]:
    """Open the records for a command, and close them at its end; raises as `open_records` does."""
    records = open_records(settings)
    try:
        yield records
    finally:
        records.close()


def migrate(records: Database) -> None:
    """Bring the tables to this version's; raises ConfigurationError where they are newer, and DatabaseError."""
    with records.reading() as connection:
        found = _revision(connection)
    if found == REVISION:
        return
    _refuse_newer(records, found)
    with records.transaction() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
        found = _revision(connection)  # another process may have done it while this one waited
        _refuse_newer(records, found)
        if found != REVISION:
            _upgrade(connection)


def claim(records: Database, settings: Settings) -> None:
    """Write this App's number and GitHub into a database that is nobody's yet; raises ConfigurationError where it is another's."""
    with records.reading() as connection:
        owner = connection.execute(select(app)).first()
    if owner is None:
        now = datetime.now(UTC)
        mine = {"id": 1, "app_id": settings.app_id, "github_api": settings.github_api, "claimed_at": now}
        with records.transaction() as connection:
            insert_missing(connection, app, **mine, epoch=0, redis_run="")
            owner = connection.execute(select(app)).one()
    if (owner.app_id, owner.github_api) != (settings.app_id, settings.github_api):
        raise ConfigurationError(
            f"the records at {records.shown_url} belong to App {owner.app_id} at {owner.github_api}, and this is App "
            f"{settings.app_id} at {settings.github_api}; give each App a WHARFINGER_DATA or DATABASE_URL of its own"
        )


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def _refuse_newer(records: Database, found: str | None) -> None:
    if found is not None and found > REVISION:
        raise ConfigurationError(
            f"the records at {records.shown_url} were written by a newer version of Wharfinger (revision {found}, and this "
            f"one knows {REVISION}); install that version again, or restore the backup that was made before it"
        )


def _upgrade(connection: Connection) -> None:
    # Alembic takes a tenth of a second to load, and a start that has nothing to migrate need not.
    from alembic import command

    # As above.
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
