"""What is gone is forgotten: tokens, and where repositories stood; an open issue about a repository says so first."""

from bot.model.core_types import InstallationId, RepositoryId
from handlers.cache.repository_listings import InstallationRepositoryStore
from handlers.config.context import Context
from handlers.jobs.repositories.repository_issues import retire_issue
from handlers.jobs.repositories.reviews import retire_review
from handlers.records.change_alert_store import ChangeAlertStore
from handlers.records.digest_book import DigestStore
from handlers.records.issue_outbox import IssueOutbox
from handlers.records.package_alert_store import PackageAlertStore
from handlers.records.report_store import ReportStore
from handlers.records.told import DigestFactStore
from handlers.records.trace_store import TraceStore
from handlers.records.watch_store import WatchStore

ARCHIVED = "it is archived, and publishes nothing"
GONE = "it was deleted, or the App can no longer see it"


def forget_installation(context: Context, installation: int) -> None:
    """Forget an installation that was removed."""
    drop_token(context, installation)
    standings, wanted = ReportStore(context.redis), IssueOutbox(context.redis)
    for repository in standings.evaluation_times(InstallationId(installation)):
        wanted.forget(repository)
        ChangeAlertStore(context.redis, InstallationId(installation), repository).forget()
        TraceStore(context.redis).forget(repository)  # what else happens to a repository, auditors keep its records
        WatchStore(context.redis).remove_repository(repository)
    standings.forget_all(InstallationId(installation))
    DigestFactStore(context.redis, InstallationId(installation)).forget_all()
    DigestStore(context.redis, InstallationId(installation)).forget()
    PackageAlertStore(context.redis).forget(InstallationId(installation))
    InstallationRepositoryStore(context.redis).forget(InstallationId(installation))


def forget_repository(context: Context, installation: int, repository: int) -> None:
    """Forget a repository that was deleted or left its installation."""
    retire_repository(context, InstallationId(installation), RepositoryId(repository), GONE)


def retire_repository(context: Context, installation: InstallationId, repository: RepositoryId, reason: str) -> None:
    """Forget a repository that is no longer evaluated, and close the issue about it where one is open."""
    retire_issue(context, repository, reason)
    retire_review(context, installation, repository)
    WatchStore(context.redis).remove_repository(repository)
    ReportStore(context.redis).forget(installation, repository)
    DigestFactStore(context.redis, installation).forget(repository)
    ChangeAlertStore(context.redis, installation, repository).forget()


def drop_token(context: Context, installation: int) -> None:
    """Forget the token of an installation that is suspended; GitHub refuses it from now on."""
    context.github.tokens.drop(InstallationId(installation))
