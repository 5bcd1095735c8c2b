"""Checks a commit: reads it, evaluates it by the policy in force, stores the report, and writes the check run."""

import logging

from bot.evaluation.evaluate import Report, evaluate_repository
from bot.github.github_errors import AccessError, InstallationError
from bot.model.core_types import Outcome
from bot.policy import Policy
from bot.rendering.check_run import render_check_run
from bot.settings import SettingsQuery
from handlers.config.context import Context
from handlers.jobs.build_snapshot import CheckedCommit, build_snapshot, read_commit, renew_settings
from handlers.jobs.carry_verdict import (
    BRANCH_REF_PREFIX,
    carry_verdict,
    is_settled,
    note_complete,
    note_judged,
    waits_for_settings,
)
from handlers.jobs.follow_ups import Evaluation, end_check, keep, preview_jobs, record_not_evaluated, retire_archived
from handlers.jobs.policies import (
    add_policy_in_force,
    add_policy_problems,
    is_organization_repository,
    read_policy_in_force,
)
from handlers.jobs.repositories.push_alerts import alert_on_push, change_reports, check_settings_changes
from handlers.jobs.snapshot_reader import FollowedFiles
from handlers.jobs.write_check_run import CommitCheckRun
from handlers.queue.enqueue import enqueue
from handlers.queue.job_specs import CheckBranch, CheckCommit, CheckPush, NamedRepositoryJob, RecheckCommit
from handlers.records.report_store import ReportStore

log = logging.getLogger("wharfinger.jobs")

DEFAULT_BRANCH = "HEAD"  # as a revision


def check_push(context: Context, spec: CheckPush) -> None:
    """Look for alerts in a push and check the commit, unless nothing changed that matters; run twice, it finds the same twice."""
    if carry_verdict(context, spec):
        enqueue(context.redis, end_check(context, spec, spec.after))
        return
    commit = alert_on_push(context, spec)
    if (
        commit is not None
        and spec.ref.startswith(BRANCH_REF_PREFIX)
        and _check(context, spec, spec.after, commit=commit)
    ):
        note_complete(context, spec)


def check_commit(context: Context, spec: CheckCommit) -> None:
    """Check a commit because something happened to it; what was evaluated already is left alone."""
    if is_settled(context, spec, spec.revision):
        enqueue(context.redis, end_check(context, spec, spec.revision))
    else:
        _check(context, spec, spec.revision)


def recheck_commit(context: Context, spec: RecheckCommit) -> None:
    """Check a commit again because a person wants to know; cached settings are read again too."""
    _check(context, spec, spec.revision, fresh=True, refresh_settings=True)


def check_branch(context: Context, spec: CheckBranch) -> None:
    """Check the head of the default branch; as part of a sweep it waits while few requests of the hour are left."""
    context.github.installation(spec.installation).reserve_quota()
    _check(context, spec, DEFAULT_BRANCH, fresh=True)


def _check(  # noqa: PLR0913 - how to check, each by its name
    context: Context,
    spec: NamedRepositoryJob,
    revision: str,
    *,
    commit: CheckedCommit | None = None,
    fresh: bool = False,
    refresh_settings: bool = False,
) -> bool:
    """Check a commit, which may have been read before, and return whether its check run says all there is to say.

    One that is gone, or that the App may not read, is not worth another attempt, and is only logged.
    """
    sha, settled = revision, False
    try:
        commit = commit or read_commit(context, spec, revision)
        sha = commit.state.commit
        settled = _check_state(context, spec, commit, fresh=fresh, refresh_settings=refresh_settings)
    except (AccessError, InstallationError) as error:
        log.warning("%s is not checked: %s", spec.full_name, error)
        if revision == DEFAULT_BRANCH:
            record_not_evaluated(context, spec, str(error))
    enqueue(context.redis, end_check(context, spec, sha))
    return settled


def _check_state(
    context: Context, spec: NamedRepositoryJob, commit: CheckedCommit, *, fresh: bool, refresh_settings: bool
) -> bool:
    if commit.state.archived:
        retire_archived(context, commit)
        return True
    policy = read_policy_in_force(context, commit.client, commit.state)
    check_run = CommitCheckRun(context, spec, commit, policy)
    alerts = change_reports(context, spec, commit.state.commit, policy.policy)
    if not fresh and check_run.has_evaluated(alerts):
        return True
    enqueue(context.redis, preview_jobs(commit))
    if not fresh and check_run.complete_unchanged(alerts):
        note_judged(context, commit.stored_report, commit.state, policy.policy)
        return True
    with check_run.in_progress():
        reuse = not fresh and not waits_for_settings(context, spec, commit.state.commit)
        followed = build_snapshot(context, commit, policy.policy, refresh=refresh_settings, reuse=reuse)
        followed, report = _evaluate(context, commit, followed, policy.policy)
        content = add_policy_problems(render_check_run(report, context.links), policy)
        if is_organization_repository(commit.state.repository):
            content = add_policy_in_force(commit.client, content, policy)
        # What a fault of ours left open is not settled: the next event evaluates the commit again.
        settled = Outcome.ERROR not in report.outcomes.values()
        fingerprint = check_run.fingerprint(followed.files, report.snapshot.taken_at) if settled else ""
        if commit.state.is_default_branch_head:
            alerts = check_settings_changes(context, spec, commit.state, followed.snapshot, policy)
        else:
            alerts = change_reports(context, spec, commit.state.commit, policy.policy)  # a push may have come meanwhile
        keep(context, Evaluation(commit, policy, followed, report, content, fingerprint))
        check_run.complete(fingerprint, content, alerts)
    if commit.state.is_default_branch_head:
        note_judged(context, ReportStore(context.records).latest(spec.repository), commit.state, policy.policy)
    return settled


def _evaluate(
    context: Context, commit: CheckedCommit, followed: FollowedFiles, policy: Policy
) -> tuple[FollowedFiles, Report]:
    """Evaluate a snapshot; where kept settings do not pass, read them again first."""
    report = evaluate_repository(followed.snapshot, policy)
    if not followed.kept_settings or not _settings_fail(report):
        return followed, report
    renewed = renew_settings(context, commit, followed, policy)
    return renewed, evaluate_repository(renewed.snapshot, policy)


def _settings_fail(report: Report) -> bool:
    """Whether a rule about settings does not pass. No event tells that a secret was deleted, so what is kept may be over."""
    return any(
        result.outcome in (Outcome.FAILED, Outcome.UNKNOWN) and result.rule.reads - {SettingsQuery.FILES}
        for result in report.results
    )
