"""Which event asks for which job: a literal table, and pure functions from a payload to work.

A payload is what somebody sent: each field may be missing or of another kind, and then nothing is asked for, in words.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bot.github.commit_query import CHECK, ORGANISATION_POLICY, PREVIEW, PRIVATE, PUBLIC, RELEASE_CHECK
from bot.json_access import number, record, records, text, texts, true
from handlers.events import event_table, gate_events, issue_events, release_events
from handlers.events import settings_events as others
from handlers.events.event_result import NAME, Answer, Asked, Payload, branch_work, nothing, where
from handlers.queue.job_specs import Priority, Work, diagnose_work, preview_work

_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


@dataclass(frozen=True, slots=True)
class Event:
    """One event: the permission it needs to be subscribed to (None: every App gets it), and what each action asks for."""

    permission: str | None
    actions: Mapping[str, Answer]  # the empty action is that of events that have none


def work_for(event: str, payload: Payload) -> Asked:
    """Say what an event asks for. Pure, and total: whatever the payload is, it returns."""
    row = EVENTS.get(event)
    if row is None:
        return nothing("nothing depends on this event")
    answer = row.actions.get(text(payload, "action"))
    return answer(payload) if answer else nothing("nothing depends on this action")


def _pushed(payload: Payload) -> Asked:
    ref, after = text(payload, "ref"), text(payload, "after")
    if true(payload, "deleted") or not after.strip("0"):
        return nothing("a branch or tag was deleted")
    if not ref.startswith(("refs/heads/", "refs/tags/")):
        return nothing("it is neither a branch nor a tag")
    # After the push of an annotated tag, `after` is the tag and not the commit.
    commit = text(payload, "head_commit", "id") or after
    asked = _check(payload, commit, "a branch was pushed" if ref.startswith("refs/heads/") else "a tag was pushed")
    if not asked.work:
        return asked
    asked = Asked((*event_table.looks(payload), *asked.work), asked.why)
    if _touches_policy(payload, ref):
        return Asked(
            (*asked.work, _sweep(number(payload, "installation", "id"))), "the organisation's policy was pushed"
        )
    return asked


def _touches_policy(payload: Payload, ref: str) -> bool:
    """Whether a push may have changed the organisation's policy in force."""
    branch = text(payload, "repository", "default_branch")
    if text(payload, "repository", "name").lower() not in (PRIVATE, PUBLIC) or ref != f"refs/heads/{branch}":
        return False
    commits = records(payload, "commits")
    changed = {path for commit in commits for kind in ("added", "modified", "removed") for path in texts(commit, kind)}
    return ORGANISATION_POLICY in changed or not commits or true(payload, "forced")


def _pull_request(payload: Payload) -> Asked:
    # Also from a fork: its head is reachable in the base repository, and the check run belongs there.
    return _check(payload, text(payload, "pull_request", "head", "sha"), "a pull request has a new head")


def _check_suite(payload: Payload) -> Asked:
    return _check(payload, text(payload, "check_suite", "head_sha"), "GitHub asks for the checks of a commit")


def _check_suite_again(payload: Payload) -> Asked:
    head = text(payload, "check_suite", "head_sha")
    asked = _check(payload, head, "somebody asked for the checks again", again=True)
    return Asked((*asked.work, *release_events.releases_at(payload, head, asked.why).work), asked.why)


def _check_run_again(payload: Payload) -> Asked:
    name = text(payload, "check_run", "name")
    if name == PREVIEW:
        return _preview_again(payload)
    if name == RELEASE_CHECK:
        head = text(payload, "check_run", "head_sha")
        return release_events.releases_at(payload, head, "somebody asked for the release again")
    if name != CHECK:
        return nothing("it is not a check run of ours")
    return _check(payload, text(payload, "check_run", "head_sha"), "somebody asked for the check again", again=True)


def _preview_again(payload: Payload) -> Asked:
    asked = _check(payload, text(payload, "check_run", "head_sha"), "somebody asked for the preview again")
    if not asked.work:
        return asked
    installation, repository = number(payload, "installation", "id"), record(payload, "repository")
    name, commit = text(repository, "full_name"), text(payload, "check_run", "head_sha")
    return Asked((preview_work(installation, number(repository, "id"), name, commit, again=True),), asked.why)


def _workflow_run(payload: Payload) -> Asked:
    if text(payload, "workflow_run", "event") in ("push", "pull_request", "pull_request_target"):
        return nothing("the push or pull request that began the run asks for the check itself")
    return _check(payload, text(payload, "workflow_run", "head_sha"), "a workflow runs on a commit")


def _released(payload: Payload) -> Asked:
    tag = text(payload, "release", "tag_name")
    if not release_events.is_tag(tag):
        return nothing("the payload names no tag")
    asked = _check(payload, f"refs/tags/{tag}", "a release was published")
    return Asked((*asked.work, *release_events.release_of(payload)), asked.why)


def _repository(payload: Payload) -> Asked:
    place = where(payload)
    if place is None:
        return nothing("the payload names no repository of an installation")
    return Asked((branch_work(place),), "the repository itself changed")


