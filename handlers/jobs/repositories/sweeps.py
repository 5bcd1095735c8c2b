"""What is gone is forgotten: tokens, and where repositories stood; an open issue about a repository says so first."""

from bot.model.core_types import InstallationId, RepositoryId
from handlers.cache.repository_listings import ListedBook
from handlers.config.context import Context
from handlers.jobs.repositories.repository_issues import retire_issue
from handlers.jobs.repositories.reviews import retire_review
from handlers.records.change_alert_store import SignalBook
from handlers.records.digest_book import DigestBook
from handlers.records.issue_outbox import WantedIssues
from handlers.records.package_alert_store import AlarmBook
from handlers.records.report_store import Standings
from handlers.records.told import ToldBook
from handlers.records.trace_store import AccountBook
from handlers.records.watch_store import WatchBook

ARCHIVED = "it is archived, and publishes nothing"
LEFT = "it was deleted, or the App can no longer see it"


def forget_installation(context: Context, installation: int) -> None:
    """Forget an installation that was removed."""
    drop_token(context, installation)
    standings, wanted = Standings(context.redis), WantedIssues(context.redis)
    for repository in standings.times(InstallationId(installation)):
        wanted.forget(repository)
        SignalBook(context.redis, InstallationId(installation), repository).forget()
        AccountBook(context.redis).forget(repository)  # what else happens to a repository, auditors keep its records
        WatchBook(context.redis).leave(repository)
    standings.forget_all(InstallationId(installation))
    ToldBook(context.redis, InstallationId(installation)).forget_all()
    DigestBook(context.redis, InstallationId(installation)).forget()
    AlarmBook(context.redis).forget(InstallationId(installation))
    ListedBook(context.redis).forget(InstallationId(installation))


def forget_repository(context: Context, installation: int, repository: int) -> None:
    """Forget a repository that was deleted or left its installation."""
    retire(context, InstallationId(installation), RepositoryId(repository), LEFT)


def retire(context: Context, installation: InstallationId, repository: RepositoryId, why: str) -> None:
    """Forget a repository that is no longer evaluated, and close the issue about it where one is open."""
    retire_issue(context, repository, why)
    retire_review(context, installation, repository)
    WatchBook(context.redis).leave(repository)
    Standings(context.redis).forget(installation, repository)
    ToldBook(context.redis, installation).forget(repository)
    SignalBook(context.redis, installation, repository).forget()


def drop_token(context: Context, installation: int) -> None:
    """Forget the token of an installation that is suspended; GitHub refuses it from now on."""
    context.telephone.tokens.drop(InstallationId(installation))
