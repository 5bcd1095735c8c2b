"""Lists what follows when the head of a default branch was evaluated: what is stored, and the jobs that are enqueued."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TypeAlias

from bot.evaluation.evaluate import Report
from bot.rendering import scan_report
from bot.rendering.check_run import CheckRunText
from bot.rendering.publish_path_diagram import render_ascii_diagram
from handlers.cache.pending_checks import OpenCheckRunStore
from handlers.cache.snapshot_cache import SnapshotCache, StoredSnapshot
from handlers.config.context import Context
from handlers.jobs.build_snapshot import CheckedCommit
from handlers.jobs.policies import PolicyState, proposes_change
from handlers.jobs.repositories.access_reviews import start_review
from handlers.jobs.repositories.repository_issues import update_issue
from handlers.jobs.repositories.secret_deletions import deletion_permissions, start_verification
from handlers.jobs.repositories.sweeps import ARCHIVED, retire_repository
from handlers.jobs.snapshot_reader import FollowedFiles, file_contents
from handlers.jobs.write_check_run import open_check_run
from handlers.queue.job_spec import JobSpec
from handlers.queue.job_specs import NamedRepositoryJob, PreviewPolicy
from handlers.records.gate_store import GateStore
from handlers.records.outbox import outbox_of
from handlers.records.report_store import DigestFactStore, ReportStore, StoredReport


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A commit with all that was found out of it."""

    commit: CheckedCommit
    policy: PolicyState
    followed: FollowedFiles
    report: Report
    content: CheckRunText
    fingerprint: str  # of what was evaluated; empty where a fault of ours left something open
    write_permissions: tuple[str, ...] = ()  # those that would let the App delete a secret of the report


FollowUp: TypeAlias = Callable[[Context, Evaluation], Iterable[JobSpec]]


def keep(context: Context, evaluation: Evaluation) -> None:
    """Store an evaluation of the default branch and the jobs that follow, all in one transaction; of other commits nothing is stored.

    What GitHub is asked for is asked before: other writers wait for the transaction.
    """
    if not evaluation.commit.state.is_default_branch_head:
        return
    permissions = deletion_permissions(context, evaluation.commit.installation, evaluation.report)
    complete = replace(evaluation, write_permissions=permissions)
    _store_snapshot(context, evaluation)
    with outbox_of(context).transaction() as jobs:
        for follow_up in FOLLOW_UPS:
            jobs.extend(follow_up(context, complete))


def _store_snapshot(context: Context, evaluation: Evaluation) -> None:
    followed, cache = evaluation.followed, SnapshotCache(context.redis, context.catalog)
    stored = StoredSnapshot(followed.snapshot, evaluation.policy.subject)
    cache.put(evaluation.commit.repository, stored, file_contents(followed.files))


def _store_report(context: Context, evaluation: Evaluation) -> Iterable[JobSpec]:
    commit, report = evaluation.commit, evaluation.report
    state = commit.state
    ReportStore(context.records).put(
        StoredReport(
            installation=commit.installation,
            id=commit.repository,
            repository=state.repository,
            branch=state.default_branch,
            commit=state.commit,
            taken_at=report.snapshot.taken_at,
            fingerprint=evaluation.fingerprint,
            conclusion=evaluation.content.conclusion,
            title=evaluation.content.title,
            enforced=evaluation.policy.is_enforced,
            paths=evaluation.followed.paths,
            report=scan_report.repository_object(state.repository, report),
            diagram=tuple(render_ascii_diagram(evaluation.followed.snapshot)),
        )
    )
    return ()


def _store_digest_facts(context: Context, evaluation: Evaluation) -> Iterable[JobSpec]:
    commit = evaluation.commit
    DigestFactStore(context.records, commit.installation).put(commit.repository, evaluation.report)
    return ()


def _update_issue(context: Context, evaluation: Evaluation) -> Iterable[JobSpec]:
    commit, permissions = evaluation.commit, evaluation.write_permissions
    place = commit.installation, commit.repository
    return update_issue(context, place, evaluation.report, evaluation.policy, permissions)


def _start_review(context: Context, evaluation: Evaluation) -> Iterable[JobSpec]:
    commit = evaluation.commit
    return start_review(context, commit.installation, commit.repository, evaluation.report)


def _start_verification(context: Context, evaluation: Evaluation) -> Iterable[JobSpec]:
    commit = evaluation.commit
    return start_verification(context, commit.installation, commit.repository, evaluation.followed.snapshot)


# In this order: what is stored first can be read by what follows.
FOLLOW_UPS: tuple[FollowUp, ...] = (
    _store_report,
    _store_digest_facts,
    _update_issue,
    _start_review,
    _start_verification,
)


def preview_jobs(commit: CheckedCommit) -> list[PreviewPolicy]:
    """Return the job that previews a policy, if the commit proposes one."""
    if not proposes_change(commit.state):
        return []
    return [PreviewPolicy(commit.installation, commit.repository, commit.state.repository, commit.state.commit)]


def end_check(context: Context, spec: NamedRepositoryJob, commit: str) -> list[JobSpec]:
    """Record that a commit's check ended, however it did, and return the jobs of the deployments that waited for it."""
    OpenCheckRunStore(context.redis).close(open_check_run(spec, commit))
    return [gate.job for gate in GateStore(context.records).waiting_for_check(spec.repository, commit)]


def record_not_evaluated(context: Context, spec: NamedRepositoryJob, reason: str) -> None:
    """Store why a repository's default branch was not evaluated; the digest says so."""
    DigestFactStore(context.records, spec.installation).set_not_evaluated(spec.repository, reason)


def retire_archived(context: Context, commit: CheckedCommit) -> None:
    """Forget a repository that is archived: it publishes nothing, and GitHub takes no check run for it."""
    retire_repository(context, commit.installation, commit.repository, ARCHIVED)
