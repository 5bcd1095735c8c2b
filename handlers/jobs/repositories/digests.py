"""The digest of each organisation: made once in a period from what Redis knows, written where the policy wants it."""

import logging
from collections.abc import Iterator

from bot.github.commit_query import ORGANISATION_POLICY
from bot.github.github_app import list_installations, list_repositories
from bot.github.github_errors import ForbiddenError, InstallationError, MissingError, RefusedError
from bot.github.issues import OurIssues
from bot.model.core_types import FullName, InstallationId
from bot.model.errors import PolicyError
from bot.policy import Digest, DigestForm
from bot.policy.read_policy import read_policy
from bot.rendering.digest_facts import Told
from bot.rendering.marker import DIGEST, Marker
from bot.rendering.reports_digest import DigestText, Facts, period_of, render
from handlers.config.context import Context
from handlers.queue.enqueue import enqueue
from handlers.queue.job_specs import Priority, Work
from handlers.records.coverage import not_evaluated
from handlers.records.digest_book import DigestBook
from handlers.records.package_alert_store import AlarmBook
from handlers.records.told import ToldBook

log = logging.getLogger("wharfinger.jobs")


def digests(context: Context) -> None:
    """Ask for the digest of every installation; where it is not due, nothing comes of it."""
    works = [
        Work("send_digest", Priority.SWEEP, f"issues-{found.id}", (found.id, found.account))
        for found in list_installations(context.telephone.app(context.delivery))
        if not found.suspended and context.settings.allows(found.id, found.account)
    ]
    enqueue(context.redis, works)


def send_digest(context: Context, installation: int, account: str) -> None:
    """Write the digest of the present period, unless it was; where no fact changed since the last one, nobody is told."""
    number, wanted = InstallationId(installation), _wanted(context, account)
    if wanted is None:
        return
    day, kept = context.clock().date(), DigestBook(context.redis, number)
    period, before = period_of(day, wanted.every), kept.get()
    if before is not None and before.period == period:
        return
    try:
        facts = _facts(context, number, account)
        if before is None and kept.first_may_wait(facts, context.clock()):
            return
        said = render(facts, before, period)
        if not said.same:
            _write(context, number, account, wanted, said)
    except (ForbiddenError, InstallationError, MissingError, RefusedError) as error:
        log.warning("the digest of %s is not written to %s: %s", account, wanted.repository, error)
        return
    kept.put(said.after)


def _wanted(context: Context, account: str) -> Digest | None:
    """Return what the organisation's last valid policy says of its digest."""
    content = context.redis.get(f"wharfinger:policy:{account.lower()}")
    try:
        origin = f"{account}/{ORGANISATION_POLICY}"
        file = read_policy(content, context.catalogue.registries, origin) if isinstance(content, bytes) else None
    except PolicyError:  # an older version of Wharfinger took it for valid
        return None
    return file.reports.digest if file else None


def _facts(context: Context, installation: InstallationId, account: str) -> Facts:
    book, now = ToldBook(context.redis, installation), context.clock()
    told, why_not = book.all(), book.why_not()
    evaluated: list[Told] = []
    missing: list[tuple[FullName, str]] = []
    line = context.telephone.installation(installation, context.delivery)
    for each in sorted(list_repositories(line), key=lambda repository: repository.name.lower()):
        known = told.get(each.id)
        why = not_evaluated(each, known.judged_at if known else None, why_not.get(each.id), now)
        if why is None and known is not None:
            evaluated.append(known)
        elif why is not None:
            missing.append((each.name, why))
    alarms = tuple(alarm for alarm, _ in AlarmBook(context.redis).all(installation) if alarm.is_open)
    return Facts(account, now.date(), tuple(evaluated), tuple(missing), alarms)


def _write(context: Context, installation: InstallationId, account: str, wanted: Digest, said: DigestText) -> None:
    """Write a digest; done again after a kill it writes what is missing."""
    line = context.telephone.installation(installation, context.delivery)
    issues = OurIssues(line, context.redis, wanted.repository)
    subject = account.lower()
    if wanted.form is DigestForm.PERIOD:
        period = said.after.period
        issues.open(Marker(DIGEST, f"{subject}/{period}"), f"{said.title}, {period}", said.body)
        for earlier in _earlier(said):
            if issue := issues.find(DIGEST, f"{subject}/{earlier}"):
                issues.change(issue, opened=False)
        return
    marker = Marker(DIGEST, subject, {"period": said.after.period})
    issue = issues.find(DIGEST, subject) or issues.open(marker, said.title, said.body)
    if issue.marker.notes.get("period") == said.after.period:
        return  # it was opened just now, or rewritten by a job that was killed before it could note so
    issues.say_once(issue, f"digest-{said.after.period}", said.comment)
    issues.change(issue, marker.on(said.body))


def _earlier(said: DigestText) -> Iterator[str]:
    """Yield the period whose issue gives way to this one."""
    for row in said.after.trend[-2:-1]:
        yield row.period
