"""The permission to ask for an OIDC token, given to a job and to those that call it, with all that they had kept."""

import re
from collections.abc import Iterable, Mapping

from bot.detection import Publication
from bot.fixes.job_editor import FixWorkspace, JobEditor
from bot.fixes.yaml_edits import set_key
from bot.model.core_types import Credential
from bot.workflows import Job, Permissions
from bot.workflows.graph import PERMISSION_SCOPES, effective_permissions

_ID_TOKEN = "id-token"  # noqa: S105 - the name of a permission

# Commands that push tags or write releases with the job's own token, as of 2026-11.
_PUSH_COMMANDS = re.compile(
    r"\bgit\s+push\b|\bgh\s+release\b|\brake\s+release\b|semantic-release|release-it|release-plz|\blerna\b|changeset|goreleaser"
    r"|release-please|release-gem|gh-release|release-action",
    re.IGNORECASE,
)


def grant_id_token(workspace: FixWorkspace, publication: Publication) -> None:
    """Let the publishing job, and each job that calls its workflow, ask for an OIDC token."""
    here = workspace.job_editor(publication.file, publication.job)
    inner = effective_permissions(here.workflow, here.job)
    _grant_job(here, _required_scopes(here))
    for way in publication.via:
        path, _, name = way.rpartition(":")
        calling = workspace.snapshot.workflows.get(path)
        if calling is not None and name in calling.jobs and (path, name) != (publication.file, publication.job):
            _grant_job(workspace.job_editor(path, name), inner.scopes if inner else {})


def _grant_job(editor: JobEditor, required: Mapping[str, str]) -> None:
    had = effective_permissions(editor.workflow, editor.job)
    if had is not None and had.level(_ID_TOKEN) == "write":
        return
    own = editor.job.permissions
    if own is not None and own.all_scopes is None:
        editor.edit(set_key, editor.path("permissions"), _ID_TOKEN, "write")
        return
    scopes = {**_existing_scopes(editor, had, required), _ID_TOKEN: "write"}
    editor.edit(set_key, editor.path(), "permissions", scopes, after=_preceding_key(editor.job))


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
