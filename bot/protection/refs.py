"""Which tags lead to a publication, by its triggers and by what its environment lets deploy; and names that patterns stand for."""

import re
from collections.abc import Iterable, Iterator

from bot.findings import Seen
from bot.holdings import Environment, ProtectedBranches, RefKind, SelectedRefs
from bot.publications.path import PathJob, Start
from bot.workflows import Trigger
from bot.workflows.events import may_run

ANY = "**"
_PARTS = re.compile(r"\*+/?|\[!?(.)[^\]]*\]|\\(.)|(.)", re.DOTALL)
_TOUCH = {"*": "1.0.0", "**": "1.0.0", "**/": "", "*/": "1/"}


def tags_of(job: PathJob, starts: Iterable[Start], environment: Environment | None) -> tuple[str, ...]:
    """Return patterns of the tags that lead to a job's publications; none where no tag does.

    An environment that lets only some tags deploy narrows what the workflow listens to.
    """
    asked = tuple(dict.fromkeys(pattern for start in starts for pattern in _of_start(job, start)))
    refs = environment.refs if environment else None
    if not asked or not isinstance(refs, Seen):
        return asked
    if isinstance(refs.value, ProtectedBranches):
        return ()
    if isinstance(refs.value, SelectedRefs):
        allowed = tuple(each.pattern for each in refs.value.patterns if each.kind is RefKind.TAG)
        return allowed if ANY in asked or not allowed else asked
    return asked


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


def _of_start(job: PathJob, start: Start) -> Iterator[str]:
    for trigger in start.workflow.triggers.values():
        called = all(may_run(workflow, trigger, call) for workflow, call in start.calls)
        if called and may_run(job.workflow, trigger, job.job):
            yield from _of_trigger(trigger)


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
