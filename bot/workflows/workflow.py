"""Defines workflows, actions, jobs and steps, with the line number of every text."""

import re
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
    ref: str | None = None  # the full ref that a run is asked about; None: any that the filters take


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
    program: str = (
        ""  # what it runs, by its path from the action's folder: `runs.main`, or `runs.image` where it is a file
    )


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
