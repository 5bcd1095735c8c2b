"""Tags that moved, or came, and of which GitHub told nobody: it tells of no push of more than three tags."""

import logging
from collections.abc import Mapping

from bot.github.git_data import TAGS, read_tags
from bot.github.github_errors import (
    ForbiddenError,
    InstallationError,
    MissingError,
    RefusedError,
    TooLargeError,
)
from bot.github.latest_tags import AT_ONCE, latest_tags
from bot.model.core_types import FullName, InstallationId, RepositoryId, Sha
from bot.model.errors import LaterError
from handlers.cache.repository_listings import ListedBook
from handlers.config.context import Context
from handlers.queue.enqueue import enqueue
from handlers.queue.job_specs import push_work
from handlers.records.change_alert_store import SignalBook

log = logging.getLogger("wharfinger.jobs")

MOST = 100  # tags of a repository that are looked at one by one; each costs a few calls
OTHERS = (ForbiddenError, MissingError, InstallationError, RefusedError, TooLargeError)


def look_at_tags(context: Context, installation: int, repository: int, name: str) -> None:
    """Compare all tags of a repository with those that were there at the last look."""
    line = context.telephone.installation(InstallationId(installation), context.delivery)
    line.keep_spare()
    try:
        now = read_tags(line, FullName(name))
    except OTHERS as error:
        log.warning("the tags of %s are not looked at: %s", name, error)
        return
    _look(context, InstallationId(installation), RepositoryId(repository), FullName(name), now)


def look_at_latest_tags(context: Context) -> None:
    """Compare the latest tags of every repository; a query for dozens of repositories, so that it can be done every few minutes."""
    book = ListedBook(context.redis)
    for installation in book.installations():
        found = book.get(installation)
        listed = {each.name: each.id for each in (found.repositories if found else ()) if not each.archived}
        names = sorted(listed)
        line = context.telephone.installation(installation, context.delivery)
        for start in range(0, len(names), AT_ONCE):
            try:
                line.keep_spare()
                latest = latest_tags(line, names[start : start + AT_ONCE])
            except OTHERS as error:
                log.warning("the tags of installation %s are not looked at: %s", installation, error)
                break
            except LaterError as error:  # the next look is soon enough, and the other repositories have theirs
                log.info("some tags of installation %s are looked at later: %s", installation, error)
                continue
            for name, tags in latest.items():
                _look(context, installation, listed[name], name, tags)


def _look(
    context: Context, installation: InstallationId, repository: RepositoryId, name: FullName, now: Mapping[str, Sha]
) -> None:
    """Have each tag looked at that is not what it was; the first look only says what is there."""
    book = SignalBook(context.redis, installation, repository)
    before = book.tags()
    changed = {tag: sha for tag, sha in now.items() if before.get(tag) != sha} if book.has_looked else {}
    if len(changed) > MOST:
        log.warning("%d tags of %s moved or came unheard; the first %d are looked at", len(changed), name, MOST)
    place = (installation, repository, name)
    told = sorted(changed)[:MOST]
    enqueue(context.redis, [push_work(place, f"{TAGS}{tag}", before.get(tag, ""), now[tag], "") for tag in told])
    book.keep_tags({tag: sha for tag, sha in now.items() if tag not in told and before.get(tag) != sha}, looked=True)
