"""Defines workflows, jobs and steps with the line of every text, and computes dependencies, permissions, shells and runners."""

import re
from collections import ChainMap
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal, TypeAlias

from bot.workflows.expressions import context_values, possible_values


@dataclass(frozen=True, slots=True)
class SourceText:
    """One scalar of a YAML file, as GitHub reads it, and the 1-based lines of its value."""

    value: str
    line: int
    end_line: int
    body_line: int  # first line of a block scalar's text (the line after `|`), else `line`
    style: Literal["plain", "quoted", "literal", "folded"] = "plain"

    def __str__(self) -> str:
        return self.value


SourceTexts: TypeAlias = Mapping[str, SourceText]
PermissionLevel: TypeAlias = Literal["none", "read", "write"]


@dataclass(frozen=True, slots=True)
class Permissions:
    """A `permissions:` block; a scope that is not named is `none` unless `everything` says otherwise."""

    scopes: Mapping[str, PermissionLevel]
    all_scopes: Literal["read-all", "write-all"] | None = None
    line: int = 0

    def level(self, scope: str) -> PermissionLevel:
        if self.all_scopes == "write-all":
            return "write"
        if self.all_scopes == "read-all":
            return "none" if scope == "id-token" else "read"
        return self.scopes.get(scope, "none")


@dataclass(frozen=True, slots=True)
class Trigger:
    """One event of `on:` with its filters (branches, tags, types, paths …)."""

    event: str
    line: int
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Input:
    """An input of `workflow_call`, `workflow_dispatch` or a composite action."""

    name: str
    default: str | None
    required: bool
    options: tuple[str, ...] = ()  # of a choice
    kind: str = "string"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a job or composite action; `line` is that of its `uses:` or `run:` key (without one, its first line)."""

    index: int
    line: int
    end_line: int  # the last line of the whole step
    start_line: int  # the first line of the whole step
    id: str | None = None
    name: SourceText | None = None
    condition: SourceText | None = None
    uses: SourceText | None = None
    run: SourceText | None = None
    shell: SourceText | None = None
    working_directory: SourceText | None = None
    inputs: SourceTexts = field(default_factory=dict)  # `with:`
    inputs_expression: SourceText | None = None  # `with: ${{ fromJSON(…) }}`
    env: SourceTexts = field(default_factory=dict)
    env_expression: SourceText | None = None  # `env: ${{ fromJSON(…) }}`


@dataclass(frozen=True, slots=True)
class Container:
    """The job's own container or a service beside it; a mapping given as an expression stands under `${{ insert }}`."""

    image: SourceText | None = None
    env: SourceTexts = field(default_factory=dict)
    credentials: SourceTexts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Job:
    """One job: a list of steps, or a call of a reusable workflow (`uses`)."""

    id: str
    line: int  # of the key that is its id
    end_line: int
    name: SourceText | None = None
    needs: tuple[str, ...] = ()
    runs_on: tuple[SourceText, ...] = ()  # labels
    runner_group: SourceText | None = None
    permissions: Permissions | None = None
    environment: SourceText | None = None
    condition: SourceText | None = None
    env: SourceTexts = field(default_factory=dict)
    env_expression: SourceText | None = None
    matrix: Mapping[str, tuple[str, ...]] = field(
        default_factory=dict
    )  # literal values, `include` folded in; `config.os` inside objects
    matrix_complete: bool = True  # False: an expression adds values that the file does not show
    default_shell: SourceText | None = None
    default_working_directory: SourceText | None = None
    steps: tuple[Step, ...] = ()
    uses: SourceText | None = None
    uses_line: int | None = None  # of the `uses:` key of a calling job
    inputs: SourceTexts = field(default_factory=dict)  # `with:` of a call
    inputs_expression: SourceText | None = None
    secrets: SourceTexts | Literal["inherit"] = field(default_factory=dict)
    outputs: SourceTexts = field(default_factory=dict)
    container: SourceText | None = None
    container_env: SourceTexts = field(default_factory=dict)
    container_credentials: SourceTexts = field(default_factory=dict)
    services: Mapping[str, Container] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Workflow:
    """One file of `.github/workflows`."""

    path: str
    lines: tuple[str, ...]  # the file's own lines, for pictures and suggestions
    name: SourceText | None
    triggers: Mapping[str, Trigger]
    permissions: Permissions | None
    env: SourceTexts
    env_expression: SourceText | None
    default_shell: SourceText | None
    default_working_directory: SourceText | None
    jobs: Mapping[str, Job]
    inputs: Mapping[str, Input] = field(default_factory=dict)  # of workflow_call and workflow_dispatch
    call_secrets: tuple[str, ...] = ()  # secrets that `workflow_call` declares
    outputs: SourceTexts = field(default_factory=dict)  # of `workflow_call`


@dataclass(frozen=True, slots=True)
class Action:
    """A local action: composite ones have steps, others only say what they run on."""

    path: str  # of its action.yml
    lines: tuple[str, ...]
    using: str
    inputs: Mapping[str, Input]
    steps: tuple[Step, ...] = ()
    outputs: SourceTexts = field(default_factory=dict)


UsesKind: TypeAlias = Literal["action", "local", "docker", "unknown"]

_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_MAJOR = re.compile(r"v?([0-9]{1,4})(?:\.[0-9]+)*")


@dataclass(frozen=True, slots=True)
class Uses:
    """A reference to an action or reusable workflow."""

    kind: UsesKind
    name: (
        str  # owner/repository/path in lower case, for GitHub's names have no case; of a local one its path as written
    )
    ref: str | None = None  # as written; None for a local one, which is always at the commit that runs
    repository: str | None = None  # owner/repository as written, of an action

    @property
    def pinned(self) -> bool:
        """Whether what runs can never change: a full commit id, an image digest, or the repository's own commit."""
        if self.kind == "docker":
            return "@sha256:" in self.name
        return self.kind == "local" or (self.ref is not None and _SHA.fullmatch(self.ref) is not None)

    @property
    def major(self) -> int | None:
        """The major version that the ref names: 5 for v5 and v5.1.0; None for a branch or commit."""
        match = None if self.ref is None else _MAJOR.fullmatch(self.ref)
        return None if match is None else int(match[1])


def read_uses(text: str) -> Uses:
    """Take `uses:` apart; `./` and `$/` both name the repository itself.

    Source: docs.github.com, workflow syntax, and the changelog of 2026-07-30 on `$/`.
    """
    text = text.strip()
    if text.startswith("docker://"):
        return Uses("docker", text.removeprefix("docker://"))
    if text.startswith(("./", "$/")):
        return Uses("local", text[2:].removeprefix("./").strip("/"))
    name, at, ref = text.partition("@")
    parts = name.split("/")
    if not at or not ref or len(parts) < 2 or not all(parts) or "${{" in text:  # noqa: PLR2004 - owner and repository
        return Uses("unknown", text)
    return Uses("action", name.lower(), ref, "/".join(parts[:2]))


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
