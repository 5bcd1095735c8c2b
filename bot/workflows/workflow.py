"""GitHub Actions workflows and composite actions as values, every text with the line it stands on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias


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
