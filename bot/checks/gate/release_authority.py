"""Decides whether the files that a release runs match the default branch or the last approved release."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import ClassVar

from bot.checks.gate.condition import ChangedFile, DeploymentQuery, GateCondition, PendingDeployment, deployment_finding
from bot.detection.steps import local_uses_path
from bot.model.core_types import RuleName
from bot.model.findings import Finding, Unknown
from bot.settings import SettingsQuery
from bot.snapshot.repository_snapshot import Snapshot
from bot.workflows import Step

_MAX_QUOTED_LINES = 3  # changed lines that are quoted of a file
_MAX_FILES = 3  # that are told one by one
_MAX_LINE_LENGTH = 80  # characters of a quoted line


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseAuthority(GateCondition):
    """The workflow matches the default branch or the last approved release.

    Anyone who can change the workflow on an unreviewed branch can release anything. The rejection quotes what changed.
    """

    name: ClassVar[RuleName] = RuleName("release-authority")
    reads: ClassVar[frozenset[DeploymentQuery | SettingsQuery]] = frozenset(
        {DeploymentQuery.RUN, DeploymentQuery.RELEASE_FILES}
    )

    def judge(self, deployment: PendingDeployment) -> Iterator[Finding | Unknown]:
        fact = deployment.release_files
        if isinstance(fact, Unknown):
            yield fact
            return
        for called in fact.value.moved_calls:
            message = f"the called workflow {called} changed since the last release, because its ref was moved"
            yield deployment_finding(deployment, message, "Review the change, and pin the call to a full commit id.")
        if not fact.value.differences_from_default_branch or fact.value.differences_from_last_release == ():
            return
        fix = f"Merge the change into {deployment.default_branch} with a review, and release from there."
        for change in fact.value.differences_from_default_branch[:_MAX_FILES]:
            yield deployment_finding(deployment, _describe_difference(change, deployment), fix)
        more = len(fact.value.differences_from_default_branch) - _MAX_FILES
        if more > 0:
            yield deployment_finding(
                deployment, f"{more} more files that the release runs differ from {deployment.default_branch}", fix
            )


def _describe_difference(changed_file: ChangedFile, deployment: PendingDeployment) -> str:
    lines = [f"+ {line.strip()}" for line in changed_file.added if line.strip()]
    lines += [f"- {line.strip()}" for line in changed_file.removed if line.strip()]
    shown = [
        line if len(line) <= _MAX_LINE_LENGTH else line[: _MAX_LINE_LENGTH - 1] + "…"
        for line in lines[:_MAX_QUOTED_LINES]
    ]
    more = f" and {len(lines) - _MAX_QUOTED_LINES} more" if len(lines) > _MAX_QUOTED_LINES else ""
    quoted = f": {' · '.join(shown)}{more}" if shown else ""
    return f"{changed_file.path} at {deployment.short_commit} {changed_file.difference} on {deployment.default_branch}{quoted}"


MAX_CALLED_FILES = 200  # files and folders; a release that runs more is not compared, and so not approved by itself

# They carry the version, which a release changes, and what is in them is what is released.
MANIFESTS = frozenset(
    {"package.json", "pyproject.toml", "setup.cfg", "setup.py", "Cargo.toml", "composer.json", "pom.xml"}
)


def files_run_by(workflow: str, snapshot: Snapshot) -> tuple[str, ...]:
    """Return the paths of all that a run of a workflow executes, itself first: files, and the folders of local actions.

    Of an action in the repository's root only its own file counts: the folder is the whole repository.
    """
    found: dict[str, None] = {}
    waiting = [workflow]
    while waiting and len(found) <= MAX_CALLED_FILES:
        path = waiting.pop()
        if path in found:
            continue
        found[path] = None
        waiting += _local_references(path, snapshot)
    scripts = (path for path in snapshot.followed_files if PurePosixPath(path).name not in MANIFESTS)
    return tuple(dict.fromkeys((*found, *scripts)))


def _local_references(path: str, snapshot: Snapshot) -> Iterator[str]:
    for uses in _uses_in_file(path, snapshot):
        folder = local_uses_path(uses)
        if folder is None:
            continue
        action = snapshot.actions.get("")
        yield folder or (action.path if action else "action.yml")


def _uses_in_file(path: str, snapshot: Snapshot) -> Iterator[str]:
    workflow = snapshot.workflows.get(path)
    if workflow is not None:
        for job in workflow.jobs.values():
            yield from [str(job.uses)] if job.uses else ()
            yield from _uses_in_steps(job.steps)
    action = snapshot.actions.get(path) or snapshot.actions.get("" if path.startswith("action.y") else path)
    if action is not None:
        yield from _uses_in_steps(action.steps)


def _uses_in_steps(steps: tuple[Step, ...]) -> Iterator[str]:
    for step in steps:
        if step.uses is not None:
            yield str(step.uses)
