"""The permission to ask for an OIDC token, given to a job and to those that call it, with all that they had kept."""

import re
from collections.abc import Iterable, Mapping

from bot.detection import Publication
from bot.fixes.job_editor import Site, Work
from bot.fixes.yaml_edits import put
from bot.model.core_types import Credential
from bot.workflows import Job, Permissions
from bot.workflows.graph import SCOPES, effective_permissions

_IDENTITY = "id-token"

# Commands that push tags or write releases with the job's own token, as of 2026-11.
_PUSHES = re.compile(
    r"\bgit\s+push\b|\bgh\s+release\b|\brake\s+release\b|semantic-release|release-it|release-plz|\blerna\b|changeset|goreleaser"
    r"|release-please|release-gem|gh-release|release-action",
    re.IGNORECASE,
)


def grant(work: Work, publication: Publication) -> None:
    """Let the publishing job, and each job that calls its workflow, ask for an OIDC token."""
    here = work.site(publication.file, publication.job)
    inner = effective_permissions(here.workflow, here.job)
    _grant(here, _needed(here))
    for way in publication.via:
        path, _, name = way.rpartition(":")
        calling = work.snapshot.workflows.get(path)
        if calling is not None and name in calling.jobs and (path, name) != (publication.file, publication.job):
            _grant(work.site(path, name), inner.scopes if inner else {})


def _grant(site: Site, needed: Mapping[str, str]) -> None:
    had = effective_permissions(site.workflow, site.job)
    if had is not None and had.level(_IDENTITY) == "write":
        return
    own = site.job.permissions
    if own is not None and own.everything is None:
        site.edit(put, site.path("permissions"), _IDENTITY, "write")
        return
    scopes = {**_carried(site, had, needed), _IDENTITY: "write"}
    site.edit(put, site.path(), "permissions", scopes, after=_before_it(site.job))


def _carried(site: Site, had: Permissions | None, needed: Mapping[str, str]) -> dict[str, str]:
    """Give what a block of the job's own has to repeat, because it replaces what held before."""
    if had is None:
        site.note(
            f"The job {site.job.id} had the repository's default permissions, which a file does not show; it now has only"
            " what is written: add what else its steps need."
        )
        return {"contents": "read", **needed}
    if had.everything == "read-all":
        return {scope: "read" for scope in SCOPES if scope != _IDENTITY}
    return {scope: level for scope, level in had.scopes.items() if level != "none" and scope != _IDENTITY}


def _needed(site: Site) -> dict[str, str]:
    """Give what the job is seen to write with its own token."""
    needed: dict[str, str] = {}
    snapshot = site.work.snapshot
    for each in snapshot.publications:
        if (each.file, each.job, each.credential) == (site.workflow.path, site.job.id, Credential.GITHUB_TOKEN):
            needed |= snapshot.registries[each.registry].migration.permissions
    if any(_PUSHES.search(text) for text in _texts(site.job)):
        needed["contents"] = "write"
    return needed


def _texts(job: Job) -> Iterable[str]:
    return (text.value for step in job.steps for text in (step.uses, step.run) if text is not None)


def _before_it(job: Job) -> str:
    """Name the key of a job that its permissions stand behind."""
    return "environment" if job.environment else "uses" if job.uses else "runs-on"
