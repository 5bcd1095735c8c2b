"""Tell of signals that cannot wait: one issue for a repository, to which what comes later is added while it is open."""

import logging

from bot.evaluation.change_report import News
from bot.github.github_errors import ForbiddenError, InstallationError, MissingError, RefusedError
from bot.github.issues import OurIssues
from bot.model.core_types import FullName, InstallationId, RepositoryId
from bot.model.errors import LaterError
from bot.rendering.alert import also, render
from bot.rendering.marker import SIGNAL, Marker, digest
from handlers.config.context import Context
from handlers.queue.enqueue import enqueue
from handlers.records.change_alert_store import SignalBook

log = logging.getLogger("wharfinger.jobs")

TRY_AGAIN = 900.0  # seconds, where no issue can be written


def tell_signals(context: Context, installation: int, repository: int) -> None:
    """Write what is untold of a repository's changes into an issue; killed in between, it says the same once."""
    book = SignalBook(context.redis, InstallationId(installation), RepositoryId(repository))
    batch = book.batch()
    if not batch:
        return
    news = [each.news for each in batch]
    line = context.telephone.installation(InstallationId(installation), context.delivery)
    for holder in dict.fromkeys((batch[-1].holder, news[-1].repository)):
        try:
            subject = _tell(OurIssues(line, context.redis, holder), book, holder, news)
        except InstallationError as error:
            log.warning("signals of %s are not told: %s", news[-1].repository, error)
            return
        except (ForbiddenError, MissingError, RefusedError) as error:
            log.warning("signals of %s are not written to %s: %s", news[-1].repository, holder, error)
            continue
        if book.told(subject):
            enqueue(context.redis, [book.tell])
        return
    raise LaterError(f"no issue about signals of {news[-1].repository} can be written", TRY_AGAIN)


def _tell(issues: OurIssues, book: SignalBook, holder: FullName, news: list[News]) -> str:
    """Tell of news where the last one stands, if somebody has it open; else in an issue of their own. Return its subject."""
    names = digest(
        repr([(each.repository, each.commit, each.what) for each in news])
    )  # a worm pushes one commit to many
    known = book.subject
    issue = issues.find(SIGNAL, known) if known is not None and known.endswith(f"-{digest(holder)}") else None
    if known is not None and issue is not None and issue.open:
        issues.say_once(issue, f"signals-{names}", also(news))
        return known
    subject = f"change-{names}-{digest(holder)}"
    said = render(news)
    issues.open(Marker(SIGNAL, subject), said.title, said.body)
    return subject
