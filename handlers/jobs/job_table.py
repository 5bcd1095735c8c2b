"""What a worker does: each job reads the present state and says what is so; done twice, it says the same twice."""

from collections.abc import Mapping

from handlers.config.context import Job
from handlers.jobs.releases.alarms import write_alarm
from handlers.jobs.releases.deployment_gates import (
    decide_gate,
    find_gates,
    find_gates_of,
    review_gates,
    sweep_gates,
)
from handlers.jobs.releases.release_checks import check_release, check_releases_of, sweep_releases
from handlers.jobs.releases.watch import look_after_run, watch, watch_closely, watch_package
from handlers.jobs.repositories.check_commit import check_branch, check_commit, recheck_commit
from handlers.jobs.repositories.digests import digests, send_digest
from handlers.jobs.repositories.jobs_diagnose import diagnose
from handlers.jobs.repositories.jobs_sweeps import sweep, sweep_check_runs, sweep_installation
from handlers.jobs.repositories.missed import missed_deliveries
from handlers.jobs.repositories.organisation import organisation_changed
from handlers.jobs.repositories.preview import preview_policy
from handlers.jobs.repositories.pushes import look_at_push
from handlers.jobs.repositories.repository_issues import issue_changed, issue_commented, remind, write_issue
from handlers.jobs.repositories.reviews import record_review, review_access
from handlers.jobs.repositories.revocations import delete_secrets, verify_deletions
from handlers.jobs.repositories.signal_issues import tell_signals
from handlers.jobs.repositories.sweeps import drop_token, forget_installation, forget_repository
from handlers.jobs.repositories.tags import look_at_latest_tags, look_at_tags

# Every job by the name that stands in the queue; a worker does nothing else.
JOBS: Mapping[str, Job] = {
    "check_branch": check_branch,
    "check_commit": check_commit,
    "check_release": check_release,
    "check_releases_of": check_releases_of,
    "diagnose": diagnose,
    "digests": digests,
    "decide_gate": decide_gate,
    "delete_secrets": delete_secrets,
    "drop_token": drop_token,
    "find_gates": find_gates,
    "find_gates_of": find_gates_of,
    "forget_installation": forget_installation,
    "forget_repository": forget_repository,
    "issue_changed": issue_changed,
    "issue_commented": issue_commented,
    "look_at_latest_tags": look_at_latest_tags,
    "look_after_run": look_after_run,
    "look_at_push": look_at_push,
    "look_at_tags": look_at_tags,
    "missed_deliveries": missed_deliveries,
    "organisation_changed": organisation_changed,
    "preview_policy": preview_policy,
    "recheck_commit": recheck_commit,
    "record_review": record_review,
    "remind": remind,
    "review_access": review_access,
    "review_gates": review_gates,
    "send_digest": send_digest,
    "sweep": sweep,
    "sweep_check_runs": sweep_check_runs,
    "sweep_gates": sweep_gates,
    "sweep_installation": sweep_installation,
    "sweep_releases": sweep_releases,
    "tell_signals": tell_signals,
    "verify_deletions": verify_deletions,
    "watch": watch,
    "watch_closely": watch_closely,
    "watch_package": watch_package,
    "write_alarm": write_alarm,
    "write_issue": write_issue,
}

__all__ = ["JOBS"]
