"""Judges whether only merged, tagged or released changes of trusted people start a publication."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from bot.checks.check import Rule
from bot.detection import Publication
from bot.detection.publish_path import PathJob, PathStart, PublishPath, publish_path, registry_names
from bot.model.core_types import RuleName
from bot.model.findings import Finding, Known, Location, Unknown
from bot.settings import SettingsQuery
from bot.settings.ref_patterns import BRANCH_PREFIX
from bot.settings.ref_protection import PublishStart, default_branch_name, publish_starts, unreviewed_branch
from bot.snapshot.protection import possible_environment_names
from bot.snapshot.repository_snapshot import Snapshot
from bot.workflows import Job, Trigger, Workflow
from bot.workflows.triggers import jobs_that_may_run, may_push, step_may_run

# Source: docs.github.com/actions/reference/workflows-and-actions/events-that-trigger-workflows, 2026-11.
_UNREVIEWED_CODE_EVENTS: Mapping[str, str] = {
    "pull_request": "its code is still under review",
    "pull_request_review": "its code is still under review",
    "pull_request_review_comment": "its code is still under review",
}
_FORK_EVENTS: Mapping[str, str] = {
    "pull_request_target": "anyone who can open a pull request, also from a fork, starts it with the repository's secrets",
}
_PUBLIC_EVENTS: Mapping[str, str] = {
    "issue_comment": "anyone who can comment starts it",
    "issues": "anyone who can open an issue starts it",
    "discussion": "anyone who can open a discussion starts it",
    "discussion_comment": "anyone who can comment starts it",
    "watch": "anyone who stars the repository starts it",
    "fork": "anyone who forks the repository starts it",
    "gollum": "anyone who can edit the wiki starts it",
}
_UNTRUSTED_EVENTS = {**_UNREVIEWED_CODE_EVENTS, **_FORK_EVENTS, **_PUBLIC_EVENTS}

ANY_BRANCH = "any"  # a branch's name where GitHub does not tell which are reviewed

# Conditions that hold outsiders off: of whoever acted, or that the change was merged.
_ACTOR_CONDITIONS = ("author_association", "github.actor", "github.triggering_actor", "event.sender", "comment.user")
_MERGED_CONDITIONS = ("pull_request.merged",)
_WORKFLOW_RUN_CONDITIONS = ("workflow_run.event", "workflow_run.head_repository", "workflow_run.actor")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedTriggers(Rule):
    """Only changes that trusted people merged, tagged or released are published.

    Events that outsiders can cause, and events of unreviewed code, do not start a publication.
    """

    name: ClassVar[RuleName] = RuleName("trusted-triggers")
    judges_previews: ClassVar[bool] = True
    reads: ClassVar[frozenset[SettingsQuery]] = frozenset(
        {SettingsQuery.FILES, SettingsQuery.RULESETS, SettingsQuery.BRANCH_PROTECTION}
    )

    def judge(self, snapshot: Snapshot) -> Iterator[Finding | Unknown]:
        publications = [publication for publication, _ in self.publications_to_check(snapshot)]
        path = publish_path(publications, snapshot.workflows, snapshot.actions)
        yield from path.unknown
        running = _RunnableJobs()
        found: dict[tuple[str, int], tuple[Trigger, str, dict[Publication, None]]] = {}
        for job in path.publishing:
            starts = path.starts.get(job.key, ())
            if not starts:
                yield _unknown_start(job)
            for start in starts:
                for trigger, why, publication in _reached_publications(job, start, snapshot, running):
                    where = (start.workflow.path, trigger.line)
                    found.setdefault(where, (trigger, why, {}))[2][publication] = None
        for (file, line), (trigger, why, reached) in found.items():
            yield _finding(Location(file, line, line), trigger, why, list(reached), snapshot)
        yield from _unreviewed_pushes(path, snapshot, running)


def _unknown_start(job: PathJob) -> Unknown:
    return Unknown(
        fact=f"what starts the publication in {job.workflow.path}",
        reason="the workflow is only called, and its callers are in other repositories",
    )


class _RunnableJobs:
    """Which jobs of a workflow an event may run, found out once."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str, int, str | None], frozenset[str]] = {}

    def may_run(self, workflow: Workflow, trigger: Trigger, origin: Workflow, job: Job) -> bool:
        key = (workflow.path, origin.path, trigger.line, trigger.ref)
        if key not in self._known:
            self._known[key] = jobs_that_may_run(workflow, trigger)
        return job.id in self._known[key]


