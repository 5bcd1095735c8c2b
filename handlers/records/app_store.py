"""Stores whose the records are, what is known of the Redis beside them, and how far deliveries were looked through."""

from datetime import UTC, datetime

from sqlalchemy import select, update

from bot.model.errors import ConfigurationError
from handlers.config.database import Database, insert_missing
from handlers.config.settings import Settings
from handlers.records.schema.tables import app


class AppStore:
    """The one row about the App; `claim` writes it at the first start."""

    def __init__(self, records: Database) -> None:
        self._records = records

    def claim(self, settings: Settings) -> None:
        """Make the records this App's if they are nobody's yet; raises ConfigurationError where they are another's."""
        with self._records.reading() as connection:
            owner = connection.execute(select(app)).first()
        if owner is None:
            now = datetime.now(UTC)
            mine = {"id": 1, "app_id": settings.app_id, "github_api": settings.github_api, "claimed_at": now}
            with self._records.transaction() as connection:
                insert_missing(connection, app, **mine, epoch=0, redis_run="")
                owner = connection.execute(select(app)).one()
        if (owner.app_id, owner.github_api) != (settings.app_id, settings.github_api):
            raise ConfigurationError(
                f"the records at {self._records.shown_url} belong to App {owner.app_id} at {owner.github_api}, and this is "
                f"App {settings.app_id} at {settings.github_api}; give each App a WHARFINGER_DATA or DATABASE_URL of its own"
            )

    def begin_epoch(self, redis_run: str, *, wiped: bool) -> int | None:
        """Note that Redis lost what it held, or its last writes; return the number of the time that begins now.

        None where nothing is lost: Redis has the keys that it had, and runs since it was last seen.
        """
        with self._records.reading() as connection:  # as nearly always, nothing is lost: no writer has to wait
            row = connection.execute(select(app)).one()
        if row.epoch and not wiped and row.redis_run == redis_run:
            return None
        with self._records.transaction() as connection:
            row = connection.execute(select(app).with_for_update()).one()
            is_first = row.epoch == 0  # a Redis that is new has lost nothing
            if not is_first and not wiped and row.redis_run == redis_run:
                return None
            last_look = row.deliveries_read_to or row.claimed_at
            lost_from = row.deliveries_lost_from or min(last_look, row.deliveries_open_from or last_look)
            values = {"epoch": row.epoch + 1, "redis_run": redis_run}
            connection.execute(update(app).values(**values, deliveries_lost_from=None if is_first else lost_from))
        return int(row.epoch) + 1

    @property
    def epoch(self) -> int:
        """The number of the present time: it grows each time that Redis loses something."""
        with self._records.reading() as connection:
            return int(connection.scalar(select(app.c.epoch)) or 0)

    @property
    def deliveries_read_to(self) -> datetime | None:
        """Until when GitHub's log of deliveries was looked through; None before the first time."""
        with self._records.reading() as connection:
            found: datetime | None = connection.scalar(select(app.c.deliveries_read_to))
        return found

    @property
    def deliveries_lost_from(self) -> datetime | None:
        """From when on deliveries may be lost that were answered; None where they were asked for again since."""
        with self._records.reading() as connection:
            found: datetime | None = connection.scalar(select(app.c.deliveries_lost_from))
        return found

    def end_deliveries(self, read_to: datetime, lost_from: datetime | None, open_from: datetime | None) -> None:
        """Note that all was asked for again until a time, and of what was lost from another time on.

        `open_from` is when the oldest job was asked for that a delivery led to and that has not ended.
        """
        with self._records.transaction() as connection:
            connection.execute(update(app).values(deliveries_read_to=read_to, deliveries_open_from=open_from))
            if lost_from is not None:
                found_again = app.c.deliveries_lost_from == lost_from  # else Redis was lost once more meanwhile
                connection.execute(update(app).where(found_again).values(deliveries_lost_from=None))
