"""The digest of each organisation: made once in a period from what Redis knows, written where the policy wants it."""

import json
import logging
import zlib
from collections.abc import Iterator
from datetime import datetime, timedelta

from redis import Redis

from bot.errors import PolicyError
from bot.github.errors import ForbiddenError, InstallationError, MissingError, RefusedError
from bot.github.installations import ListedRepository, list_installations, list_repositories
from bot.github.issues import OurIssues
from bot.github.queries import ORGANISATION_POLICY
from bot.names import FullName, InstallationId
from bot.policy import Digest, DigestForm
from bot.policy.read import read_policy
from bot.reports.digest import Before, DigestText, Facts, period_of, render
from bot.reports.marker import DIGEST, Marker
from bot.reports.told import Told
from handlers.context import Context
from handlers.frozen import frozen, thawed
from handlers.queue import enqueue
from handlers.told import ToldBook
from handlers.work import Priority, Work

log = logging.getLogger("wharfinger.jobs")

STALE = timedelta(days=2)  # a repository that no sweep reached for so long does not count as evaluated
FIRST = timedelta(days=1)  # that the first digest waits for the first sweep, at most


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


class DigestBook:
    """What an installation's last digest said."""

    def __init__(self, redis: Redis, installation: InstallationId) -> None:
        self._redis = redis
        self._name = f"wharfinger:digest:{installation}"

    def get(self) -> Before | None:
        """Return what the last digest said; None before the first."""
        packed = self._redis.get(self._name)
        try:
            return thawed(Before, json.loads(zlib.decompress(packed))) if isinstance(packed, bytes) else None
        except (zlib.error, ValueError, KeyError, TypeError, AttributeError):
            return None

    def put(self, before: Before) -> None:
        """Keep what a digest said."""
        self._redis.set(self._name, zlib.compress(json.dumps(frozen(before)).encode()))

    def first_may_wait(self, facts: Facts, now: datetime) -> bool:
        """Whether the first digest still waits for the first sweep to come round."""
        self._redis.set(f"{self._name}:asked", now.isoformat(), nx=True)
        asked = self._redis.get(f"{self._name}:asked")
        since = datetime.fromisoformat(asked.decode()) if isinstance(asked, bytes) else now
        return now - since < FIRST and any(why == NOT_YET for _, why in facts.missing)

    def forget(self) -> None:
        """Forget an installation that is gone."""
        self._redis.delete(self._name, f"{self._name}:asked")


NOT_YET = "no sweep has reached it yet"
ARCHIVED = "it is archived"


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
        why = _why_not(each, known, why_not.get(each.id), now)
        if why is None and known is not None:
            evaluated.append(known)
        else:
            missing.append((each.name, why or NOT_YET))
    return Facts(account, now.date(), tuple(evaluated), tuple(missing))


def _why_not(listed: ListedRepository, told: Told | None, refused: str | None, now: datetime) -> str | None:
    """Say why a repository does not count as evaluated; None where it does."""
    if listed.archived:
        return ARCHIVED
    if refused is not None:
        return refused
    if told is None:
        return NOT_YET
    return None if now - told.judged_at < STALE else f"it was not looked at since {told.judged_at.date()}"


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
