"""Adds the `id-token` permission and the tool versions that trusted publishing requires."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from bot.detection import Publication
from bot.fixes.job_editor import FixWorkspace, JobEditor
from bot.fixes.yaml_edits import TextReplacement, edit_scalar, rewrite_script, set_key
from bot.model.core_types import Credential
from bot.registries import Registry, action_name
from bot.workflows import Job, Permissions, SourceText, Step
from bot.workflows.graph import PERMISSION_SCOPES, effective_permissions
from bot.workflows.workflow import read_uses

_ID_TOKEN = "id-token"  # noqa: S105 - the name of a permission
ID_TOKEN_WRITE = {_ID_TOKEN: "write"}
ENVIRONMENT = "release"  # the name that a publishing job is given where it names no environment

# Commands that push tags or write releases with the job's own token, as of 2026-11.
_PUSH_COMMANDS = re.compile(
    r"\bgit\s+push\b|\bgh\s+release\b|\brake\s+release\b|semantic-release|release-it|release-plz|\blerna\b|changeset|goreleaser"
    r"|release-please|release-gem|gh-release|release-action",
    re.IGNORECASE,
)


def grant_permissions(workspace: FixWorkspace, publication: Publication, added: Mapping[str, str]) -> None:
    """Give the publishing job, and each job that calls its workflow, the permissions that publishing takes."""
    here = workspace.job_editor(publication.file, publication.job)
    inner = effective_permissions(here.workflow, here.job)
    _grant_job(here, _required_scopes(here), added)
    for caller in publication.via:
        path, _, name = caller.rpartition(":")
        calling = workspace.snapshot.workflows.get(path)
        if calling is not None and name in calling.jobs and (path, name) != (publication.file, publication.job):
            _grant_job(workspace.job_editor(path, name), inner.scopes if inner else {}, added)


def _grant_job(editor: JobEditor, required: Mapping[str, str], added: Mapping[str, str]) -> None:
    had = effective_permissions(editor.workflow, editor.job)
    missing = {scope: level for scope, level in added.items() if had is None or had.level(scope) != level}
    if not missing:
        return
    own = editor.job.permissions
    if own is not None and own.all_scopes is None:
        for scope, level in missing.items():
            editor.edit(set_key, editor.path("permissions"), scope, level)
        return
    scopes = {**_existing_scopes(editor, had, required), **missing}
    editor.edit(set_key, editor.path(), "permissions", scopes, after=_preceding_key(editor.job))


def name_environment(editor: JobEditor) -> None:
    """Let the publishing job run in an environment, where it names none: reviewers and refs stand there, and trust can name it."""
    if editor.job.environment is not None:
        return
    editor.edit(set_key, editor.path(), "environment", ENVIRONMENT, after="runs-on")
    editor.note(
        f"Create the environment {ENVIRONMENT} (Settings, Environments) with required reviewers and the branches or tags that can"
        " deploy, before this change is merged."
    )


def _existing_scopes(editor: JobEditor, current: Permissions | None, required: Mapping[str, str]) -> dict[str, str]:
    """Give what a block of the job's own has to repeat, because it replaces what held before."""
    if current is None:
        editor.note(
            f"The job {editor.job.id} had the repository's default permissions, which a file does not show; it now has only"
            " what is written: add what else its steps need."
        )
        return {"contents": "read", **required}
    if current.all_scopes == "read-all":
        return {scope: "read" for scope in PERMISSION_SCOPES if scope != _ID_TOKEN}
    return {scope: level for scope, level in current.scopes.items() if level != "none" and scope != _ID_TOKEN}


def _required_scopes(editor: JobEditor) -> dict[str, str]:
    """Give what the job is seen to write with its own token."""
    needed: dict[str, str] = {}
    snapshot = editor.workspace.snapshot
    for each in snapshot.publications:
        if (each.file, each.job, each.credential) == (editor.workflow.path, editor.job.id, Credential.GITHUB_TOKEN):
            needed |= snapshot.registries[each.registry].migration.permissions
    if any(_PUSH_COMMANDS.search(text) for text in _step_texts(editor.job)):
        needed["contents"] = "write"
    return needed


def _step_texts(job: Job) -> Iterable[str]:
    return (text.value for step in job.steps for text in (step.uses, step.run) if text is not None)


def _preceding_key(job: Job) -> str:
    """Name the key of a job that its permissions stand behind."""
    return "environment" if job.environment else "uses" if job.uses else "runs-on"


_VERSION_NUMBER = re.compile(r"v?(\d{1,5}(?:\.\d{1,5}){0,3})(?:\.x)?")
_INSTALLS_NPM = re.compile(r"\bcorepack\b|\b(?:install|i|update|up|add)\b.*\bnpm\b")
_VERSION_COMMENT = re.compile(r"#\s*(?:tag=)?(v?\d[\w.]*)")


def raise_versions(editor: JobEditor, registry: Registry, tool: str) -> None:
    """Raise what the job uses of a registry's actions and tools where it is older than trusted publishing is."""
    for place, step in enumerate(editor.job.steps):
        if step.uses is not None:
            _raise_action(editor, place, step.uses, registry)
            _raise_input(editor, place, registry, tool)
        elif step.run is not None:
            lines = step.run.value.split("\n")
            raised: list[str | None] = [_raise_in_line(line, registry) for line in lines]
            if raised != lines:
                editor.edit(rewrite_script, editor.path("steps", place, "run"), raised)


