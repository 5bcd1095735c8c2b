"""Updates the database to this version's tables, and claims it for one App."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from bot.model.errors import ConfigurationError
from handlers.config.database import Database
from handlers.config.embedded_redis import prepare_data_folder
from handlers.config.settings import Settings, StoreSettings
from handlers.records.app_store import AppStore

REVISION = "0005"  # the newest in migrations/versions
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
    AppStore(records).claim(settings)


@contextmanager
def opened_records(settings: Settings) -> Iterator[Database]:
    """Open the records for a command, and close them at its end; raises as `open_records` does."""
    records = open_records(settings)
    try:
        yield records
    finally:
        records.close()


@contextmanager
def reading_records(settings: StoreSettings) -> Iterator[Database]:
    """Open the records for a command that only reads them, whichever App's they are; raises as `migrate` does."""
    records = Database(settings.database_url)
    try:
        if settings.database_url.startswith("sqlite"):
            prepare_data_folder(settings.data)
        migrate(records)
        yield records
    finally:
        records.close()


def migrate(records: Database) -> None:
    """Bring the tables to this version's; raises ConfigurationError where they are newer, and DatabaseError."""
    with records.reading() as connection:
        found = _revision(connection)
        _refuse_newer(records, connection, found)
    if found is not None and found >= REVISION:
        return
    with records.transaction() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
        found = _revision(connection)  # another process may have done it while this one waited
        _refuse_newer(records, connection, found)
        if found is None or found < REVISION:
            _upgrade(connection)


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def _refuse_newer(records: Database, connection: Connection, found: str | None) -> None:
    """Refuse tables that a newer version changed so that this one cannot use them; what was only added does no harm."""
    if found is None or found <= REVISION:
        return
    oldest: str | None = connection.scalar(text("SELECT oldest_revision FROM app"))
    if oldest is None or oldest > REVISION:
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
