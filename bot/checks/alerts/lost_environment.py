"""Detects publish jobs that no longer use the deployment environment that protected them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from bot.checks.alerts.change_alert import ChangeAlert, RepositoryChange, SnapshotComparison
from bot.checks.alerts.new_findings import renamed_workflows
from bot.detection import Publication
from bot.model.core_types import RuleName
from bot.model.findings import Finding, FindingSubject, Location, Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class LostEnvironment(ChangeAlert):
    """A publishing job no longer uses its environment.

    Reviewers, allowed branches and tags, and the gate belong to the environment.
    """

    name: ClassVar[RuleName] = RuleName("lost-environment")

    def applies(self, change: RepositoryChange) -> bool:
        return change.is_branch_push

    def judge(self, change: RepositoryChange) -> Iterator[Finding | Unknown]:
        files = change.files
        if isinstance(files, Unknown):
            yield files
            return
        sides = files.value
        was = renamed_workflows(sides)
        said: dict[tuple[str, str], None] = {}
        for after in sides.after.publications:
            before = _previous_environment(after, sides, was)
            if before is not None and (after.file, after.job) not in said:
                said[after.file, after.job] = None
                yield _finding(after, before)


def _previous_environment(after: Publication, comparison: SnapshotComparison, renames: Mapping[str, str]) -> str | None:
    """Return the environment that the same job published from before, where it is another one now."""
    if after.file not in comparison.changed_paths:
        return None
    file = renames.get(after.file, after.file)
    same = [each for each in comparison.before.publications if (each.file, each.registry) == (file, after.registry)]
    job = [each for each in same if each.job == after.job] or same
    names = {each.environment for each in job if each.environment}
    return None if not names or after.environment in names else min(names)


def _finding(after: Publication, previous_environment: str) -> Finding:
    now = f"the environment {after.environment}" if after.environment else "no environment"
    return Finding(
        Location(after.file, after.line, after.line),
        f"the job {after.job} publishes from {now} and no longer from the environment {previous_environment}",
        f"Restore `environment: {previous_environment}` in the job {after.job}. If the move is intended, give the new environment the same protection.",
        subject=FindingSubject(job=after.job, environment=after.environment),
    )
