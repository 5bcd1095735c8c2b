"""Lists the jobs that a worker can run; every job can safely run more than once."""

from collections.abc import Mapping

from handlers.config.context import JobFunction
from handlers.jobs.releases.deployment_gates import (
    decide_gate,
    find_gates,
    find_repository_gates,
    recheck_gates,
    sweep_gates,
)
from handlers.jobs.releases.release_checks import check_release, recheck_releases, sweep_releases
from handlers.jobs.releases.watch_packages import (
    check_after_run,
    check_due_packages,
    check_package,
    expect_versions,
    write_package_alert,
)
from handlers.jobs.repositories.access_reviews import record_review, review_access
from handlers.jobs.repositories.check_commit import check_branch, check_commit, recheck_commit
from handlers.jobs.repositories.diagnose import diagnose
from handlers.jobs.repositories.digests import queue_digests, send_digest
from handlers.jobs.repositories.push_alerts import check_push, report_change_alerts
from handlers.jobs.repositories.repository_issues import issue_changed, issue_commented, remind, write_issue
from handlers.jobs.repositories.secret_deletions import delete_secrets, verify_deletions
from handlers.jobs.repositories.stored_reports import preview_policy
from handlers.jobs.repositories.sweeps import (
    check_latest_tags,
    check_tags,
    drop_token,
    forget_installation,
    forget_repository,
    organization_changed,
    redeliver_failed,
    sweep_check_runs,
    sweep_installation,
    sweep_installations,
)

# Every job by the name that stands in the queue; a worker does nothing else.
JOBS: Mapping[str, JobFunction] = {
    "check_branch": check_branch,
    "check_commit": check_commit,
    "check_release": check_release,
    "check_releases_of": recheck_releases,
    "diagnose": diagnose,
    "digests": queue_digests,
    "decide_gate": decide_gate,
    "delete_secrets": delete_secrets,
    "drop_token": drop_token,
    "find_gates": find_gates,
    "find_gates_of": find_repository_gates,
    "forget_installation": forget_installation,
    "forget_repository": forget_repository,
    "issue_changed": issue_changed,
    "issue_commented": issue_commented,
    "look_at_latest_tags": check_latest_tags,
    "look_after_run": check_after_run,
    "look_at_push": check_push,
    "look_at_tags": check_tags,
    "missed_deliveries": redeliver_failed,
    "organization_changed": organization_changed,
    "preview_policy": preview_policy,
    "recheck_commit": recheck_commit,
    "record_review": record_review,
    "remind": remind,
    "review_access": review_access,
    "review_gates": recheck_gates,
    "send_digest": send_digest,
    "sweep": sweep_installations,
    "sweep_check_runs": sweep_check_runs,
    "sweep_gates": sweep_gates,
    "sweep_installation": sweep_installation,
    "sweep_releases": sweep_releases,
    "tell_signals": report_change_alerts,
    "verify_deletions": verify_deletions,
    "watch": check_due_packages,
    "watch_closely": expect_versions,
    "watch_package": check_package,
    "write_alarm": write_package_alert,
    "write_issue": write_issue,
}

__all__ = ["JOBS"]
