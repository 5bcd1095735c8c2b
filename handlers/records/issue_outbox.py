"""Stores issue texts until they are written to GitHub, and where issues are open."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, select, update

from bot.model.core_types import FullName, InstallationId, RepositoryId
from bot.policy import IssueDestination, Policy
from bot.rendering.issue import IssueText
from bot.rendering.markdown import text_fingerprint
from handlers.config.database import Database, upsert
from handlers.records.schema.record_documents import Documents, ensure_repository
from handlers.records.schema.tables import repository_issues


@dataclass(frozen=True, slots=True)
class IssueOutboxEntry:
    """What an issue about a repository is to say, and in which repository; None: the policy asks for none."""

    installation: InstallationId
    repository: RepositoryId
    issue_text: IssueText
    issue_repository: FullName | None


@dataclass(frozen=True, slots=True)
class OpenIssue:
    """Where an issue about a repository may be open."""

    installation: InstallationId
    repository: RepositoryId
    issue_repository: FullName


ENTRIES = Documents[IssueOutboxEntry](repository_issues, IssueOutboxEntry)


class IssueOutbox:
    """The wanted issue of each repository, and whether GitHub has it so already."""

    def __init__(self, records: Database) -> None:
        self._records = records

    def put(self, entry: IssueOutboxEntry) -> bool:
        """Keep what is wanted; say whether there is anything to write, as far as is known here."""
        self._put(entry.installation, entry.repository, document=ENTRIES.text(entry))
        with self._records.reading() as connection:
            written = connection.scalar(select(repository_issues.c.written).where(_is_about(entry.repository)))
        return written != _entry_fingerprint(entry)

    def get(self, repository: RepositoryId) -> IssueOutboxEntry | None:
        """Return what is wanted; None where nothing is known. Raises UnreadableRecordError."""
        with self._records.reading() as connection:
            row = connection.execute(select(*ENTRIES.columns).where(_is_about(repository))).first()
        return ENTRIES.read(self._records, row)

    def mark_written(self, entry: IssueOutboxEntry) -> None:
        """Note that GitHub has it so."""
        self._put(entry.installation, entry.repository, written=_entry_fingerprint(entry))

    def forget(self, repository: RepositoryId) -> None:
        """Forget a repository that nobody has to be told of any more."""
        with self._records.transaction() as connection:
            connection.execute(delete(repository_issues).where(_is_about(repository)))

    def mark_open(self, entry: IssueOutboxEntry, issue_repository: FullName) -> None:
        """Note where an issue is open."""
        self._put(entry.installation, entry.repository, open_in=issue_repository)

    def mark_closed(self, repository: RepositoryId) -> None:
        """Note that none is open any more."""
        with self._records.transaction() as connection:
            connection.execute(update(repository_issues).where(_is_about(repository)).values(open_in=None))

    def get_open(self, repository: RepositoryId) -> OpenIssue | None:
        """Return where an issue about a repository may be open."""
        return next(self._open_issues(_is_about(repository)), None)

    def open_issues(self) -> Iterator[OpenIssue]:
        """Yield every issue that may be open, of all installations."""
        yield from self._open_issues()

    def _open_issues(self, *where: ColumnElement[bool]) -> Iterator[OpenIssue]:
        table = repository_issues.c
        found = select(table.installation, table.repository, table.open_in).where(table.open_in.is_not(None), *where)
        with self._records.reading() as connection:
            rows = connection.execute(found.order_by(table.repository)).all()
        for row in rows:
            yield OpenIssue(InstallationId(row.installation), RepositoryId(row.repository), FullName(row.open_in))

    def _put(self, installation: InstallationId, repository: RepositoryId, **values: str) -> None:
        with self._records.transaction() as connection:
            ensure_repository(connection, repository, installation)
            key = {"repository": repository, "installation": installation}
            upsert(connection, repository_issues, ["repository"], key | values)


def _is_about(repository: RepositoryId) -> ColumnElement[bool]:
    return repository_issues.c.repository == repository


def issue_repository_of(repository: FullName, policy: Policy) -> FullName | None:
    """Say in which repository a policy wants the issue about a repository."""
    match policy.reports.issues:
        case IssueDestination.REPOSITORY:
            return repository
        case IssueDestination.CENTRAL:
            return policy.reports.central_repository
        case IssueDestination.OFF:
            return None


def _entry_fingerprint(entry: IssueOutboxEntry) -> str:
    # The evidence names commit and time: by itself it is no reason to write.
    said = entry.issue_text
    body = said.body if said.failed_rules else ""
    facts = (
        entry.issue_repository,
        said.repository,
        body,
        said.failed_rules,
        said.unknown_rules,
        said.evaluated,
        said.policy_readable,
    )
    return text_fingerprint(repr(facts))
