"""Computes job dependencies, token permissions, environment variables, shells and runners across a workflow."""

import re
from collections import ChainMap
from collections.abc import Mapping
from enum import Enum

from bot.workflows.expressions import context_values, possible_values
from bot.workflows.workflow import Job, PermissionLevel, Permissions, SourceText, Step, Workflow

# docs.github.com, "GITHUB_TOKEN" and workflow syntax, `permissions`, as of 2026-11
PERMISSION_SCOPES = (
    "actions", "artifact-metadata", "attestations", "checks", "contents", "deployments", "discussions", "id-token",
    "issues", "models", "packages", "pages", "pull-requests", "repository-projects", "security-events", "statuses",
)  # fmt: skip
_LEVEL_RANK: Mapping[PermissionLevel, int] = {"none": 0, "read": 1, "write": 2}


def transitive_needs(workflow: Workflow, job_id: str) -> tuple[str, ...]:
    """Give the jobs that a job needs, near ones first, those they need included; names of no job are left out.

    A circle, which GitHub refuses, ends where it began.
    """
    found: dict[str, None] = {}
    waiting = [job_id]
    while waiting:
        following: dict[str, None] = {}
        for one in waiting:
            job = workflow.jobs.get(one)
            following |= dict.fromkeys(job.needs if job is not None else ())
        waiting = [one for one in following if one in workflow.jobs and one not in found and one != job_id]
        found |= dict.fromkeys(waiting)
    return tuple(found)


def effective_permissions(workflow: Workflow, job: Job) -> Permissions | None:
    """Give what the token of a job may do: the job's block replaces the workflow's as a whole.

    None means that neither is written and the repository's default holds; `level` knows what that never includes.
    """
    return workflow.permissions if job.permissions is None else job.permissions


def reusable_workflow_permissions(called: Permissions | None, caller: Permissions | None) -> Permissions | None:
    """Give what a job of a reusable workflow may do: never more than the job that calls it.

    Both are effective permissions. Where the called workflow writes none, the caller's hold; where the caller has
    the repository's default, which never includes id-token, the called block holds without it.
    """
    if called is None:
        return caller
    levels: dict[str, PermissionLevel] = {}
    for scope in dict.fromkeys((*PERMISSION_SCOPES, *called.scopes)):
        own = called.level(scope)
        limit = permission_level(caller, scope)
        lower = own if limit is None or _LEVEL_RANK[own] <= _LEVEL_RANK[limit] else limit
        if lower != "none":
            levels[scope] = lower
    return Permissions(levels, None, called.line)


def permission_level(permissions: Permissions | None, scope: str) -> PermissionLevel | None:
    """Give the level of a scope; None where the repository's default decides, which we cannot see in a file.

    The default, also the permissive one, never includes id-token.
    """
    if permissions is None:
        return "none" if scope == "id-token" else None
    return permissions.level(scope)


def effective_env(workflow: Workflow, job: Job, step: Step | None = None) -> Mapping[str, SourceText]:
    """Give the variables that a step sees: its own before the job's before the workflow's.

    What a step before it wrote to GITHUB_ENV is not among them.
    """
    layers = [job.env, workflow.env] if step is None else [step.env, job.env, workflow.env]
    return ChainMap(*(dict(layer) for layer in layers))


# GitHub's own labels, larger runners that keep the pattern among them: docs.github.com/actions/reference/runners, 2026-11.
_GITHUB_HOSTED_LABELS = re.compile(
    r"(?:ubuntu|windows|macos)-(?:latest|slim|\d+(?:\.\d+)?)(?:-(?:arm|arm64|intel|large|xlarge|slim|vs\d+(?:-arm)?|\d+-cores?))*",
    re.IGNORECASE,
)

# Services that start a new virtual machine for each job, by how their labels begin. Sources, each seen 2026-11:
# docs.blacksmith.sh, depot.dev/docs/github-actions, namespace.so/docs, buildjet.com, docs.warpbuild.com, ubicloud.com/docs, runs-on.com/docs
_EPHEMERAL_SERVICE_LABELS = (
    "blacksmith-",
    "depot-",
    "namespace-profile-",
    "nscloud-",
    "buildjet-",
    "warp-",
    "ubicloud",
    "runs-on=",
)

_SELF_HOSTED = "self-hosted"


class RunnerLifetime(Enum):
    """How long a machine lives."""

    EPHEMERAL = "a new one for each job"
    PERSISTENT = "a self-hosted one"
    UNKNOWN = "one that we cannot tell"


def runner_lifetime(workflow: Workflow, job: Job) -> tuple[RunnerLifetime, str]:
    """Tell on what a job runs, and the label or group that says so; of several possible values the worst counts.

    A runner that registers itself anew for each job is self-hosted too: its label does not show that it is ephemeral.
    """
    if job.runner_group is not None:
        return RunnerLifetime.UNKNOWN, f"the group {job.runner_group.value}"
    if not job.runs_on:
        return RunnerLifetime.UNKNOWN, "a job without runs-on"
    worst = (RunnerLifetime.EPHEMERAL, "")
    scope = context_values(workflow, job)
    for label in job.runs_on:
        values = possible_values(label.value, scope)
        for value in values or (label.value,):
            found = RunnerLifetime.UNKNOWN if values is None else _lifetime_of_label(value.strip())
            if found is RunnerLifetime.PERSISTENT:
                return found, value
            if found is RunnerLifetime.UNKNOWN and worst[0] is RunnerLifetime.EPHEMERAL:
                worst = (found, value)
    return worst


def _lifetime_of_label(label: str) -> RunnerLifetime:
    lower = label.lower()
    if lower == _SELF_HOSTED or f'"{_SELF_HOSTED}"' in lower:
        return RunnerLifetime.PERSISTENT
    if _GITHUB_HOSTED_LABELS.fullmatch(label) or lower.startswith(_EPHEMERAL_SERVICE_LABELS):
        return RunnerLifetime.EPHEMERAL
    return RunnerLifetime.UNKNOWN


def effective_shell(workflow: Workflow, job: Job, step: Step | None = None) -> str:
    """Give the shell of a step as written: its own before the job's before the workflow's, else that of the machine.

    That is bash, except on Windows: docs.github.com, workflow syntax, `jobs.<job_id>.steps[*].shell`, as of 2026-11.
    """
    own = step.shell if step is not None else None
    shell = own or job.default_shell or workflow.default_shell
    if shell is not None:
        return shell.value
    return "pwsh" if any("windows" in label.value.lower() for label in job.runs_on) else "bash"
