"""Judge a commit: read it, judge it, and make its check run say what was found. Done twice, it says the same twice."""

import hashlib
import json
import logging
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from importlib.metadata import version

from bot.evaluation.change_report import News
from bot.evaluation.evaluate import evaluate
from bot.github.check_runs import CheckRuns
from bot.github.client import Line
from bot.github.commit_query import Revision
from bot.github.commit_state import File, Reading
from bot.github.github_errors import ForbiddenError, InstallationError, MissingError
from bot.github.repositories import RepositoryReader
from bot.model.core_types import FullName, InstallationId, Mode, Outcome, RepositoryId
from bot.model.errors import LaterError
from bot.policy import Policy
from bot.rendering import json as json_report
from bot.rendering.alert import with_signals
from bot.rendering.picture import picture
from bot.rendering.reports_check_run import render
from bot.snapshot.repository_snapshot import ACTION_FILES, Snapshot
from handlers.cache.open_runs import OpenRun, OpenRuns
from handlers.cache.snapshot_cache import Kept, Snapshots
from handlers.config.context import Context
from handlers.jobs.build_snapshot import Followed, contents, follow
from handlers.jobs.holdings import holdings_of
from handlers.jobs.policies import InForce, invalid_proposal, policy_of, proposes
from handlers.jobs.releases.watch import want_watch
from handlers.jobs.repositories.pushes import heard_of, notice_settings
from handlers.jobs.repositories.repository_issues import want_issue
from handlers.jobs.repositories.reviews import want_review
from handlers.jobs.repositories.revocations import want_verification
from handlers.jobs.repositories.stored_reports import remembered
from handlers.jobs.repositories.sweeps import ARCHIVED, retire
from handlers.jobs.words import broken, invalid, quick, with_problems
from handlers.jobs.zizmor import with_hygiene
from handlers.queue.enqueue import enqueue
from handlers.queue.job_specs import preview_work
from handlers.records.change_alert_store import SignalBook, mark_of
from handlers.records.gate_store import GateBook
from handlers.records.report_store import Standing, Standings
from handlers.records.review_store import ReviewBook
from handlers.records.told import ToldBook

log = logging.getLogger("wharfinger.jobs")

STALE = timedelta(days=2)  # a standing older than two sweeps answers for no other commit


def check_commit(context: Context, installation: int, repository: int, name: str, revision: str) -> None:
    """Judge a commit because something happened to it; a state that was judged already is left alone."""
    _Check(context, installation, repository, Revision(FullName(name), revision)).do(fresh=False)


def recheck_commit(context: Context, installation: int, repository: int, name: str, revision: str) -> None:
    """Judge a commit because somebody wants to know anew: settings are read again too."""
    _Check(context, installation, repository, Revision(FullName(name), revision), asked=True).do(fresh=True)


def check_branch(context: Context, installation: int, repository: int, name: str) -> None:
    """Judge the head of the default branch; a sweep's work, which waits when few of the hour's requests are left."""
    context.telephone.installation(InstallationId(installation)).keep_spare()
    _Check(context, installation, repository, Revision(FullName(name), "HEAD")).do(fresh=True)


