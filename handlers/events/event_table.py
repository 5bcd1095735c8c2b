"""Maps each webhook event to its jobs in one table of pure functions.

Payload fields may be missing or of the wrong type; such an event leads to no job and a reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.github.commit_query import (
    CHECK_NAME,
    PREVIEW_CHECK_NAME,
    RELEASE_CHECK_NAME,
)
from bot.json_access import get_int, get_objects, get_str
from bot.model.core_types import RepositoryId
from handlers.events import issue_events, push_events, release_events, settings_events
from handlers.events.event_result import (
    COMMIT_ID,
    EventHandler,
    EventResult,
    Payload,
    check_commit_result,
    installation_of,
    no_jobs,
    repository_of,
)
from handlers.queue.job_specs import (
    CheckBranch,
    Diagnose,
    DropToken,
    ForgetInstallation,
    ForgetRepository,
    PreviewPolicy,
    SweepInstallation,
)

NO_INSTALLATION = "the payload names no installation"


@dataclass(frozen=True, slots=True)
class WebhookEvent:
    """One event: the permission that subscribing to it needs (None: every App gets it), and the handler of each action."""

    permission: str | None
    handlers_by_action: Mapping[str, EventHandler]  # the empty action is that of events that have none


def jobs_for_event(event: str, payload: Payload) -> EventResult:
    """Return the jobs that an event leads to. It is pure, and returns whatever the payload is."""
    row = EVENTS.get(event)
    if row is None:
        return no_jobs("nothing depends on this event")
    answer = row.handlers_by_action.get(get_str(payload, "action"))
    return answer(payload) if answer else no_jobs("nothing depends on this action")


def _pull_request(payload: Payload) -> EventResult:
    # Also from a fork: its head is reachable in the base repository, and the check run belongs there.
    return check_commit_result(
        payload, get_str(payload, "pull_request", "head", "sha"), "a pull request has a new head"
    )


def _check_suite(payload: Payload) -> EventResult:
    return check_commit_result(
        payload, get_str(payload, "check_suite", "head_sha"), "GitHub asks for the checks of a commit"
    )


def _check_suite_again(payload: Payload) -> EventResult:
    head = get_str(payload, "check_suite", "head_sha")
    check = check_commit_result(payload, head, "somebody asked for the checks again", recheck=True)
    return EventResult(
        (*check.jobs, *release_events.recheck_releases_at(payload, head, check.reason).jobs), check.reason
    )


def _check_run_again(payload: Payload) -> EventResult:
    name = get_str(payload, "check_run", "name")
    if name == PREVIEW_CHECK_NAME:
        return _preview_again(payload)
    if name == RELEASE_CHECK_NAME:
        head = get_str(payload, "check_run", "head_sha")
        return release_events.recheck_releases_at(payload, head, "somebody asked for the release again")
    if name != CHECK_NAME:
        return no_jobs("it is not a check run of ours")
    return check_commit_result(
        payload, get_str(payload, "check_run", "head_sha"), "somebody asked for the check again", recheck=True
    )


def _preview_again(payload: Payload) -> EventResult:
    repository, commit = repository_of(payload), get_str(payload, "check_run", "head_sha")
    if repository is None or not COMMIT_ID.fullmatch(commit):
        return no_jobs("the payload names no commit of a repository")
    return EventResult((PreviewPolicy(*repository, commit, again=True),), "somebody asked for the preview again")


def _workflow_run(payload: Payload) -> EventResult:
    judge = release_events.run_began(payload)
    if get_str(payload, "workflow_run", "event") in ("push", "pull_request", "pull_request_target"):
        return judge
    check = check_commit_result(payload, get_str(payload, "workflow_run", "head_sha"), "a workflow runs on a commit")
    return EventResult((*judge.jobs, *check.jobs), check.reason)


def _release_published(payload: Payload) -> EventResult:
    tag = get_str(payload, "release", "tag_name")
    if not release_events.is_tag(tag):
        return no_jobs("the payload names no tag")
    check = check_commit_result(payload, f"refs/tags/{tag}", "a release was published")
    return EventResult((*check.jobs, *release_events.check_release_specs(payload)), check.reason)


def _repository_changed(payload: Payload) -> EventResult:
    repository = repository_of(payload)
    if repository is None:
        return no_jobs("the payload names no repository of an installation")
    return EventResult((CheckBranch(*repository),), "the repository itself changed")


def _repository_deleted(payload: Payload) -> EventResult:
    installation, repository = installation_of(payload), get_int(payload, "repository", "id")
    if not installation or not repository:
        return no_jobs("the payload names no repository of an installation")
    return EventResult((ForgetRepository(installation, RepositoryId(repository)),), "the repository is gone")


def _repositories_added(payload: Payload) -> EventResult:
    installation = installation_of(payload)
    if not installation:
        return no_jobs(NO_INSTALLATION)
    return EventResult((SweepInstallation(installation),), "all repositories of the installation are checked")


def _installation_created(payload: Payload) -> EventResult:
    sweep = _repositories_added(payload)
    return EventResult((Diagnose(), *sweep.jobs), sweep.reason) if sweep.jobs else sweep


def _installation_deleted(payload: Payload) -> EventResult:
    installation = installation_of(payload)
    if not installation:
        return no_jobs(NO_INSTALLATION)
    return EventResult((ForgetInstallation(installation), Diagnose()), "the installation is gone")


def _installation_suspended(payload: Payload) -> EventResult:
    installation = installation_of(payload)
    if not installation:
        return no_jobs(NO_INSTALLATION)
    return EventResult((DropToken(installation), Diagnose()), "the installation is suspended")


def _repositories_removed(payload: Payload) -> EventResult:
    installation = installation_of(payload)
    if not installation:
        return no_jobs(NO_INSTALLATION)
    removed = (get_int(repository, "id") for repository in get_objects(payload, "repositories_removed"))
    jobs = tuple(ForgetRepository(installation, RepositoryId(repository)) for repository in removed if repository)
    if not jobs:
        return no_jobs("the payload names no repository")
    return EventResult(jobs, "repositories left the installation")


def _for_actions(handler: EventHandler, *actions: str) -> Mapping[str, EventHandler]:
    return dict.fromkeys(actions, handler)


# Every event that leads to jobs. The manifest's events and the permissions they need are made from this table.
EVENTS: Mapping[str, WebhookEvent] = {
    "push": WebhookEvent("contents: read", {"": push_events.branch_or_tag_pushed}),
    "pull_request": WebhookEvent(
        "pull_requests: read",
        {"opened": _pull_request, "synchronize": _pull_request, "reopened": _pull_request},
    ),
    "check_suite": WebhookEvent("checks: write", {"requested": _check_suite, "rerequested": _check_suite_again}),
    "check_run": WebhookEvent("checks: write", {"rerequested": _check_run_again, "requested_action": _check_run_again}),
    "workflow_run": WebhookEvent(
        "actions: read",
        {
            "requested": _workflow_run,
            "in_progress": release_events.run_began,
            "completed": release_events.run_completed,
        },
    ),
    "release": WebhookEvent("contents: read", {"published": _release_published}),
    "create": WebhookEvent("contents: read", {"": release_events.tag_created}),
    "registry_package": WebhookEvent(
        "packages: read", _for_actions(release_events.package_published, "published", "updated")
    ),
    "repository": WebhookEvent(
        "metadata: read",
        {
            "archived": _repository_changed,
            "edited": _repository_changed,
            "privatized": _repository_changed,
            "publicized": _repository_changed,
            "renamed": _repository_changed,
            "transferred": _repository_changed,
            "unarchived": _repository_changed,
            "deleted": _repository_deleted,
        },
    ),
    "repository_ruleset": WebhookEvent(
        "administration: read", _for_actions(settings_events.ruleset_changed, "created", "edited", "deleted")
    ),
    "branch_protection_rule": WebhookEvent(
        "administration: read", _for_actions(settings_events.settings_changed, "created", "edited", "deleted")
    ),
    "deployment_protection_rule": WebhookEvent("deployments: read", {"requested": release_events.deployment_requested}),
    "deployment_review": WebhookEvent("deployments: read", {"approved": release_events.deployment_reviewed}),
    "deploy_key": WebhookEvent(
        "deployments: read", _for_actions(settings_events.settings_changed, "created", "deleted")
    ),
    "member": WebhookEvent("members: read", _for_actions(settings_events.people_changed, "added", "edited", "removed")),
    "membership": WebhookEvent(
        "members: read", {"added": settings_events.people_changed, "removed": settings_events.team_member_left}
    ),
    "team": WebhookEvent("members: read", _for_actions(settings_events.people_changed, "created", "edited", "deleted")),
    "organization": WebhookEvent(
        "members: read",
        {"member_added": settings_events.people_changed, "member_removed": settings_events.member_left},
    ),
    "personal_access_token_request": WebhookEvent(
        "organization_personal_access_token_requests: read", {"approved": settings_events.tokens_changed}
    ),
    "issues": WebhookEvent(
        "issues: read",
        {**_for_actions(issue_events.issue_changed, "closed", "reopened"), "edited": issue_events.issue_edited},
    ),
    "issue_comment": WebhookEvent("issues: read", {"created": issue_events.issue_commented}),
    "installation": WebhookEvent(
        None,
        {
            "created": _installation_created,
            "unsuspend": _installation_created,
            "new_permissions_accepted": settings_events.permissions_accepted,
            "suspend": _installation_suspended,
            "deleted": _installation_deleted,
        },
    ),
    "installation_repositories": WebhookEvent(None, {"added": _repositories_added, "removed": _repositories_removed}),
}
