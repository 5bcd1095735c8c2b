"""Stores which repositories GitHub listed of each installation, and says which of them count as evaluated."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, or_, select, update

from bot.github.github_app import InstallationRepository
from bot.model.core_types import FullName, InstallationId, RepositoryId
from handlers.config.database import Database, insert_into
from handlers.records.report_store import STALE_AFTER, reason_not_evaluated
from handlers.records.schema.record_documents import ensure_installation
from handlers.records.schema.tables import digest_facts, installations, reports, repositories, repository_names


@dataclass(frozen=True, slots=True)
class InstallationRepositories:
    """What GitHub listed, and when."""

    listed_at: datetime
    repositories: tuple[InstallationRepository, ...]

    @property
    def account(self) -> str:
        """The account that installed the App; an empty text where it lets the App see no repository."""
        return self.repositories[0].name.partition("/")[0] if self.repositories else ""


@dataclass(frozen=True, slots=True)
class InstalledOrganization:
    """An account that installed the App, and when GitHub listed its repositories."""

    installation: InstallationId
    login: str
    listed_at: datetime


class InstallationRepositoryStore:
    """The last list of each installation."""

    def __init__(self, records: Database) -> None:
        self._records = records

    def put(self, installation: InstallationId, listing: InstallationRepositories) -> None:
        """Keep a list in place of the one before."""
        rows = [
            {
                "id": each.id,
                "installation": installation,
                "name": each.name,
                "html_url": each.html_url,
                "archived": each.archived,
                "listed": True,
            }
            for each in listing.repositories
        ]
        mine = installations.c.id == installation
        with self._records.transaction() as connection:
            ensure_installation(connection, installation)
            values = {"account": listing.account or None, "listed_at": listing.listed_at}
            connection.execute(update(installations).where(mine).values(values))
            connection.execute(update(repositories).where(_is_listed(installation)).values(listed=False))
            if rows:
                written = insert_into(connection.dialect.name, repositories)
                changed = {name: written.excluded[name] for name in rows[0] if name != "id"}
                connection.execute(written.on_conflict_do_update(index_elements=["id"], set_=changed), rows)

    def get(self, installation: InstallationId) -> InstallationRepositories | None:
        """Return the last list; None where there was none."""
        with self._records.reading() as connection:
            listed_at = connection.scalar(select(installations.c.listed_at).where(installations.c.id == installation))
            rows = connection.execute(select(*_LISTED).where(_is_listed(installation))).all()
        return None if listed_at is None else InstallationRepositories(listed_at, tuple(map(_repository, rows)))

    def installations(self) -> list[InstallationId]:
        """Return the installations that were listed."""
        return [each.installation for each in self.organizations()]

    def organizations(self) -> list[InstalledOrganization]:
        """Return the accounts of which a repository was listed, by name."""
        known = select(installations).where(
            installations.c.account.is_not(None), installations.c.listed_at.is_not(None)
        )
        with self._records.reading() as connection:
            rows = connection.execute(known.order_by(func.lower(installations.c.account))).all()
        return [InstalledOrganization(InstallationId(row.id), row.account, row.listed_at) for row in rows]

    def html_url(self, repository: RepositoryId) -> str:
        """Return a repository's address on GitHub; an empty text where GitHub never said it."""
        with self._records.reading() as connection:
            return connection.scalar(select(repositories.c.html_url).where(repositories.c.id == repository)) or ""

    def html_urls(self, names: Iterable[FullName]) -> Mapping[str, str]:
        """Return the addresses on GitHub of repositories, by their names in lower case."""
        called = repository_names.c.name.in_({name.lower() for name in names})
        joined = repository_names.join(repositories, repositories.c.id == repository_names.c.repository)
        found = select(repository_names.c.name, repositories.c.html_url).select_from(joined)
        with self._records.reading() as connection:
            return {row.name: row.html_url or "" for row in connection.execute(found.where(called))}

    def count(self, installation: InstallationId) -> int:
        """Count the listed repositories."""
        with self._records.reading() as connection:
            return connection.scalar(select(func.count()).where(_is_listed(installation))) or 0

    def not_evaluated(self, installation: InstallationId, now: datetime) -> Iterator[tuple[FullName, str]]:
        """Yield the listed repositories that do not count as evaluated, each with the reason, by name."""
        facts, number = digest_facts.c, repositories.c.id
        refused = select(facts.repository).where(facts.installation == installation, facts.not_evaluated.is_not(None))
        taken = select(reports.c.repository).where(reports.c.installation == installation)
        missing = or_(
            repositories.c.archived,
            number.in_(refused),
            number.not_in(taken.where(reports.c.taken_at > now - STALE_AFTER)),
        )
        reason = select(facts.not_evaluated).where(facts.installation == installation, facts.repository == number)
        taken_at = select(reports.c.taken_at).where(reports.c.repository == number)
        found = select(
            *_LISTED, taken_at.scalar_subquery().label("taken_at"), reason.scalar_subquery().label("not_evaluated")
        )
        with self._records.reading() as connection:
            rows = connection.execute(
                found.where(_is_listed(installation), missing).order_by(repositories.c.name)
            ).all()
        for row in rows:
            why = reason_not_evaluated(_repository(row), row.taken_at, row.not_evaluated, now)
            if why is not None:
                yield FullName(row.name), why

    def forget(self, installation: InstallationId) -> None:
        """Forget the list of an installation that is gone."""
        with self._records.transaction() as connection:
            gone = installations.c.id == installation  # its name stays as long as what is kept of it
            connection.execute(update(installations).where(gone).values(listed_at=None))
            connection.execute(update(repositories).where(_is_listed(installation)).values(listed=False))


_LISTED = (repositories.c.id, repositories.c.name, repositories.c.archived, repositories.c.html_url)


def _is_listed(installation: InstallationId) -> ColumnElement[bool]:
    return and_(repositories.c.installation == installation, repositories.c.listed)


def _repository(row: Row[*tuple[Any, ...]]) -> InstallationRepository:
    return InstallationRepository(RepositoryId(row.id), FullName(row.name), row.archived, row.html_url)
