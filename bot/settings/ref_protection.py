"""Which tags lead to a publication, by its triggers and by what its environment lets deploy; and names that patterns stand for."""

import re
from dataclasses import dataclass

from bot.detection.path import PathJob, PathStart, PublishPath
from bot.model.findings import Known
from bot.settings import Environment, ProtectedBranches, RefKind, SelectedRefs
from bot.workflows import Job, Trigger, Workflow
from bot.workflows.events import jobs_that_may_run

ANY_TAG = "**"
_PATTERN_PARTS = re.compile(r"\*+/?|\[!?(.)[^\]]*\]|\\(.)|(.)", re.DOTALL)
_WILDCARD_SAMPLES = {"*": "1.0.0", "**": "1.0.0", "**/": "", "*/": "1/"}


@dataclass(frozen=True, slots=True)
class TagTriggeredJob:
    """A job that publishes, and the patterns of tags that its workflow listens to."""

    job: PathJob
    patterns: tuple[str, ...]

    def patterns_allowed_by(self, environment: Environment | None) -> tuple[str, ...]:
        """Return the patterns that are left where an environment lets only some tags deploy."""
        refs = environment.allowed_refs if environment else None
        if not isinstance(refs, Known):
            return self.patterns
        if isinstance(refs.value, ProtectedBranches):
            return ()
        if isinstance(refs.value, SelectedRefs):
            allowed = tuple(each.pattern for each in refs.value.patterns if each.kind is RefKind.TAG)
            return allowed if ANY_TAG in self.patterns or not allowed else self.patterns
        return self.patterns


def tag_triggered_jobs(path: PublishPath) -> tuple[TagTriggeredJob, ...]:
    """Return the publishing jobs that tags or releases start."""
    may_run: dict[tuple[str, str, int], frozenset[str]] = {}

    def runs(workflow: Workflow, job: Job, trigger: Trigger, start: PathStart) -> bool:
        key = (workflow.path, start.workflow.path, trigger.line)
        if key not in may_run:
            may_run[key] = jobs_that_may_run(workflow, trigger)
        return job.id in may_run[key]

    found = []
    for job in path.publishing:
        patterns: dict[str, None] = {}
        for start in path.starts.get(job.key, ()):
            way = (*start.calls, (job.workflow, job.job))
            for trigger in start.workflow.triggers.values():
                tags = _tag_patterns_of(trigger)
                if tags and all(runs(workflow, each, trigger, start) for workflow, each in way):
                    patterns |= dict.fromkeys(tags)
        if patterns:
            found.append(TagTriggeredJob(job, tuple(patterns)))
    return tuple(found)


def sample_names(pattern: str) -> tuple[str, ...]:
    """Return names that a pattern of tags or branches stands for: what does not cover them does not cover the pattern."""
    if pattern.strip("*/") == "":
        return ("v1.0.0", "anything")
    return ("".join(_sample_of_part(part) for part in _PATTERN_PARTS.finditer(pattern)),)


def _sample_of_part(part: re.Match[str]) -> str:
    text = part[0]
    if text in _WILDCARD_SAMPLES:
        return _WILDCARD_SAMPLES[text]
    if part[3] in ("+", "?"):  # of a workflow's filter: once more, or not at all
        return ""
    return part[1] or part[2] or part[3] or text


def _tag_patterns_of(trigger: Trigger) -> tuple[str, ...]:
    """Return which tags start a run by this event: `push` without filters listens to all, `branches` alone to none."""
    # docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#onpushbranchestagsbranches-ignoretags-ignore
    if trigger.event in ("release", "create"):
        return (ANY_TAG,)
    if trigger.event != "push":
        return ()
    if "tags" in trigger.filters:
        return tuple(each for each in trigger.filters["tags"] if not each.startswith("!"))
    if "tags-ignore" in trigger.filters:
        return (ANY_TAG,)
    return () if {"branches", "branches-ignore"} & trigger.filters.keys() else (ANY_TAG,)