def _forget_repository(payload: Payload) -> Asked:
    installation, number_ = number(payload, "installation", "id"), number(payload, "repository", "id")
    if not installation or not number_:
        return nothing("the payload names no repository of an installation")
    work = Work("forget_repository", Priority.SWEEP, f"repository-{number_}", (installation, number_))
    return Asked((work,), "the repository is gone")


def _widened(payload: Payload) -> Asked:
    installation = number(payload, "installation", "id")
    if not installation:
        return nothing("the payload names no installation")
    return Asked((_sweep(installation),), "all repositories of the installation are looked at")


def _installed(payload: Payload) -> Asked:
    asked = _widened(payload)
    return Asked((diagnose_work(), *asked.work), asked.why) if asked.work else asked


def _uninstalled(payload: Payload) -> Asked:
    installation = number(payload, "installation", "id")
    if not installation:
        return nothing("the payload names no installation")
    lane = f"installation-{installation}"
    work = Work("forget_installation", Priority.CHECK, lane, (installation,))
    return Asked((work, diagnose_work()), "the installation is gone")


def _suspended(payload: Payload) -> Asked:
    installation = number(payload, "installation", "id")
    if not installation:
        return nothing("the payload names no installation")
    work = Work("drop_token", Priority.CHECK, f"installation-{installation}", (installation,))
    return Asked((work, diagnose_work()), "the installation is suspended")


def _removed(payload: Payload) -> Asked:
    installation = number(payload, "installation", "id")
    gone = [number(repository, "id") for repository in records(payload, "repositories_removed")]
    work = tuple(
        Work("forget_repository", Priority.SWEEP, f"repository-{repository}", (installation, repository))
        for repository in gone
        if installation and repository
    )
    return Asked(work, "repositories left the installation") if work else nothing("the payload names no repository")


def _check(payload: Payload, revision: str, why: str, *, again: bool = False) -> Asked:
    installation, repository = number(payload, "installation", "id"), record(payload, "repository")
    name, number_ = text(repository, "full_name"), number(repository, "id")
    if not installation:
        return nothing("the payload names no installation")
    if not number_ or not NAME.fullmatch(name):
        return nothing("the payload names no repository")
    if not _SHA.fullmatch(revision) and not revision.startswith("refs/tags/"):
        return nothing("the payload names no commit")
    job = "recheck_commit" if again else "check_commit"
    work = Work(job, Priority.CHECK, f"repository-{number_}", (installation, number_, name, revision))
    return Asked((work,), why)


def _sweep(installation: int) -> Work:
    return Work("sweep_installation", Priority.SWEEP, f"installation-{installation}", (installation,))


def _any(answer: Answer, *actions: str) -> Mapping[str, Answer]:
    return dict.fromkeys(actions, answer)


# Every event that asks for something. The manifest's events and the permissions they need are made from this table.
EVENTS: Mapping[str, Event] = {
    "push": Event("contents: read", {"": _pushed}),
    "pull_request": Event(
        "pull_requests: read",
        {"opened": _pull_request, "synchronize": _pull_request, "reopened": _pull_request},
    ),
    "check_suite": Event("checks: write", {"requested": _check_suite, "rerequested": _check_suite_again}),
    "check_run": Event("checks: write", {"rerequested": _check_run_again, "requested_action": _check_run_again}),
    "workflow_run": Event("actions: read", {"requested": _workflow_run, "completed": release_events.run_over}),
    "release": Event("contents: read", {"published": _released}),
    "create": Event("contents: read", {"": release_events.tag_created}),
    "registry_package": Event("packages: read", _any(release_events.package_appeared, "published", "updated")),
    "repository": Event(
        "metadata: read",
        {
            "archived": _repository,
            "edited": _repository,
            "privatized": _repository,
            "publicized": _repository,
            "renamed": _repository,
            "transferred": _repository,
            "unarchived": _repository,
            "deleted": _forget_repository,
        },
    ),
    "repository_ruleset": Event("administration: read", _any(others.ruleset_changed, "created", "edited", "deleted")),
    "branch_protection_rule": Event(
        "administration: read", _any(others.settings_changed, "created", "edited", "deleted")
    ),
    "deployment_protection_rule": Event("deployments: read", {"requested": gate_events.gate_asked}),
    "deployment_review": Event("deployments: read", {"approved": gate_events.deployment_reviewed}),
    "deploy_key": Event("deployments: read", _any(others.settings_changed, "created", "deleted")),
    "member": Event("members: read", _any(others.people_changed, "added", "edited", "removed")),
    "membership": Event("members: read", _any(others.people_changed, "added", "removed")),
    "team": Event("members: read", _any(others.people_changed, "created", "edited", "deleted")),
    "organization": Event("members: read", _any(others.people_changed, "member_added", "member_removed")),
    "personal_access_token_request": Event(
        "organization_personal_access_token_requests: read", {"approved": others.tokens_changed}
    ),
    "issues": Event(
        "issues: read", {**_any(others.issue_changed, "closed", "reopened"), "edited": issue_events.issue_edited}
    ),
    "issue_comment": Event("issues: read", {"created": others.issue_commented}),
    "installation": Event(
        None,
        {
            "created": _installed,
            "unsuspend": _installed,
            "new_permissions_accepted": others.permissions_accepted,
            "suspend": _suspended,
            "deleted": _uninstalled,
        },
    ),
    "installation_repositories": Event(None, {"added": _widened, "removed": _removed}),
}
