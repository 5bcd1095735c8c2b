"""Look at a push: what in it people should hear of goes into the commit's check run, and into an issue where it cannot wait."""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from bot.checks.alerts import Change, Pushed, Sides
from bot.checks.alerts.new_findings import paths
from bot.evaluation.change_report import Heard, News, news_of, notice, weighed
from bot.github.client import Line
from bot.github.commit_query import Revision
from bot.github.commit_state import Reading
from bot.github.git_data import TAGS
from bot.github.github_errors import ForbiddenError, InstallationError, MissingError
from bot.github.repositories import RepositoryReader
from bot.model.core_types import FullName, InstallationId, RepositoryId, Sha
from bot.model.findings import Finding, Seen
from bot.policy import Policy
from bot.rendering.marker import digest
from bot.settings import Holdings, RefKind
from bot.snapshot.repository_snapshot import ACTION_FILES, Snapshot
from handlers.config.context import Context
from handlers.jobs.policies import InForce, policy_of
from handlers.jobs.repositories.push_alerts import PushFacts
from handlers.queue.enqueue import enqueue
from handlers.queue.job_specs import Priority, Work
from handlers.records.change_alert_store import Branch, SignalBook, Untold
from handlers.records.issue_outbox import holder_of
from handlers.records.report_store import Standings

log = logging.getLogger("wharfinger.jobs")

NOBODY = "somebody"  # where GitHub did not say who pushed
SETTINGS = "settings"  # in place of a branch or tag: what GitHub keeps beside the files


def look_at_push(  # noqa: PLR0913, PLR0917 - each is one of the job's arguments
    context: Context, installation: int, repository: int, name: str, ref: str, before: str, after: str, pusher: str
) -> None:
    """Look at one push of a branch or tag; `before` is empty where it is new. Done twice, it says the same twice."""
    numbers = InstallationId(installation), RepositoryId(repository)
    look = _Look(context, *numbers, FullName(name), _Push(ref, Sha(before), Sha(after), pusher or NOBODY))
    try:
        look.do()
    except MissingError as error:
        log.warning("a push of %s to %s is not looked at: %s", ref, name, error)
        look.done()
    except (ForbiddenError, InstallationError) as error:
        log.warning("a push of %s to %s is not looked at: %s", ref, name, error)


def notice_settings(  # noqa: PLR0913, PLR0917 - where, what is there now and what was, and by which policy
    context: Context,
    installation: InstallationId,
    reading: Reading,
    before: Holdings | None,
    snapshot: Snapshot,
    in_force: InForce,
) -> tuple[News, ...]:
    """Look at the default branch for what no push tells, and return all that was heard of its commit.

    That is what GitHub keeps beside the files, compared with the last look, and what is known of files only since.
    """
    now, policy = context.clock(), in_force.policy
    nothing = Snapshot(reading.repository, None, now)
    change = Change(
        repository=reading.repository,
        taken_at=now,
        default_branch=reading.default_branch,
        files=Seen(Sides(nothing, snapshot, paths(snapshot))),
        held=snapshot.holdings,
        held_before=before,
    )
    news = news_of(change, "A look at the default branch", reading.commit, notice(change, policy))
    book = SignalBook(context.redis, installation, RepositoryId(reading.id))
    _keep(context, book, _At(SETTINGS), news, policy)
    return heard_of(context, book, reading.commit, policy)


def heard_of(context: Context, book: SignalBook, commit: Sha, policy: Policy) -> tuple[News, ...]:
    """Return what was heard of a commit, as the policy in force weighs it today."""
    day = context.clock().date()
    return tuple(weighed(news, policy, day) for news in book.of(commit))


@dataclass(frozen=True, slots=True)
class _At:
    """Where something was heard: a branch or tag, and how the branch stands."""

    ref: str
    branch: Branch | None = None  # of one beside the default branch


@dataclass(frozen=True, slots=True)
class _Push:
    ref: str
    before: Sha  # empty where the ref is new
    after: Sha
    pusher: str

    @property
    def kind(self) -> RefKind:
        return RefKind.TAG if self.ref.startswith(TAGS) else RefKind.BRANCH

    @property
    def name(self) -> str:
        return self.ref.removeprefix(TAGS).removeprefix("refs/heads/")


