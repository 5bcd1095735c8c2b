"""Lists the jobs that a worker can run; every job can safely run more than once."""

from collections.abc import Mapping

from handlers.config.context import Context, JobFunction
from handlers.jobs.check_commit import check_branch, check_commit, check_push, recheck_commit
from handlers.jobs.notifications import send_heartbeat, send_notifications
from handlers.jobs.releases.deployment_gates import (
    decide_gate,
    find_gates,
    find_repository_gates,
    recheck_gates,
    sweep_gates,
)
from handlers.jobs.releases.publish_runs import judge_run
from handlers.jobs.releases.release_checks import check_release, recheck_releases, sweep_releases
from handlers.jobs.releases.watch_packages import (
    check_after_run,
    check_due_packages,
    check_package,
    expect_versions,
    write_package_alert,
)
from handlers.jobs.repositories.access_reviews import review_access
from handlers.jobs.repositories.departures import (
    attest_revocation,
    check_departures,
    follow_departure,
    record_departure,
)
from handlers.jobs.repositories.diagnose import diagnose
from handlers.jobs.repositories.digests import queue_digests, send_digest
from handlers.jobs.repositories.push_alerts import report_change_alerts
from handlers.jobs.repositories.repository_issues import issue_changed, issue_commented, remind, write_issue
from handlers.jobs.repositories.review_answers import answer_review, record_review
from handlers.jobs.repositories.secret_deletions import delete_secrets, verify_deletions
from handlers.jobs.repositories.stored_reports import preview_policy
from handlers.jobs.repositories.sweeps import (
    check_heads,
    check_installation_heads,
    check_latest_tags,
    check_tags,
    delete_expired_records,
    drop_token,
    forget_installation,
    forget_repository,
    organization_changed,
    redeliver_failed,
    sweep_check_runs,
    sweep_installation,
    sweep_installations,
)
from handlers.queue import job_specs as specs
from handlers.queue.job_spec import JobSpec

# Every job with the function that runs it; a worker does nothing else.
JOBS: Mapping[type[JobSpec], JobFunction] = {
    specs.AnswerReview: answer_review,
    specs.AttestRevocation: attest_revocation,
    specs.CheckAfterRun: check_after_run,
    specs.CheckBranch: check_branch,
    specs.CheckCommit: check_commit,
    specs.CheckDepartures: check_departures,
    specs.CheckDuePackages: check_due_packages,
    specs.CheckHeads: check_heads,
    specs.CheckInstallationHeads: check_installation_heads,
    specs.CheckLatestTags: check_latest_tags,
    specs.CheckPackage: check_package,
    specs.CheckPush: check_push,
    specs.CheckRelease: check_release,
    specs.CheckTags: check_tags,
    specs.DecideGate: decide_gate,
    specs.DeleteExpiredRecords: delete_expired_records,
    specs.DeleteSecrets: delete_secrets,
    specs.Diagnose: diagnose,
    specs.DropToken: drop_token,
    specs.ExpectVersions: expect_versions,
    specs.FindGates: find_gates,
    specs.FindRepositoryGates: find_repository_gates,
    specs.FollowDeparture: follow_departure,
    specs.ForgetInstallation: forget_installation,
    specs.ForgetRepository: forget_repository,
    specs.IssueChanged: issue_changed,
    specs.IssueCommented: issue_commented,
    specs.JudgeRun: judge_run,
    specs.OrganizationChanged: organization_changed,
    specs.PreviewPolicy: preview_policy,
    specs.QueueDigests: queue_digests,
    specs.RecheckCommit: recheck_commit,
    specs.RecheckGates: recheck_gates,
    specs.RecheckReleases: recheck_releases,
    specs.RecordDeparture: record_departure,
    specs.RecordReview: record_review,
    specs.RedeliverFailed: redeliver_failed,
    specs.Remind: remind,
    specs.ReportChangeAlerts: report_change_alerts,
    specs.ReviewAccess: review_access,
    specs.SendDigest: send_digest,
    specs.SendHeartbeat: send_heartbeat,
    specs.SendNotifications: send_notifications,
    specs.SweepCheckRuns: sweep_check_runs,
    specs.SweepGates: sweep_gates,
    specs.SweepInstallation: sweep_installation,
    specs.SweepInstallations: sweep_installations,
    specs.SweepReleases: sweep_releases,
    specs.VerifyDeletions: verify_deletions,
    specs.WriteIssue: write_issue,
    specs.WritePackageAlert: write_package_alert,
}


def run_job(context: Context, spec: JobSpec) -> None:
    """Run a job here and now, without the queue; raises what the job raises."""
    JOBS[type(spec)](context, spec)
