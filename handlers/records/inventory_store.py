"""Stores the inventory of publishing identities: each once, with the repositories that it was seen from."""

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Row, Table, case, delete, func, select

from bot.model.core_types import FullName, InstallationId, RepositoryId
from bot.rendering.digest_facts import DigestIdentity
from bot.rendering.markdown import plain_line
from handlers.config.database import Database, insert_missing, upsert
from handlers.records.schema.tables import identities, identity_repositories, reports


@dataclass(frozen=True, slots=True)
class InventoryIdentity:
    """An identity of the inventory, and from how many repositories it can publish."""

    identity: DigestIdentity
    repositories: int
    first_repository: FullName  # by name


@dataclass(frozen=True, slots=True)
class InventoryTotals:
    """How many identities there are, and how many of them nobody answers for."""

    identities: int
    without_owner: int
    undeclared: int
    ending: int


class InventoryStore:
    """The inventory of an installation."""

    def __init__(self, records: Database, installation: InstallationId) -> None:
        self._records = records
        self._installation = installation

    def put(self, repository: RepositoryId, seen: tuple[DigestIdentity, ...]) -> None:
        """Keep the identities of a repository in place of those before; what nobody has any more goes."""
        mine = identity_repositories.c.repository == repository
        with self._records.transaction() as connection:
            before = connection.scalars(
                select(identity_repositories.c.key).where(mine, self._is_mine(identity_repositories))
            )
            gone = set(before) - {each.key for each in seen}
            for each in seen:
                key = {"installation": self._installation, "key": each.key}
                words = {name: plain_line(getattr(each, name)) for name in ("description", "holder")}
                values = asdict(each) | words | {"declared": int(each.declared), "owned": int(each.owner is not None)}
                upsert(connection, identities, list(key), values | key)
                insert_missing(connection, identity_repositories, **key, repository=repository)
            for key in gone:
                occurrence = identity_repositories.c.key == key
                here = self._is_mine(identity_repositories)
                connection.execute(delete(identity_repositories).where(mine, occurrence, here))
                left = select(identity_repositories.c.key).where(occurrence, here).exists()
                connection.execute(delete(identities).where(self._is_mine(identities), identities.c.key == key, ~left))

    def listed(self, limit: int, offset: int = 0) -> list[InventoryIdentity]:
        """Return one part of the inventory: what nobody owns first, then what nobody declared, then the oldest."""
        table = identities.c
        order = table.owned, table.declared, table.rotated.asc().nulls_first(), table.holder, table.description
        part = select(identities).where(self._is_mine(identities)).order_by(*order).limit(limit).offset(offset)
        with self._records.reading() as connection:
            rows = connection.execute(part).all()
            seen = connection.execute(self._occurrences([row.key for row in rows])).all()
        places = {row.key: (row.repositories, FullName(row.first_name or "")) for row in seen}
        return [InventoryIdentity(_identity(row), *places.get(row.key, (0, FullName("")))) for row in rows]

    def totals(self, ends_by: date) -> InventoryTotals:
        """Count the inventory, and what of it has no owner, is not declared, or ends by a day."""
        table = identities.c
        conditions = table.owned == 0, table.declared == 0, table.expires <= ends_by
        counted = [func.sum(case((condition, 1), else_=0)) for condition in conditions]
        with self._records.reading() as connection:
            row = connection.execute(select(func.count(), *counted).where(self._is_mine(identities))).one()
        return InventoryTotals(*(int(number or 0) for number in row))

    def forget(self) -> None:
        """Forget the inventory of an installation that is gone."""
        with self._records.transaction() as connection:
            connection.execute(delete(identities).where(self._is_mine(identities)))

    def _occurrences(self, keys: list[str]) -> Any:  # noqa: ANN401 - a query
        table = identity_repositories.c
        counted = select(table.key, func.count().label("repositories"), func.min(reports.c.name).label("first_name"))
        named = counted.outerjoin(reports, reports.c.repository == table.repository)
        return named.where(self._is_mine(identity_repositories), table.key.in_(keys)).group_by(table.key)

    def _is_mine(self, table: Table) -> ColumnElement[bool]:
        return table.c.installation == self._installation


def _identity(row: Row[*tuple[Any, ...]]) -> DigestIdentity:
    fields = {
        name: getattr(row, name) for name in ("key", "kind", "description", "holder", "owner", "rotated", "expires")
    }
    return DigestIdentity(declared=bool(row.declared), **fields)
