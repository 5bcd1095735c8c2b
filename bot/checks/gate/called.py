"""What a workflow calls inside its own repository: workflows, actions with all that lies beside them, followed scripts."""

from collections.abc import Iterator
from pathlib import PurePosixPath

from bot.detection.steps import local_uses_path
from bot.snapshot.repository_snapshot import Snapshot
from bot.workflows import Step

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
