"""Stores who left an organization or a team, and what is still to be revoked."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import select

from bot.model.core_types import FullName, InstallationId
from bot.rendering.departure import Departure
from handlers.config.database import Database, upsert
from handlers.records.schema.record_documents import Documents, ensure_installation
from handlers.records.schema.tables import departures

DEPARTURES = Documents[Departure](departures, Departure)


class DepartureStore:
    """The departures of each installation; one is open for a person at a time."""

    def __init__(self, records: Database) -> None:
        self._records = records

    def put(self, installation: InstallationId, departure: Departure, closed_at: datetime | None = None) -> None:
        """Keep a departure in place of what was kept of it."""
        key = {"installation": installation, "person": departure.person.lower(), "left_at": departure.left_at}
        with self._records.transaction() as connection:
            ensure_installation(connection, installation)
            values = {**key, "closed_at": closed_at, "document": DEPARTURES.text(departure)}
            upsert(connection, departures, list(key), values)

    def open_of(self, installation: InstallationId, person: str) -> Departure | None:
        """Return the open departure of a person; raises UnreadableRecordError."""
        mine = select(*DEPARTURES.columns).where(
            departures.c.installation == installation,
            departures.c.person == person.lower(),
            departures.c.closed_at.is_(None),
        )
        with self._records.reading() as connection:
            row = connection.execute(mine.order_by(departures.c.left_at)).first()
        return DEPARTURES.read(self._records, row)

    def all_open(self) -> Iterator[tuple[InstallationId, Departure]]:
        """Yield the departures of which something is left to do, as far as they can be read."""
        with self._records.reading() as connection:
            rows = connection.execute(select(*DEPARTURES.columns).where(departures.c.closed_at.is_(None))).all()
        for row in rows:
            for each in DEPARTURES.readable(self._records, [row]):
                yield InstallationId(row.installation), each

    def find_by_issue(self, installation: InstallationId, repository: FullName, number: int) -> Departure | None:
        """Return the open departure that an issue is about."""
        for owner, each in self.all_open():
            same = (each.issue_repository or "").lower() == repository.lower() and each.issue_number == number
            if owner == installation and same:
                return each
        return None
