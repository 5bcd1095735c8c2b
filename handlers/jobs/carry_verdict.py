"""Carries the verdict on the default branch over to commits that change nothing it depends on, without reading them."""

import hashlib
import json
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import PurePosixPath

from bot import __version__
from bot.github.check_runs import CheckRunWriter, carried_state
from bot.github.commit_state import CommitState
from bot.model.core_types import Sha
from bot.packages.manifests import manifest_paths
from bot.policy import Policy
from bot.settings.rulesets import CODEOWNERS_PATHS
from bot.snapshot.repository_snapshot import ACTION_FILES
from handlers.cache.judged_commits import MAX_AGE, JudgedCommit, JudgedCommitStore, SweptRepositoryStore
from handlers.config.context import Context
from handlers.jobs.policies import is_organization_repository, unchanged_text
from handlers.jobs.snapshot_reader import MAX_PATHS
from handlers.queue.enqueue import any_waits
from handlers.queue.job_spec import JobSpec
from handlers.queue.job_specs import (
    CheckBranch,
    CheckPush,
    NamedRepositoryJob,
    OrganizationChange,
    OrganizationChanged,
    SweepInstallation,
)
from handlers.records.change_alert_store import ChangeAlertStore
from handlers.records.gate_store import GateStore
from handlers.records.report_store import ReportStore, StoredReport
from handlers.records.watch_store import WatchStore

BRANCH_REF_PREFIX = "refs/heads/"
GITHUB_FOLDER = ".github"  # workflows, the policy, CODEOWNERS, zizmor's settings
SAME_PUSH = timedelta(minutes=10)  # within which the events of one push come
CLOCK_TOLERANCE = timedelta(minutes=1)


def carry_verdict(context: Context, spec: CheckPush) -> bool:
    """Whether a push changed nothing that matters, so that its check run repeats the verdict on the default branch.

    No alert can come of such a push either: its commits are the pusher's own, in a straight line, and dated in order.
    """
    report, now = ReportStore(context.records).latest(spec.repository), context.clock()
    store = JudgedCommitStore(context.redis, spec.repository)
    before = store.get(spec.before) if spec.before else None
    if report is None or before is None or not before.like_default_branch or before.valid_until <= now:
        return False
    # Of a tag, or a branch that was set to a commit, alerts may come, however well the commit is known.
    if not _is_straight_on(spec, before, now) or not _may_carry(context, spec, report, before):
        return False
    if _is_complete(store.get(spec.after), report):
        return True
    if not store.begin(spec.after):
        return False
    on_default_branch = spec.ref == f"{BRANCH_REF_PREFIX}{report.branch}"
    client = context.github.installation(spec.installation, context.delivery_id)
    content = unchanged_text(report, on_default_branch=on_default_branch)
    CheckRunWriter(client, spec.full_name, spec.after, ()).complete(carried_state(before.evaluation), content)
    last = datetime.fromtimestamp(spec.committed[1], UTC)
    store.put(spec.after, replace(before, check_run_complete=True, committed_at=last), now)
    if on_default_branch:
        SweptRepositoryStore(context.redis, spec.installation).put(spec.repository, spec.after)
    return True


def is_settled(context: Context, spec: NamedRepositoryJob, revision: str) -> bool:
    """Whether the check run of a commit is complete, and nothing came since that could change what it says."""
    known = JudgedCommitStore(context.redis, spec.repository).get(revision)
    if known is None or not known.check_run_complete or known.valid_until <= context.clock():
        return False
    report = ReportStore(context.records).latest(spec.repository)
    if report is None or not _is_complete(known, report) or _changes_wait(context, spec):
        return False
    gates = any(
        GateStore(context.records).waiting_for_check(spec.repository, revision)
    )  # none decides by another's verdict
    return not gates


def note_judged(context: Context, report: StoredReport | None, state: CommitState, policy: Policy) -> None:
    """Note that a commit is in all that matters like the default branch as a report found it."""
    if report is not None and state.is_default_branch_head:
        swept = SweptRepositoryStore(context.redis, report.installation)
        if report.fingerprint:
            swept.put(report.id, state.commit, quiet=_publishes_nothing(context, report, state))
        else:
            swept.forget(report.id)
    if report is not None and report.fingerprint:
        judged = JudgedCommit(
            _evaluation(report),
            _valid_until(report, policy),
            like_default_branch=True,
            check_run_complete=False,
            committed_at=state.committed_at,
        )
        JudgedCommitStore(context.redis, report.id).put(state.commit, judged, context.clock())