def _reached_publications(
    job: PathJob, start: PathStart, snapshot: Snapshot, runnable_jobs: _RunnableJobs
) -> Iterator[tuple[Trigger, str, Publication]]:
    for trigger in start.workflow.triggers.values():
        why = _untrusted_reason(trigger, start.workflow, snapshot)
        for publication in _publications_reached_by(job, start, trigger, runnable_jobs) if why else ():
            yield trigger, why or "", publication


def _publications_reached_by(
    job: PathJob, start: PathStart, trigger: Trigger, runnable_jobs: _RunnableJobs
) -> list[Publication]:
    """Return the publications of a job that an event leads to, as far as conditions say it."""
    way = (*start.calls, (job.workflow, job.job))
    if not all(runnable_jobs.may_run(workflow, trigger, start.workflow, each) for workflow, each in way):
        return []
    said = [each.condition.value for _, each in way if each.condition is not None]
    found = []
    for publication in job.publications:
        step = job.step_of(publication)
        conditions = () if step is None else step.conditions
        if step is not None and not may_push(job.workflow, trigger, job.job, step.step):
            continue
        asked = [*said, *(condition.value for condition in conditions)]
        if step_may_run(job.workflow, trigger, job.job, conditions) and not _is_guarded(trigger, asked):
            found.append(publication)
    return found


def _unreviewed_pushes(
    path: PublishPath, snapshot: Snapshot, runnable_jobs: _RunnableJobs
) -> Iterator[Finding | Unknown]:
    """Judge branches that anybody who can push can make, of jobs that no environment holds back."""
    told: set[tuple[str, int]] = set()
    for each in publish_starts(path):
        where = (each.start.workflow.path, each.trigger.line)
        if where in told or any(_has_environment(publication, snapshot) for publication in each.job.publications):
            continue
        branches = each.branches(default_branch_name(snapshot.settings), new=True)
        found = unreviewed_branch([branches], snapshot.settings)
        if found == Known(None):
            continue
        example = found.value if isinstance(found, Known) and found.value else ANY_BRANCH
        asked = replace(each.trigger, ref=f"{BRANCH_PREFIX}{example}")
        reached = _publications_reached_by(each.job, each.start, asked, runnable_jobs)
        if reached:
            told.add(where)
            yield found if isinstance(found, Unknown) else _push_finding(each, example, reached, snapshot)


def _has_environment(publication: Publication, snapshot: Snapshot) -> bool:
    return any(each is not None for each in possible_environment_names(publication, snapshot))


def _push_finding(start: PublishStart, branch: str, reached: list[Publication], snapshot: Snapshot) -> Finding:
    return Finding(
        location=Location(start.start.workflow.path, start.trigger.line, start.trigger.line),
        message=(
            f"{start.trigger.event} leads to a publication to {registry_names(reached, snapshot.registries)} from branches that nobody "
            f"has to review, such as {branch}"
        ),
        fix=(
            f"Let only tags, or branches that a ruleset reviews, start it; or give the job {reached[0].job} an environment that takes only those."
        ),
    )


def _untrusted_reason(trigger: Trigger, workflow: Workflow, snapshot: Snapshot) -> str | None:
    """Say what is wrong with an event, if anything is."""
    if trigger.event != "workflow_run":
        return _UNTRUSTED_EVENTS.get(trigger.event)
    names = trigger.filters.get("workflows", ())
    followed = [
        each
        for each in snapshot.workflows.values()
        if (each.name.value if each.name else each.path) in names and each is not workflow
    ]
    events = sorted({event for each in followed for event in each.triggers if event in _UNTRUSTED_EVENTS})
    if events:
        return f"it runs after {followed[0].path if len(followed) == 1 else 'workflows'}, which {events[0]} starts"
    if len(followed) < len(names) or not names:
        return "it runs after a workflow that could not be read and that outsiders may start"
    return None


def _is_guarded(trigger: Trigger, conditions: list[str]) -> bool:
    asked: tuple[str, ...] = _MERGED_CONDITIONS if "pull_request" in trigger.event else _ACTOR_CONDITIONS
    if trigger.event == "workflow_run":
        asked = _WORKFLOW_RUN_CONDITIONS
    return any(each in condition for condition in conditions for each in asked)


def _finding(
    place: Location, trigger: Trigger, reason: str, publications: list[Publication], snapshot: Snapshot
) -> Finding:
    jobs = list(dict.fromkeys(publication.job for publication in publications))
    return Finding(
        location=place,
        message=f"the event {trigger.event} can publish to {registry_names(publications, snapshot.registries)}, and {reason}",
        fix=(
            f"Publish in a workflow that only a release, a tag or a push to a protected branch starts. Or exclude the event from the "
            f"job {jobs[0]} with `if: github.event_name != '{trigger.event}'`."
        ),
    )
