"""Which tags lead to a publication, by its triggers and by what its environment lets deploy; and names that patterns stand for."""

import re
from dataclasses import dataclass

from bot.detection.path import PathJob, PublishPath, Start
from bot.model.findings import Seen
from bot.settings import Environment, ProtectedBranches, RefKind, SelectedRefs
from bot.workflows import Job, Trigger, Workflow
from bot.workflows.events import jobs_that_may_run

ANY = "**"
_PARTS = re.compile(r"\*+/?|\[!?(.)[^\]]*\]|\\(.)|(.)", re.DOTALL)
_TOUCH = {"*": "1.0.0", "**": "1.0.0", "**/": "", "*/": "1/"}


@dataclass(frozen=True, slots=True)
class TaggedJob:
    """A job that publishes, and the patterns of tags that its workflow listens to."""

    job: PathJob
    patterns: tuple[str, ...]

    def allowed_by(self, environment: Environment | None) -> tuple[str, ...]:
        """Return the patterns that are left where an environment lets only some tags deploy."""
        refs = environment.refs if environment else None
        if not isinstance(refs, Seen):
            return self.patterns
        if isinstance(refs.value, ProtectedBranches):
            return ()
        if isinstance(refs.value, SelectedRefs):
            allowed = tuple(each.pattern for each in refs.value.patterns if each.kind is RefKind.TAG)
            return allowed if ANY in self.patterns or not allowed else self.patterns
        return self.patterns


def tagged_jobs(path: PublishPath) -> tuple[TaggedJob, ...]:
    """Return the publishing jobs that tags or releases start."""
    may_run: dict[tuple[str, str, int], frozenset[str]] = {}

    def runs(workflow: Workflow, job: Job, trigger: Trigger, start: Start) -> bool:
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
                tags = _of_trigger(trigger)
                if tags and all(runs(workflow, each, trigger, start) for workflow, each in way):
                    patterns |= dict.fromkeys(tags)
        if patterns:
            found.append(TaggedJob(job, tuple(patterns)))
    return tuple(found)


def samples(pattern: str) -> tuple[str, ...]:
    """Return names that a pattern of tags or branches stands for: what does not cover them does not cover the pattern."""
    if pattern.strip("*/") == "":
        return ("v1.0.0", "anything")
    return ("".join(_sample(part) for part in _PARTS.finditer(pattern)),)


def _sample(part: re.Match[str]) -> str:
    text = part[0]
    if text in _TOUCH:
        return _TOUCH[text]
    if part[3] in ("+", "?"):  # of a workflow's filter: once more, or not at all
        return ""
    return part[1] or part[2] or part[3] or text


def _of_trigger(trigger: Trigger) -> tuple[str, ...]:
    """Return which tags start a run by this event: `push` without filters listens to all, `branches` alone to none."""
    # docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#onpushbranchestagsbranches-ignoretags-ignore
    if trigger.event in ("release", "create"):
        return (ANY,)
    if trigger.event != "push":
        return ()
    if "tags" in trigger.filters:
        return tuple(each for each in trigger.filters["tags"] if not each.startswith("!"))
    if "tags-ignore" in trigger.filters:
        return (ANY,)
    return () if {"branches", "branches-ignore"} & trigger.filters.keys() else (ANY,)
