"""Evaluates a commit against the policy and updates its check run."""

import hashlib
import json
import logging
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from importlib.metadata import version

from bot.evaluation.change_report import ChangeReport
from bot.evaluation.evaluate import evaluate_repository
from bot.github.check_runs import CheckRunWriter
from bot.github.client import InstallationClient
from bot.github.commit_query import Revision
from bot.github.commit_state import CommitReader, CommitState, RepositoryFile
from bot.github.github_errors import ForbiddenError, InstallationError, MissingError
from bot.model.core_types import Mode, Outcome
from bot.model.errors import RetryLaterError
from bot.policy import Policy
from bot.rendering import scan_report
from bot.rendering.alert import add_change_alerts
from bot.rendering.check_run import render_check_run
from bot.rendering.publish_path_diagram import render_ascii_diagram
from bot.snapshot.repository_snapshot import ACTION_FILES, Snapshot
from handlers.cache.pending_checks import OpenCheckRun, OpenCheckRunStore
from handlers.cache.snapshot_cache import SnapshotCache, StoredSnapshot
from handlers.config.context import Context
from handlers.jobs.build_snapshot import FollowedFiles, file_contents, follow_files, read_settings
from handlers.jobs.policies import (
    PolicyState,
    add_invalid_policy,
    add_policy_problems,
    error_text,
    invalid_proposal,
    proposes_change,
    read_policy_in_force,
    unchanged_text,
)
from handlers.jobs.releases.watch_packages import update_watched_packages
from handlers.jobs.repositories.access_reviews import queue_review
from handlers.jobs.repositories.push_alerts import change_reports, check_settings_changes
from handlers.jobs.repositories.repository_issues import queue_issue
from handlers.jobs.repositories.secret_deletions import queue_verification
from handlers.jobs.repositories.stored_reports import add_stored_records
from handlers.jobs.repositories.sweeps import ARCHIVED, retire_repository
from handlers.jobs.zizmor import add_zizmor_findings
from handlers.queue.enqueue import enqueue
from handlers.queue.job_specs import CheckBranch, CheckCommit, NamedRepositoryJob, PreviewPolicy, RecheckCommit
from handlers.records.change_alert_store import ChangeAlertStore, reports_fingerprint
from handlers.records.gate_store import GateStore
from handlers.records.report_store import DigestFactStore, ReportStore, StoredReport
from handlers.records.review_store import ReviewStore

log = logging.getLogger("wharfinger.jobs")

STALE_AFTER = timedelta(days=2)  # a standing older than two sweeps answers for no other commit


def check_commit(context: Context, spec: CheckCommit) -> None:
    """Judge a commit because something happened to it; a state that was judged already is left alone."""
    _CommitCheck(context, spec, spec.revision).run(fresh=False)


def recheck_commit(context: Context, spec: RecheckCommit) -> None:
    """Judge a commit because somebody wants to know anew: settings are read again too."""
    _CommitCheck(context, spec, spec.revision, requested_by_person=True).run(fresh=True)


def check_branch(context: Context, spec: CheckBranch) -> None:
    """Judge the head of the default branch; a sweep's work, which waits when few of the hour's requests are left."""
    context.github.installation(spec.installation).reserve_quota()
    _CommitCheck(context, spec, "HEAD").run(fresh=True)