@dataclass(frozen=True, slots=True)
class OutdatedTool:
    """A step that chooses a version which is older than trusted publishing."""

    line: int
    text: str  # what is too old, as the step writes it: "node-version: 18", "twine==5.0"
    minimum: str


def outdated_tool(job: Job, step: Step, registry: Registry, tool: str) -> OutdatedTool | None:
    """Return what a job surely chooses too old for trusted publishing; None where it does not, or where it is not certain.

    `step` is the step that publishes, with the first words of its command as `tool`.
    """
    if step.uses is not None:
        found, minimum = read_uses(step.uses.value), _minimum_version(registry, action_name(step.uses.value))
        version = "" if found.pinned else found.ref or ""
        return OutdatedTool(step.line, f"{found.name}@{version}", minimum) if _is_older(version, minimum) else None
    name = tool.partition(" ")[0]
    written = next(_written_versions(job, name), None)
    if written is None:
        return _outdated_input(job, registry, name)
    line, text, version = written  # the job chooses its version itself, whatever the runner brings
    minimum = _minimum_version(registry, name)
    return OutdatedTool(line, text, minimum) if _is_older(version, minimum) else None


def _minimum_version(registry: Registry, name: str) -> str:
    """Return the first version that knows trusted publishing; empty where none is known."""
    return next((version for known, version in registry.min_versions.items() if known.lower() == name), "")


def _written_versions(job: Job, tool: str) -> Iterator[tuple[int, str, str]]:
    """Yield where scripts write a version of a tool, such as `twine==5.0`: the line, the text and the version."""
    pattern = re.compile(rf"(?<![\w./@-]){re.escape(tool)}(?:==|@[\^~]?)([\w.*]+)")
    for script in (step.run for step in job.steps if step.run is not None):
        for number, line in enumerate(script.value.split("\n")):
            found = pattern.search(line)
            if found is not None:
                yield script.body_line + number, found[0], found[1]


def _outdated_input(job: Job, registry: Registry, tool: str) -> OutdatedTool | None:
    """Return the input of a setup action that brings a version which is too old, if every such input does."""
    if any(_INSTALLS_NPM.search(step.run.value) for step in job.steps if step.run is not None):
        return None  # another step may bring a newer one
    found: list[OutdatedTool | None] = []
    for step, each in product(job.steps, registry.migration.minimum_versions):
        given = step.inputs.get(each.input)
        if given is not None and step.uses is not None and action_name(step.uses.value) == each.uses.lower():
            old = tool in each.for_tools and _is_older(given.value, each.least)
            found.append(OutdatedTool(given.line, f"{each.input}: {given.value}", each.least) if old else None)
    return found[0] if found and all(found) else None


def _raise_action(editor: JobEditor, index: int, uses: SourceText, registry: Registry) -> None:
    least = {name.lower(): version for name, version in registry.min_versions.items()}.get(action_name(uses.value))
    found = read_uses(uses.value)
    if least is None or found.ref is None:
        return
    if found.pinned:
        comment = _VERSION_COMMENT.search(editor.workflow.lines[uses.line - 1])
        if comment is None:
            editor.note(f"{found.name} is pinned to a commit; see that it is one of {least} or newer.")
        elif _is_older(comment[1], least):
            editor.note(
                f"{found.name} is pinned to a commit of {comment[1]}; pin it to one of {least} or newer (which commit that is, its"
                " releases say)."
            )
    elif _is_older(found.ref, least):
        minimum = f"v{least if '.' in found.ref else least.partition('.')[0]}"
        editor.edit(edit_scalar, editor.path("steps", index, "uses"), TextReplacement(f"@{found.ref}", f"@{minimum}"))


def _raise_input(editor: JobEditor, index: int, registry: Registry, tool: str) -> None:
    step = editor.job.steps[index]
    name = action_name(step.uses.value) if step.uses else ""
    for each in registry.migration.minimum_versions:
        given = step.inputs.get(each.input)
        if each.uses.lower() != name or tool.partition(" ")[0] not in each.for_tools or given is None:
            continue
        if given.value in each.newest:
            continue
        if not _VERSION_NUMBER.fullmatch(given.value):
            editor.note(f"{each.uses} chooses its version by {given.value[:60]}; it has to be {each.least} or newer.")
        elif _is_older(given.value, each.least):
            editor.edit(
                edit_scalar, editor.path("steps", index, "with", each.input), TextReplacement(given.value, each.least)
            )


def _raise_in_line(line: str, registry: Registry) -> str:
    """Raise `twine==5.0`, `npm@10` and the like in one line of a script."""
    for tool, least in registry.min_versions.items():
        if tool not in line or " " in tool:
            continue
        pattern = rf"(?<![\w./@-])({re.escape(tool)}(?:==|@[\^~]?))({_VERSION_NUMBER.pattern})(?![\w.])"
        found = re.search(pattern, line)
        if found and _is_older(found[2], least):
            line = line[: found.start(2)] + least + line[found.end(2) :]
    return line


def _is_older(version: str, minimum: str) -> bool:
    """Compare as far as the shorter one goes, so that `v4` is not older than 4.5.0; what is no version is not older."""
    one, other = _VERSION_NUMBER.fullmatch(version), _VERSION_NUMBER.fullmatch(minimum)
    if one is None or other is None:
        return False
    left, right = ([int(part) for part in found[1].split(".")] for found in (one, other))
    return left[: len(right)] < right[: len(left)]