class _Check:
    """One commit's way from a name to a completed check run."""

    def __init__(
        self, context: Context, installation: int, repository: int, place: Revision, *, asked: bool = False
    ) -> None:
        self._context = context
        self._installation = InstallationId(installation)
        self._repository = RepositoryId(repository)
        self._place = place
        self._asked = asked  # by a person, who wants to know how it is now
        self._line: Line = context.telephone.installation(self._installation, context.delivery)
        self._reader = RepositoryReader(self._line, place)
        self._standings = Standings(context.redis)
        self._open = OpenRuns(context.redis)
        self._signals = SignalBook(context.redis, self._installation, self._repository)

    def do(self, *, fresh: bool) -> None:
        """Read and judge; what is gone, or shut to us, is not worth another attempt, and is only said in the log."""
        commit = self._place.at
        try:
            standing = self._standings.get(self._repository)
            paths = standing.paths if standing else tuple(sorted(ACTION_FILES))
            reading = self._reader.read(paths)
            commit = reading.commit
            self._answer(reading, paths, None if fresh else standing, fresh=fresh)
        except (ForbiddenError, MissingError, InstallationError) as error:
            log.warning("%s is not checked: %s", self._place.repository, error)
            if self._place.at == "HEAD":
                ToldBook(self._context.redis, self._installation).not_judged(self._repository, str(error))
        self._open.close(self._run(commit))
        gates = GateBook(self._context.redis).waiting_for(self._repository, commit)
        enqueue(self._context.redis, [gate.work for gate in gates])

    def _answer(self, reading: Reading, paths: tuple[str, ...], standing: Standing | None, *, fresh: bool) -> None:
        if reading.archived:
            log.info("%s is archived: it publishes nothing, and takes no check run", reading.repository)
            retire(self._context, self._installation, self._repository, ARCHIVED)
            return
        in_force = policy_of(self._context, self._line, reading)
        now = self._context.clock()
        state = fingerprint(reading, reading.files, in_force, now)
        runs = CheckRuns(self._line, reading.repository, reading.commit, reading.checks)
        heard = heard_of(self._context, self._signals, reading.commit, in_force.policy)
        if not fresh and runs.judged(state + mark_of(heard)):
            return
        if proposes(reading):
            commit = (self._installation, self._repository, reading.repository, reading.commit)
            enqueue(self._context.redis, [preview_work(*commit)])
        if standing and _answers_for(standing, reading, state, now):
            runs.complete(state + mark_of(heard), with_signals(quick(standing), heard))
            return
        self._open.open(self._run(reading.commit), self._context.clock().timestamp())
        runs.begin()
        try:
            self._judge(reading, paths, in_force, runs)
        except (LaterError, ForbiddenError, MissingError, InstallationError):
            raise
        except Exception as error:
            runs.complete("", broken(error, enforced=_enforced(in_force)))
            raise

    def _judge(self, reading: Reading, paths: tuple[str, ...], in_force: InForce, runs: CheckRuns) -> None:
        gathered = self._gather(reading, paths, in_force.policy)
        if reading.is_default:
            found = gathered.snapshot
            want_watch(self._context, self._installation, self._repository, self._reader, found, in_force.policy)
        snapshot = self._reviewed(gathered.snapshot)
        report = evaluate(snapshot, in_force.policy)
        said = with_problems(render(report), in_force.problems)
        # What we could not judge for a fault of ours is not settled: the next event tries again.
        settled = Outcome.BROKEN not in report.outcomes.values()
        state = fingerprint(reading, gathered.files, in_force, report.snapshot.taken_at) if settled else ""
        proposed = invalid_proposal(self._context, reading)
        heard = self._heard(reading, snapshot, in_force)
        told = with_signals(invalid(said, proposed) if proposed else said, heard)
        runs.complete(state and state + mark_of(heard), told)
        if reading.is_default:
            kept = Snapshots(self._context.redis, self._context.catalogue)
            kept.put(self._repository, Kept(snapshot, in_force.subject), contents(gathered.files))
            self._standings.put(
                Standing(
                    installation=self._installation,
                    id=self._repository,
                    repository=reading.repository,
                    branch=reading.default_branch,
                    commit=reading.commit,
                    taken_at=report.snapshot.taken_at,
                    state=state,
                    conclusion=said.conclusion,
                    title=said.title,
                    enforced=_enforced(in_force),
                    paths=gathered.paths,
                    report=json_report.repository(reading.repository, report),
                    drawn=tuple(picture(snapshot)),
                )
            )
            ToldBook(self._context.redis, self._installation).put(self._repository, report)
            want_issue(self._context, self._installation, self._repository, report, in_force)
            want_review(self._context, self._installation, self._repository, report)
            want_verification(self._context, self._installation, self._repository, snapshot)

    def _heard(self, reading: Reading, snapshot: Snapshot, in_force: InForce) -> tuple[News, ...]:
        """Return what was heard of the commit; of the default branch also what became of the settings since the last look."""
        if not reading.is_default:
            return heard_of(self._context, self._signals, reading.commit, in_force.policy)
        before = Snapshots(self._context.redis, self._context.catalogue).holdings(self._repository)
        return notice_settings(self._context, self._installation, reading, before, snapshot, in_force)

    def _reviewed(self, snapshot: Snapshot) -> Snapshot:
        """Add what is kept here: who confirmed what can publish, and what registries have of it."""
        # The first look begins the first period.
        ReviewBook(self._context.redis).look(self._repository, snapshot.taken_at)
        return remembered(self._context.redis, self._repository, snapshot)

    def _gather(self, reading: Reading, asked: Iterable[str], policy: Policy) -> Followed:
        """Take the snapshot: follow what leads further, and read settings where what is judged depends on them."""
        followed = follow(self._reader, reading, asked, self._context.clock(), self._context.catalogue)
        with ThreadPoolExecutor(1) as beside:  # zizmor's process takes about as long as GitHub over the settings
            told = beside.submit(with_hygiene, followed.snapshot, policy)
            holdings = holdings_of(self._context, self._line, reading, followed.snapshot, policy, fresh=self._asked)
            return replace(followed, snapshot=replace(told.result(), holdings=holdings))

    def _run(self, commit: str) -> OpenRun:
        return OpenRun(self._installation, self._repository, self._place.repository, commit)


def fingerprint(reading: Reading, files: Mapping[str, File], in_force: InForce, now: datetime) -> str:
    """Name the state that is judged: the files on the publish path, the policy, its waivers' days, and who judges."""
    proposed = reading.policies.proposed
    parts = [
        version("wharfinger"),
        sorted((path, file.oid) for path, file in files.items()),
        proposed and proposed.oid,
        in_force.mark(now.date()),
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def _answers_for(standing: Standing, reading: Reading, state: str, now: datetime) -> bool:
    """Whether a commit has all that matters from the default branch, as it was judged not long ago."""
    recent = now - standing.taken_at < STALE
    return recent and standing.state == state and not reading.is_default


def _enforced(in_force: InForce) -> bool:
    return any(rule.mode is Mode.ENFORCE for rule in in_force.policy.rules)
