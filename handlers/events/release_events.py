"""Maps events about tags, releases and deployments to release checks and gate decisions."""

import re

from bot.json_access import get_int, get_objects, get_str
from bot.model.core_types import Sha
from handlers.events.event_result import EventResult, Payload, no_jobs, repository_of
from handlers.queue.job_specs import CheckAfterRun, CheckRelease, DecideGate, JudgeRun, RecheckGates, RecheckReleases

_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_WORKFLOW = re.compile(r"\.github/workflows/[^/\x00-\x1f]{1,200}\.ya?ml")
_MAX_WORKFLOWS = 50  # of one run that are named in the work
_MAX_TAG_LENGTH = 250  # git allows no longer name on the file systems it lives on


def is_tag(tag: str) -> bool:
    """Whether a text may be a tag's name and nothing else."""
    return bool(tag) and len(tag) <= _MAX_TAG_LENGTH and tag.isprintable() and ":" not in tag


def tag_created(payload: Payload) -> EventResult:
    """Check the release of a new tag. GitHub sends no event where more than three tags came with one push."""
    repository, tag = repository_of(payload), get_str(payload, "ref")
    if get_str(payload, "ref_type") != "tag":
        return no_jobs("a branch was created")
    if repository is None or not is_tag(tag):
        return no_jobs("the payload names no tag of a repository")
    return EventResult((CheckRelease(*repository, tag),), "a tag was created")


def check_release_specs(payload: Payload) -> tuple[CheckRelease, ...]:
    """Return the job that checks a published release."""
    repository, tag = repository_of(payload), get_str(payload, "release", "tag_name")
    return (CheckRelease(*repository, tag),) if repository is not None and is_tag(tag) else ()


def package_published(payload: Payload) -> EventResult:
    """Check again the releases of the commit that a package on GitHub's own registry was made from."""
    return recheck_releases_at(
        payload, get_str(payload, "registry_package", "package_version", "target_oid"), "a package was published"
    )


def run_began(payload: Payload) -> EventResult:
    """Judge a run of a workflow, before it can have published anything; a pull request from a fork gets no secret to publish with."""
    repository, run = repository_of(payload), get_int(payload, "workflow_run", "id")
    if repository is None or not run or not _workflows(payload):
        return no_jobs("the payload names no run of a workflow of the repository")
    head = get_int(payload, "workflow_run", "head_repository", "id")
    if get_str(payload, "workflow_run", "event") == "pull_request" and head not in (0, repository[1]):
        return no_jobs("a pull request from a fork began the run, which gets no secrets")
    return EventResult((JudgeRun(*repository, run),), "a workflow runs")


def run_completed(payload: Payload) -> EventResult:
    """Check again the releases of the commit that a run was for, and what its workflows publish, however the run ended.

    A run can publish something and fail afterwards: without this it would be found only when the package is next due.
    """
    recheck = recheck_releases_at(payload, get_str(payload, "workflow_run", "head_sha"), "a run is over")
    repository, workflows = repository_of(payload), _workflows(payload)
    if repository is None or not workflows:
        return recheck
    installation, repository_id, _ = repository
    return EventResult((*recheck.jobs, CheckAfterRun(installation, repository_id, workflows)), "a run is over")


def _workflows(payload: Payload) -> tuple[str, ...]:
    """Name the workflow that ran, and those of the repository itself that it called, by their paths."""
    own = f"{get_str(payload, 'repository', 'full_name')}/"
    called = (get_str(each, "path") for each in get_objects(payload, "workflow_run", "referenced_workflows"))
    named = (
        get_str(payload, "workflow_run", "path"),
        *(path.removeprefix(own) for path in called if path.startswith(own)),
    )
    paths = (path.partition("@")[0] for path in named)
    return tuple(dict.fromkeys(path for path in paths if _WORKFLOW.fullmatch(path)))[:_MAX_WORKFLOWS]


def recheck_releases_at(payload: Payload, commit: str, reason: str) -> EventResult:
    """Check the releases of a commit again."""
    repository = repository_of(payload)
    if repository is None or not _SHA.fullmatch(commit):
        return no_jobs("the payload names no commit of a repository")
    return EventResult((RecheckReleases(*repository, Sha(commit)),), reason)


# The run is named nowhere else in the payload. Nothing is ever sent to this address: only its number counts.
_CALLBACK = re.compile(r"/actions/runs/([0-9]{1,15})/deployment_protection_rule")
_MAX_ENVIRONMENT_NAME = 255  # characters of an environment's name: docs.github.com/rest/deployments/environments


def deployment_requested(payload: Payload) -> EventResult:
    """Decide a deployment that waits for the App's protection rule."""
    repository, environment = repository_of(payload), get_str(payload, "environment")
    run = _CALLBACK.search(get_str(payload, "deployment_callback_url"))
    if repository is None:
        return no_jobs("the payload names no repository of an installation")
    if run is None or not environment or len(environment) > _MAX_ENVIRONMENT_NAME or not environment.isprintable():
        return no_jobs("the payload names no run that waits at an environment")
    decide = DecideGate(*repository, int(run[1]), environment, get_int(payload, "deployment", "id"))
    return EventResult((decide,), "a deployment waits for the gate")


def deployment_reviewed(payload: Payload) -> EventResult:
    """Decide again the pending deployments of a run that somebody approved."""
    repository, run = repository_of(payload), get_int(payload, "workflow_run", "id")
    if repository is None or not run:
        return no_jobs("the payload names no run of a repository")
    return EventResult((RecheckGates(*repository, run),), "somebody approved a deployment")
