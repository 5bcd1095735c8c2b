"""Tags that moved, or came, and of which GitHub told nobody: it tells of no push of more than three tags."""

import logging
from collections.abc import Mapping

from bot.github.git_data import TAG_REF_PREFIX, read_all_tags
from bot.github.github_errors import (
    ForbiddenError,
    InstallationError,
    MissingError,
    RefusedError,
    TooLargeError,
)
from bot.github.latest_tags import REPOSITORIES_PER_QUERY, read_latest_tags
from bot.model.core_types import FullName, InstallationId, RepositoryId, Sha
from bot.model.errors import RetryLaterError
from handlers.cache.repository_listings import InstallationRepositoryStore
from handlers.config.context import Context
from handlers.queue.enqueue import enqueue
from handlers.queue.job_specs import check_push_spec
from handlers.records.change_alert_store import ChangeAlertStore

log = logging.getLogger("wharfinger.jobs")

MAX_TAGS = 100  # tags of a repository that are looked at one by one; each costs a few calls
READ_ERRORS = (ForbiddenError, MissingError, InstallationError, RefusedError, TooLargeError)


def check_tags(context: Context, installation: int, repository: int, full_name: str) -> None:
    """Compare all tags of a repository with those that were there at the last look."""
    line = context.github.installation(InstallationId(installation), context.delivery_id)
    line.reserve_quota()
    try:
        now = read_all_tags(line, FullName(full_name))
    except READ_ERRORS as error:
        log.warning("the tags of %s are not looked at: %s", full_name, error)
        return
    _queue_changed_tags(context, InstallationId(installation), RepositoryId(repository), FullName(full_name), now)


def check_latest_tags(context: Context) -> None:
    """Compare the latest tags of every repository; a query for dozens of repositories, so that it can be done every few minutes."""
    book = InstallationRepositoryStore(context.redis)
    for installation in book.installations():
        found = book.get(installation)
        listed = {each.name: each.id for each in (found.repositories if found else ()) if not each.archived}
        names = sorted(listed)
        line = context.github.installation(installation, context.delivery_id)
        for start in range(0, len(names), REPOSITORIES_PER_QUERY):
            try:
                line.reserve_quota()
                latest = read_latest_tags(line, names[start : start + REPOSITORIES_PER_QUERY])
            except READ_ERRORS as error:
                log.warning("the tags of installation %s are not looked at: %s", installation, error)
                break
            except RetryLaterError as error:  # the next look is soon enough, and the other repositories have theirs
                log.info("some tags of installation %s are looked at later: %s", installation, error)
                continue
            for name, tags in latest.items():
                _queue_changed_tags(context, installation, listed[name], name, tags)


def _queue_changed_tags(
    context: Context,
    installation: InstallationId,
    repository: RepositoryId,
    name: FullName,
    current_tags: Mapping[str, Sha],
) -> None:
    """Have each tag looked at that is not what it was; the first look only says what is there."""
    book = ChangeAlertStore(context.redis, installation, repository)
    before = book.get_tags()
    changed = (
        {tag: sha for tag, sha in current_tags.items() if before.get(tag) != sha} if book.has_read_all_tags else {}
    )
    if len(changed) > MAX_TAGS:
        log.warning("%d tags of %s moved or came unheard; the first %d are looked at", len(changed), name, MAX_TAGS)
    place = (installation, repository, name)
    told = sorted(changed)[:MAX_TAGS]
    enqueue(
        context.redis,
        [check_push_spec(place, f"{TAG_REF_PREFIX}{tag}", before.get(tag, ""), current_tags[tag], "") for tag in told],
    )
    book.keep_tags(
        {tag: sha for tag, sha in current_tags.items() if tag not in told and before.get(tag) != sha}, read_all=True
    )