class _Look:
    """One push's way from its names to what is heard of it."""

    def __init__(
        self, context: Context, installation: InstallationId, repository: RepositoryId, name: FullName, push: _Push
    ) -> None:
        self._context = context
        self._push = push
        self._line: Line = context.telephone.installation(installation, context.delivery)
        self._reader = RepositoryReader(self._line, Revision(name, push.after))
        self._book = SignalBook(context.redis, installation, repository)
        standing = Standings(context.redis).get(repository)
        self._paths = standing.paths if standing else tuple(sorted(ACTION_FILES))
        self._installation = installation
        self._repository = repository

    def do(self) -> None:
        reading, push = self._reader.read(self._paths), self._push
        if reading.archived:
            return
        policy = policy_of(self._context, self._line, reading).policy
        if not policy.signals:
            return
        pushed = Pushed(push.kind, push.name, reading.commit, push.pusher, created=not push.before)
        facts = PushFacts(self._context, self._line, reading, self._reader, self._paths)
        aside = push.kind is RefKind.BRANCH and push.name != reading.default_branch
        known = self._book.branch(push.ref) if aside and push.before else None
        branch = known or (Branch(push.before) if aside else None)
        change, noticed = facts.notice(pushed, branch.base or None if branch else self._before(), policy)
        news = news_of(change, f"{push.pusher} pushed the {pushed}", reading.commit, noticed)
        if known is not None and not news.heard:
            self._book.cleared(push.ref)
        if _keep(self._context, self._book, _At(push.ref, branch), news, policy):
            # The check that came with the push may have been done by now: another says it too.
            revision = (self._installation, self._repository, reading.repository, reading.commit)
            lane = f"repository-{self._repository}"
            enqueue(self._context.redis, [Work("check_commit", Priority.CHECK, lane, revision)])
        self.done()

    def done(self) -> None:
        """Keep what a tag names now, so that it is noticed when it moves."""
        if self._push.kind is RefKind.TAG:
            self._book.keep_tags({self._push.name: self._push.after})

    def _before(self) -> Sha | None:
        """Return what the branch or tag named before; a tag that was deleted and made anew did name something."""
        if self._push.before or self._push.kind is RefKind.BRANCH:
            return self._push.before or None
        known = self._book.tag(self._push.name)
        return known if known != self._push.after else None


def _keep(context: Context, book: SignalBook, at: _At, news: News, policy: Policy) -> bool:
    """Keep what was heard, and return whether anything was. What cannot wait is told at once, where the policy wants issues."""
    if not news.heard:
        return False
    alarming = weighed(news, policy, context.clock().date()).alarming
    told = at.branch.told if at.branch is not None else ()
    fresh = tuple(one for each in alarming if (one := _untold(each, at)).findings)
    holder = policy.reports.central or holder_of(news.repository, policy)
    urgent = Untold(replace(news, heard=fresh), holder) if fresh and holder is not None else None
    branch = replace(at.branch, told=tuple(dict.fromkeys((*told, *_marks(fresh))))) if at.branch is not None else None
    book.put(at.ref, news, urgent, branch)
    if urgent is not None:
        enqueue(context.redis, [book.tell])
    return True


def _untold(heard: Heard, at: _At) -> Heard:
    """Keep the findings of which an issue is to tell; what stood in files before anybody knew is told in the check run alone."""
    told = at.branch.told if at.branch is not None else ()
    stood = at.ref == SETTINGS
    found = (each for each in heard.findings if _mark(heard, each) not in told and not (stood and each.place.in_file))
    return replace(heard, findings=tuple(found))


def _marks(heard: Iterable[Heard]) -> Iterator[str]:
    yield from (_mark(each, finding) for each in heard for finding in each.findings)


def _mark(heard: Heard, finding: Finding) -> str:
    """Name a finding by what it says and in which file; the line may move."""
    return digest(repr((heard.name, finding.place.file, finding.message)))
