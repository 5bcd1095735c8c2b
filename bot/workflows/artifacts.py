"""Artifacts that flow from job to job: what one uploads and another downloads, by name."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from bot.workflows.expressions import possible_values, scope_of
from bot.workflows.graph import needed
from bot.workflows.uses import read_uses
from bot.workflows.workflow import Job, Step, Workflow

# Action and the name it gives when none is written. Source: each action's action.yml, as of 2026-11.
UPLOADS: Mapping[str, str] = {
    "actions/upload-artifact": "artifact",
    "actions/upload-artifact/merge": "merged-artifacts",
    "actions/upload-pages-artifact": "github-pages",
}
DOWNLOAD = "actions/download-artifact"
# These take artifacts of other runs. Source: their README files, as of 2026-11.
FOREIGN_DOWNLOADS = frozenset({"dawidd6/action-download-artifact", "aochmann/actions-download-artifact"})

_LONGEST = 200  # characters of a name or pattern that are looked at
_MAX_PAIRS = 20_000  # of an upload and a download in one workflow; beyond, where an artifact comes from is unseen


@dataclass(frozen=True, slots=True)
class Flow:
    """An artifact that a step takes in."""

    download: Step
    job: str | None  # that made it; None: another run, or nobody we can see
    upload: Step | None = None  # None: a called workflow made it, or we cannot see who did
    name: str | None = None  # None: not known


@dataclass(frozen=True, slots=True)
class _Upload:
    job: str
    step: Step
    name: str | None  # None: not known


def artifact_flows(workflow: Workflow) -> dict[str, tuple[Flow, ...]]:
    """Give, for each job that downloads artifacts, where they come from.

    A name that cannot be known matches every other. What no step of this workflow uploads may come from a called
    workflow that the job needs; when there is none, `job` is None: the artifact comes from where we cannot see.
    """
    search = _Search(workflow)
    flows = {job.id: tuple(search.into(job)) for job in workflow.jobs.values()}
    return {job_id: found for job_id, found in flows.items() if found}


class _Search:
    """The uploads of a workflow by name, and how much looking is left."""

    def __init__(self, workflow: Workflow) -> None:
        self._workflow = workflow
        self._left = _MAX_PAIRS
        self._calls = any(job.uses is not None for job in workflow.jobs.values())
        self._uploads = [found for job in workflow.jobs.values() for found in self._made_by(job)]
        self._by_name: dict[str | None, list[_Upload]] = {}
        for upload in self._uploads:
            self._by_name.setdefault(upload.name, []).append(upload)

    def into(self, job: Job) -> Iterator[Flow]:
        callers: list[str] | None = None
        for step in job.steps:
            action = "" if step.uses is None else read_uses(step.uses.value).name
            if action in FOREIGN_DOWNLOADS or (action == DOWNLOAD and step.inputs.keys() & {"run-id", "repository"}):
                yield Flow(step, None)
            elif action == DOWNLOAD:
                if callers is None:
                    needs = needed(self._workflow, job.id) if self._calls else ()
                    callers = [one for one in needs if self._workflow.jobs[one].uses is not None]
                yield from self._within(job, step, callers)

    def _within(self, job: Job, step: Step, callers: list[str]) -> Iterator[Flow]:
        exact = "name" in step.inputs
        matched = self._matching(job, step)
        self._left -= len(matched)
        if self._left < 0:
            yield Flow(step, None)
            return
        for upload in matched:
            yield Flow(step, upload.job, upload.step, upload.name)
        if not (matched and exact):
            yield from (Flow(step, caller) for caller in callers)
        if not matched and not callers:
            yield Flow(step, None)

    def _matching(self, job: Job, step: Step) -> list[_Upload]:
        wanted = step.inputs.get("name") or step.inputs.get("pattern")
        names = None if wanted is None else self._names(job, step, wanted.value)
        if names is None:
            return self._uploads
        if "name" in step.inputs:
            return [upload for name in dict.fromkeys((*names, None)) for upload in self._by_name.get(name, [])]
        self._left -= len(self._by_name) * len(names)
        found: list[_Upload] = []
        for name, uploads in self._by_name.items() if self._left >= 0 else ():
            if name is None or any(fnmatchcase(name[:_LONGEST], one[:_LONGEST]) for one in names):
                found += uploads
        return found

    def _made_by(self, job: Job) -> Iterator[_Upload]:
        for step in job.steps:
            default = None if step.uses is None else UPLOADS.get(read_uses(step.uses.value).name)
            if default is not None:
                given = step.inputs.get("name")
                names = (default,) if given is None else self._names(job, step, given.value) or (None,)
                yield from (_Upload(job.id, step, name) for name in names)

    def _names(self, job: Job, step: Step, text: str) -> tuple[str, ...] | None:
        return possible_values(text, scope_of(self._workflow, job, step))
