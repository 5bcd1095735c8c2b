"""Defines a queued job by its name, arguments, priority and concurrency key."""

from dataclasses import dataclass
from enum import StrEnum


class Priority(StrEnum):
    """The queues, most urgent first."""

    GATE = "gate"
    CHECK = "check"
    SWEEP = "sweep"


@dataclass(frozen=True, slots=True)
class JobSpec:
    """One piece of work: the name of a job in `handlers.jobs.job_table.JOBS` and its arguments.

    Two pieces with the same `key` are the same piece: while one waits, a second is not queued. Pieces with the same
    `lane` (a repository) are done one at a time; what arrives while one is running is done after it, never lost.
    """

    job: str
    priority: Priority
    concurrency_key: str  # "repository-<id>", or the job's own name when it needs no lane
    arguments: tuple[int | str, ...]

    @property
    def key(self) -> str:
        return "-".join([self.job, *map(str, self.arguments)])


def preview_policy_spec(
    installation: int, repository: int, full_name: str, commit: str, *, again: bool = False
) -> JobSpec:
    """Return the work that previews the policy of a commit; it may take minutes, so no check waits in its lane."""
    arguments = (installation, repository, full_name, commit, int(again))
    return JobSpec("preview_policy", Priority.SWEEP, f"preview-{repository}", arguments)


def diagnose_spec() -> JobSpec:
    """Return the work that looks at the App and its installations for the set-up page; the clock asks for the same."""
    return JobSpec("diagnose", Priority.SWEEP, "diagnose", ())


def check_push_spec(repository: tuple[int, int, str], ref: str, before: str, after: str, pusher: str) -> JobSpec:
    """Return the work that looks at a push; `place` is the installation, the repository's number and its name.

    It waits in the repository's lane before the check of what was pushed, which says what it found.
    """
    return JobSpec(
        "look_at_push", Priority.CHECK, f"repository-{repository[1]}", (*repository, ref, before, after, pusher)
    )


def decide_gate_spec(  # noqa: PLR0913, PLR0917 - each is one of the job's arguments
    installation: int, repository: int, full_name: str, run_id: int, environment: str, deployment_id: int
) -> JobSpec:
    """Return the work that decides a waiting deployment. All gates of a run share a lane: one worker at a time decides."""
    arguments = (installation, repository, full_name, run_id, environment, deployment_id)
    return JobSpec("decide_gate", Priority.GATE, f"gate-{run_id}", arguments)


def check_release_spec(installation: int, repository: int, full_name: str, tag: str) -> JobSpec:
    """Return the work that checks a release; it asks registries, so no check of a commit waits in its lane."""
    return JobSpec("check_release", Priority.CHECK, f"release-{repository}", (installation, repository, full_name, tag))
