"""A piece of work: what `events.py` asks for, `queue.py` keeps and a worker does. Names and numbers only."""

from dataclasses import dataclass
from enum import StrEnum


class Priority(StrEnum):
    """The queues, most urgent first."""

    GATE = "gate"
    CHECK = "check"
    SWEEP = "sweep"


@dataclass(frozen=True, slots=True)
class Work:
    """One piece of work: the name of a job in `handlers.jobs.job_table.JOBS` and its arguments.

    Two pieces with the same `key` are the same piece: while one waits, a second is not queued. Pieces with the same
    `lane` (a repository) are done one at a time; what arrives while one is running is done after it, never lost.
    """

    job: str
    priority: Priority
    lane: str  # "repository-<id>", or the job's own name when it needs no lane
    arguments: tuple[int | str, ...]

    @property
    def key(self) -> str:
        return "-".join([self.job, *map(str, self.arguments)])


def preview_work(installation: int, repository: int, name: str, commit: str, *, again: bool = False) -> Work:
    """Return the work that previews the policy of a commit; it may take minutes, so no check waits in its lane."""
    arguments = (installation, repository, name, commit, int(again))
    return Work("preview_policy", Priority.SWEEP, f"preview-{repository}", arguments)


def diagnose_work() -> Work:
    """Return the work that looks at the App and its installations for the set-up page; the clock asks for the same."""
    return Work("diagnose", Priority.SWEEP, "diagnose", ())


def push_work(place: tuple[int, int, str], ref: str, before: str, after: str, pusher: str) -> Work:
    """Return the work that looks at a push; `place` is the installation, the repository's number and its name.

    It waits in the repository's lane before the check of what was pushed, which says what it found.
    """
    return Work("look_at_push", Priority.CHECK, f"repository-{place[1]}", (*place, ref, before, after, pusher))


def gate_work(  # noqa: PLR0913, PLR0917 - each is one of the job's arguments
    installation: int, repository: int, name: str, run: int, environment: str, deployment: int
) -> Work:
    """Return the work that decides a waiting deployment. All gates of a run share a lane: one worker at a time decides."""
    arguments = (installation, repository, name, run, environment, deployment)
    return Work("decide_gate", Priority.GATE, f"gate-{run}", arguments)


def release_work(installation: int, repository: int, name: str, tag: str) -> Work:
    """Return the work that checks a release; it asks registries, so no check of a commit waits in its lane."""
    return Work("check_release", Priority.CHECK, f"release-{repository}", (installation, repository, name, tag))
