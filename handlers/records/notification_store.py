"""Stores what the operator is told on channels beside GitHub, until each channel has taken it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, func, select, update

from bot.rendering.notification import Notification
from handlers.config.database import Database, insert_missing
from handlers.records.schema.record_documents import Documents
from handlers.records.schema.tables import notifications

NOTIFICATIONS = Documents[Notification](notifications, Notification)


@dataclass(frozen=True, slots=True)
class DueNotification:
    """A notification that a channel has not taken yet, and how often it was tried."""

    notification: Notification
    channel: str
    attempts: int


class NotificationStore:
    """The notifications of all channels, by key: what was told once is not told again."""

    def __init__(self, records: Database) -> None:
        self._records = records

    def put(self, notification: Notification, channels: Iterable[str], now: datetime) -> bool:
        """Keep a notification for each channel that does not have it; say whether there is one to send."""
        values = {"created_at": now, "due_at": now.timestamp(), "attempts": 0}
        document = NOTIFICATIONS.text(notification)
        with self._records.transaction() as connection:
            added = [
                insert_missing(
                    connection, notifications, key=notification.key, channel=channel, document=document, **values
                )
                for channel in channels
            ]
        return any(added)

    def due(self, channel: str, now: datetime, limit: int) -> Sequence[DueNotification]:
        """Return what a channel is to be sent by now, the oldest first."""
        table = notifications.c
        mine = select(*NOTIFICATIONS.columns, table.attempts).where(
            table.channel == channel, table.due_at <= now.timestamp()
        )
        with self._records.reading() as connection:
            rows = connection.execute(mine.order_by(table.created_at, table.key).limit(limit)).all()
        return tuple(
            DueNotification(each, row.channel, row.attempts)
            for row in rows
            for each in NOTIFICATIONS.readable(self._records, [row])
        )

    def mark_sent(self, due: DueNotification) -> None:
        """Note that a channel took a notification. It stays, so that it is not told again."""
        self._update(due, due_at=None, attempts=due.attempts + 1)

    def postpone(self, due: DueNotification, until: datetime) -> None:
        """Have a notification sent again at a later time."""
        self._update(due, due_at=until.timestamp(), attempts=due.attempts + 1)

    def postpone_all(self, channel: str, until: datetime) -> None:
        """Have everything that is due on a channel wait: it does not work at present."""
        waiting = notifications.c.channel == channel, notifications.c.due_at < until.timestamp()
        with self._records.transaction() as connection:
            connection.execute(update(notifications).where(*waiting).values(due_at=until.timestamp()))

    def forget_other_channels(self, channels: Sequence[str]) -> None:
        """Drop what waits for channels that the settings no longer name."""
        other = notifications.c.channel.not_in(channels), notifications.c.due_at.is_not(None)
        with self._records.transaction() as connection:
            connection.execute(delete(notifications).where(*other))

    def waiting(self) -> int:
        """Count what no channel has taken yet."""
        mine = select(func.count()).select_from(notifications).where(notifications.c.due_at.is_not(None))
        with self._records.reading() as connection:
            return connection.scalar(mine) or 0

    def _update(self, due: DueNotification, **values: float | None) -> None:
        with self._records.transaction() as connection:
            connection.execute(update(notifications).where(_is(due)).values(**values))


def _is(due: DueNotification) -> ColumnElement[bool]:
    return and_(notifications.c.key == due.notification.key, notifications.c.channel == due.channel)
