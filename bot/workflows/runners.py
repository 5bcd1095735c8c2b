"""Decides which shell a step uses, and whether a job's runner is ephemeral or persistent."""

import re
from enum import Enum

from bot.workflows.expressions import context_values, possible_values
from bot.workflows.workflow import Job, Step, Workflow

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
