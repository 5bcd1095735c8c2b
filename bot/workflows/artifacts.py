"""Finds which artifacts one job uploads and another job downloads."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from bot.workflows.expressions import context_values, possible_values
from bot.workflows.graph import transitive_needs
from bot.workflows.workflow import Job, Step, Workflow, read_uses

# Action and the name it gives when none is written. Source: each action's action.yml, as of 2026-11.
UPLOAD_ACTIONS: Mapping[str, str] = {
    "actions/upload-artifact": "artifact",
    "actions/upload-artifact/merge": "merged-artifacts",
    "actions/upload-pages-artifact": "github-pages",
}
DOWNLOAD_ACTION = "actions/download-artifact"
# These take artifacts of other runs. Source: their README files, as of 2026-11.
CROSS_RUN_DOWNLOAD_ACTIONS = frozenset({"dawidd6/action-download-artifact", "aochmann/actions-download-artifact"})

_MAX_PATTERN_LENGTH = 200  # characters of a name or pattern that are looked at
_MAX_PAIRS = 20_000  # of an upload and a download in one workflow; beyond, where an artifact comes from is unknown


@dataclass(frozen=True, slots=True)
class ArtifactFlow:
    """An artifact that a step takes in."""

    download: Step
    producer_job: str | None  # that made it; None: another run, or nobody we can see
    upload: Step | None = None  # None: a called workflow made it, or we cannot see who did
    name: str | None = None  # None: not known


@dataclass(frozen=True, slots=True)
class _ArtifactUpload:
    job: str
    step: Step
    name: str | None  # None: not known


def artifact_flows(workflow: Workflow) -> dict[str, tuple[ArtifactFlow, ...]]:
    """Give, for each job that downloads artifacts, where they come from.

    A name that cannot be known matches every other. What no step of this workflow uploads may come from a called
    workflow that the job needs; when there is none, `job` is None: the artifact comes from where we cannot see.
    """
    search = _ArtifactMatcher(workflow)
    flows = {job.id: tuple(search.downloads_of(job)) for job in workflow.jobs.values()}
    return {job_id: found for job_id, found in flows.items() if found}


class _ArtifactMatcher:
    """The uploads of a workflow by name, and how much looking is left."""

    def __init__(self, workflow: Workflow) -> None:
        self._workflow = workflow
        self._pairs_left = _MAX_PAIRS
        self._calls_workflows = any(job.uses is not None for job in workflow.jobs.values())
        self._uploads = [found for job in workflow.jobs.values() for found in self._uploads_of(job)]
        self._by_name: dict[str | None, list[_ArtifactUpload]] = {}
        for upload in self._uploads:
            self._by_name.setdefault(upload.name, []).append(upload)

    def downloads_of(self, job: Job) -> Iterator[ArtifactFlow]:
        callers: list[str] | None = None
        for step in job.steps:
            action = "" if step.uses is None else read_uses(step.uses.value).name
            if action in CROSS_RUN_DOWNLOAD_ACTIONS or (
                action == DOWNLOAD_ACTION and step.inputs.keys() & {"run-id", "repository"}
            ):
                yield ArtifactFlow(step, None)
            elif action == DOWNLOAD_ACTION:
                if callers is None:
                    needs = transitive_needs(self._workflow, job.id) if self._calls_workflows else ()
                    callers = [one for one in needs if self._workflow.jobs[one].uses is not None]
                yield from self._uploads_for_download(job, step, callers)

    def _uploads_for_download(self, job: Job, step: Step, callers: list[str]) -> Iterator[ArtifactFlow]:
        exact = "name" in step.inputs
        matched = self._matching_uploads(job, step)
        self._pairs_left -= len(matched)
        if self._pairs_left < 0:
            yield ArtifactFlow(step, None)
            return
        for upload in matched:
            yield ArtifactFlow(step, upload.job, upload.step, upload.name)
        if not (matched and exact):
            yield from (ArtifactFlow(step, caller) for caller in callers)
        if not matched and not callers:
            yield ArtifactFlow(step, None)

    def _matching_uploads(self, job: Job, step: Step) -> list[_ArtifactUpload]:
        pattern = step.inputs.get("name") or step.inputs.get("pattern")
        names = None if pattern is None else self._possible_names(job, step, pattern.value)
        if names is None:
            return self._uploads
        if "name" in step.inputs:
            return [upload for name in dict.fromkeys((*names, None)) for upload in self._by_name.get(name, [])]
        self._pairs_left -= len(self._by_name) * len(names)
        found: list[_ArtifactUpload] = []
        for name, uploads in self._by_name.items() if self._pairs_left >= 0 else ():
            if name is None or any(fnmatchcase(name[:_MAX_PATTERN_LENGTH], one[:_MAX_PATTERN_LENGTH]) for one in names):
                found += uploads
        return found

    def _uploads_of(self, job: Job) -> Iterator[_ArtifactUpload]:
        for step in job.steps:
            default = None if step.uses is None else UPLOAD_ACTIONS.get(read_uses(step.uses.value).name)
            if default is not None:
                given = step.inputs.get("name")
                names = (default,) if given is None else self._possible_names(job, step, given.value) or (None,)
                yield from (_ArtifactUpload(job.id, step, name) for name in names)

    def _possible_names(self, job: Job, step: Step, text: str) -> tuple[str, ...] | None:
        return possible_values(text, context_values(self._workflow, job, step))