class _CommitCheck:
    """One commit's way from a name to a completed check run."""

    def __init__(
        self,
        context: Context,
        spec: NamedRepositoryJob,
        revision: str,
        *,
        requested_by_person: bool = False,
    ) -> None:
        self._context = context
        self._installation = spec.installation
        self._repository = spec.repository
        self._revision = Revision(spec.full_name, revision)
        self._requested_by_person = requested_by_person  # by a person, who wants to know how it is now
        self._client: InstallationClient = context.github.installation(self._installation, context.delivery_id)
        self._reader = CommitReader(self._client, self._revision)
        self._reports = ReportStore(context.redis)
        self._open_check_runs = OpenCheckRunStore(context.redis)
        self._change_alerts = ChangeAlertStore(context.redis, self._installation, self._repository)

    def run(self, *, fresh: bool) -> None:
        """Read and judge; what is gone, or shut to us, is not worth another attempt, and is only said in the log."""
        commit = self._revision.rev
        try:
            standing = self._reports.get(self._repository)
            paths = standing.paths if standing else tuple(sorted(ACTION_FILES))
            reading = self._reader.read(paths)
            commit = reading.commit
            self._process(reading, paths, None if fresh else standing, fresh=fresh)
        except (ForbiddenError, MissingError, InstallationError) as error:
            log.warning("%s is not checked: %s", self._revision.repository, error)
            if self._revision.rev == "HEAD":
                DigestFactStore(self._context.redis, self._installation).set_not_evaluated(self._repository, str(error))
        self._open_check_runs.close(self._open_check_run(commit))
        gates = GateStore(self._context.redis).waiting_for_check(self._repository, commit)
        enqueue(self._context.redis, [gate.job for gate in gates])

    def _process(
        self, reading: CommitState, paths: tuple[str, ...], stored_report: StoredReport | None, *, fresh: bool
    ) -> None:
        if reading.archived:
            log.info("%s is archived: it publishes nothing, and takes no check run", reading.repository)
            retire_repository(self._context, self._installation, self._repository, ARCHIVED)
            return
        in_force = read_policy_in_force(self._context, self._client, reading)
        now = self._context.clock()
        state = fingerprint(reading, reading.files, in_force, now)
        runs = CheckRunWriter(self._client, reading.repository, reading.commit, reading.check_runs)
        heard = change_reports(self._context, self._change_alerts, reading.commit, in_force.policy)
        if not fresh and runs.has_evaluated(state + reports_fingerprint(heard)):
            return
        if proposes_change(reading):
            commit = (self._installation, self._repository, reading.repository, reading.commit)
            enqueue(self._context.redis, [PreviewPolicy(*commit)])
        if stored_report and _report_applies(stored_report, reading, state, now):
            runs.complete(state + reports_fingerprint(heard), add_change_alerts(unchanged_text(stored_report), heard))
            return
        self._open_check_runs.open(self._open_check_run(reading.commit), self._context.clock().timestamp())
        runs.start()
        try:
            self._judge(reading, paths, in_force, runs)
        except (RetryLaterError, ForbiddenError, MissingError, InstallationError):
            raise
        except Exception as error:
            runs.complete("", error_text(error, enforced=_enforced(in_force)))
            raise

    def _judge(self, reading: CommitState, paths: tuple[str, ...], in_force: PolicyState, runs: CheckRunWriter) -> None:
        gathered = self._build_snapshot(reading, paths, in_force.policy)
        if reading.is_default_branch_head:
            found = gathered.snapshot
            update_watched_packages(
                self._context, self._installation, self._repository, self._reader, found, in_force.policy
            )
        snapshot = self._add_stored_records(gathered.snapshot)
        report = evaluate_repository(snapshot, in_force.policy)
        said = add_policy_problems(render_check_run(report), in_force.problems)
        # What we could not judge for a fault of ours is not settled: the next event tries again.
        settled = Outcome.ERROR not in report.outcomes.values()
        state = fingerprint(reading, gathered.files, in_force, report.snapshot.taken_at) if settled else ""
        proposed = invalid_proposal(self._context, reading)
        heard = self._change_reports(reading, snapshot, in_force)
        told = add_change_alerts(add_invalid_policy(said, proposed) if proposed else said, heard)
        runs.complete(state and state + reports_fingerprint(heard), told)
        if reading.is_default_branch_head:
            kept = SnapshotCache(self._context.redis, self._context.catalog)
            kept.put(self._repository, StoredSnapshot(snapshot, in_force.subject), file_contents(gathered.files))
            self._reports.put(
                StoredReport(
                    installation=self._installation,
                    id=self._repository,
                    repository=reading.repository,
                    branch=reading.default_branch,
                    commit=reading.commit,
                    taken_at=report.snapshot.taken_at,
                    fingerprint=state,
                    conclusion=said.conclusion,
                    title=said.title,
                    enforced=_enforced(in_force),
                    paths=gathered.paths,
                    report=scan_report.repository_object(reading.repository, report),
                    diagram=tuple(render_ascii_diagram(snapshot)),
                )
            )
            DigestFactStore(self._context.redis, self._installation).put(self._repository, report)
            queue_issue(self._context, self._installation, self._repository, report, in_force)
            queue_review(self._context, self._installation, self._repository, report)
            queue_verification(self._context, self._installation, self._repository, snapshot)

    def _change_reports(
        self, reading: CommitState, snapshot: Snapshot, in_force: PolicyState
    ) -> tuple[ChangeReport, ...]:
        """Return what was heard of the commit; of the default branch also what became of the settings since the last look."""
        if not reading.is_default_branch_head:
            return change_reports(self._context, self._change_alerts, reading.commit, in_force.policy)
        before = SnapshotCache(self._context.redis, self._context.catalog).settings(self._repository)
        return check_settings_changes(self._context, self._installation, reading, before, snapshot, in_force)

    def _add_stored_records(self, snapshot: Snapshot) -> Snapshot:
        """Add what is kept here: who confirmed what can publish, and what registries have of it."""
        # The first look begins the first period.
        ReviewStore(self._context.redis).record_check(self._repository, snapshot.taken_at)
        return add_stored_records(self._context.redis, self._repository, snapshot)

    def _build_snapshot(self, reading: CommitState, requested_paths: Iterable[str], policy: Policy) -> FollowedFiles:
        """Take the snapshot: follow what leads further, and read settings where what is judged depends on them."""
        followed = follow_files(self._reader, reading, requested_paths, self._context.clock(), self._context.catalog)
        with ThreadPoolExecutor(1) as beside:  # zizmor's process takes about as long as GitHub over the settings
            told = beside.submit(add_zizmor_findings, followed.snapshot, policy)
            holdings = read_settings(
                self._context, self._client, reading, followed.snapshot, policy, fresh=self._requested_by_person
            )
            return replace(followed, snapshot=replace(told.result(), settings=holdings))

    def _open_check_run(self, commit: str) -> OpenCheckRun:
        return OpenCheckRun(self._installation, self._repository, self._revision.repository, commit)


def fingerprint(reading: CommitState, files: Mapping[str, RepositoryFile], in_force: PolicyState, now: datetime) -> str:
    """Name the state that is judged: the files on the publish path, the policy, its waivers' days, and who judges."""
    proposed = reading.policies.proposed
    parts = [
        version("wharfinger"),
        sorted((path, file.oid) for path, file in files.items()),
        proposed and proposed.oid,
        in_force.fingerprint(now.date()),
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def _report_applies(stored_report: StoredReport, reading: CommitState, state: str, now: datetime) -> bool:
    """Whether a commit has all that matters from the default branch, as it was judged not long ago."""
    recent = now - stored_report.taken_at < STALE_AFTER
    return recent and stored_report.fingerprint == state and not reading.is_default_branch_head


def _enforced(in_force: PolicyState) -> bool:
    return any(rule.mode is Mode.ENFORCE for rule in in_force.policy.rules)