def _publishes_nothing(context: Context, report: StoredReport, state: CommitState) -> bool:
    """Whether nobody takes anything from a repository by a tag: nothing is published, nothing stayed unread or is watched, and it is no action."""
    found = any(report.report.get(kind) for kind in ("publications", "unexplained", "unreadable"))
    watched = any(WatchStore(context.records).of_repository(report.id))
    return not found and not watched and not ACTION_FILES & state.files.keys()


def note_complete(context: Context, spec: CheckPush) -> None:
    """Note that a push led to a check run that is complete, for the other events that tell of the same commit."""
    store, now = JudgedCommitStore(context.redis, spec.repository), context.clock()
    report = ReportStore(context.records).latest(spec.repository)
    if report is None:
        return
    known = store.get(spec.after)
    unlike = JudgedCommit(
        _evaluation(report), now + SAME_PUSH, like_default_branch=False, check_run_complete=True, committed_at=None
    )
    store.put(spec.after, replace(known, check_run_complete=True) if known is not None else unlike, now)


def waits_for_settings(context: Context, spec: NamedRepositoryJob, commit: Sha) -> bool:
    """Whether a check has to read settings anew: an event says that they changed, or a gate waits for it."""
    gates = GateStore(context.records).waiting_for_check(spec.repository, commit)
    return any(gates) or _changes_wait(context, spec)


def touches_publishing(paths: Iterable[str], relevant_paths: Iterable[str]) -> bool:
    """Whether any of the changed paths can matter to a verdict for which `relevant_paths` were asked for, beside the workflows.

    Names are compared as the least careful file system would. A path also matters where it is, or was, a folder on the
    way to one that does: a link or a submodule may have taken its place.
    """
    relevant = {_folded(path) for path in (*relevant_paths, *CODEOWNERS_PATHS, GITHUB_FOLDER)}
    folders = {folder for path in relevant for folder in _folders(path)}
    for path in paths:
        folded = _folded(path)
        if PurePosixPath(folded).name in ACTION_FILES or manifest_paths([path]):
            return True
        if folded in folders or folded in relevant or relevant.intersection(_folders(folded)):
            return True
    return False


def _folders(path: str) -> Iterator[str]:
    return (str(folder) for folder in PurePosixPath(path).parents if str(folder) != ".")


def _folded(path: str) -> str:
    return unicodedata.normalize("NFKC", path).casefold()


def _is_complete(known: JudgedCommit | None, report: StoredReport) -> bool:
    return known is not None and known.check_run_complete and known.evaluation == _evaluation(report)


def _is_straight_on(spec: CheckPush, before: JudgedCommit, now: datetime) -> bool:
    """Whether it is proved which paths a push changed, and its commits are dated between the one before it and now."""
    if spec.paths is None or before.committed_at is None or not spec.ref.startswith(BRANCH_REF_PREFIX):
        return False
    first, last = (datetime.fromtimestamp(at, UTC) for at in spec.committed)
    return before.committed_at <= first and last <= now + CLOCK_TOLERANCE


def _may_carry(context: Context, spec: CheckPush, report: StoredReport, before: JudgedCommit) -> bool:
    """Whether a report still says what an evaluation would, and answers for this push."""
    alerts = ChangeAlertStore(context.records, spec.installation, spec.repository)
    same_repository = (report.installation, report.repository) == (spec.installation, spec.full_name)
    if not same_repository or is_organization_repository(spec.full_name) or before.evaluation != _evaluation(report):
        return False
    if len(report.paths) >= MAX_PATHS or touches_publishing(spec.paths or (), report.paths):
        return False
    if alerts.get_branch(spec.ref) is not None or alerts.of_commit(spec.after):
        return False
    return not _changes_wait(context, spec)


def _changes_wait(context: Context, spec: NamedRepositoryJob) -> bool:
    """Whether a job waits, runs or failed that was asked for because a policy or a setting changed."""
    login = spec.full_name.partition("/")[0]
    jobs: list[JobSpec] = [
        CheckBranch(spec.installation, spec.repository, spec.full_name),
        SweepInstallation(spec.installation),
        *(OrganizationChanged(spec.installation, login, change) for change in OrganizationChange),
    ]
    return any_waits(context.redis, jobs)


def _evaluation(report: StoredReport) -> str:
    """Name an evaluation by what went into it and what came out; another version of Wharfinger may judge otherwise."""
    parts = [__version__, report.fingerprint, report.conclusion, report.title, report.branch]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def _valid_until(report: StoredReport, policy: Policy) -> datetime:
    """Return until when time alone cannot change a verdict much; a waiver may end with the day."""
    if not policy.waivers:
        return report.taken_at + MAX_AGE
    return datetime.combine(report.taken_at.date() + timedelta(days=1), time(), UTC)
