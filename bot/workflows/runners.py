"""Which machines a job runs on, by its labels: new ones for each job, ones that stay, or ones we cannot tell."""

import re
from enum import Enum

from bot.workflows.expressions import possible_values, scope_of
from bot.workflows.workflow import Job, Workflow

# GitHub's own labels, larger runners that keep the pattern among them: docs.github.com/actions/reference/runners, 2026-11.
_GITHUB = re.compile(
    r"(?:ubuntu|windows|macos)-(?:latest|slim|\d+(?:\.\d+)?)(?:-(?:arm|arm64|intel|large|xlarge|slim|vs\d+(?:-arm)?|\d+-cores?))*",
    re.IGNORECASE,
)

# Services that start a new virtual machine for each job, by how their labels begin. Sources, each seen 2026-11:
# docs.blacksmith.sh, depot.dev/docs/github-actions, namespace.so/docs, buildjet.com, docs.warpbuild.com, ubicloud.com/docs, runs-on.com/docs
_SERVICES = ("blacksmith-", "depot-", "namespace-profile-", "nscloud-", "buildjet-", "warp-", "ubicloud", "runs-on=")

_SELF_HOSTED = "self-hosted"


class Machine(Enum):
    """How long a machine lives."""

    NEW = "a new one for each job"
    STAYS = "a self-hosted one"
    UNKNOWN = "one that we cannot tell"


def machine_of(workflow: Workflow, job: Job) -> tuple[Machine, str]:
    """Tell on what a job runs, and the label or group that says so; of several possible values the worst counts.

    A runner that registers itself anew for each job is self-hosted too: its label does not show that it is ephemeral.
    """
    if job.runner_group is not None:
        return Machine.UNKNOWN, f"the group {job.runner_group.value}"
    if not job.runs_on:
        return Machine.UNKNOWN, "a job without runs-on"
    worst = (Machine.NEW, "")
    scope = scope_of(workflow, job)
    for label in job.runs_on:
        values = possible_values(label.value, scope)
        for value in values or (label.value,):
            found = Machine.UNKNOWN if values is None else _machine(value.strip())
            if found is Machine.STAYS:
                return found, value
            if found is Machine.UNKNOWN and worst[0] is Machine.NEW:
                worst = (found, value)
    return worst


def _machine(label: str) -> Machine:
    lower = label.lower()
    if lower == _SELF_HOSTED or f'"{_SELF_HOSTED}"' in lower:
        return Machine.STAYS
    if _GITHUB.fullmatch(label) or lower.startswith(_SERVICES):
        return Machine.NEW
    return Machine.UNKNOWN
