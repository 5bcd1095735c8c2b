"""The signal lost-environment: a publication left the environment that guarded it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from bot.checks.alerts.change_alert import Change, Sides
from bot.checks.alerts.new_findings import renamed
from bot.checks.alerts.signal import Signal
from bot.detection import Publication
from bot.model.core_types import RuleName
from bot.model.findings import About, Finding, Place, Unseen


@dataclass(frozen=True, slots=True, kw_only=True)
class LostEnvironment(Signal):
    """A job that publishes no longer runs in its environment.

    Reviewers, the allowed branches and tags, and the gate hang on the environment; without it none of them is asked.
    """

    name: ClassVar[RuleName] = RuleName("lost-environment")

    def applies(self, change: Change) -> bool:
        return change.on_branch

    def check(self, change: Change) -> Iterator[Finding | Unseen]:
        files = change.files
        if isinstance(files, Unseen):
            yield files
            return
        sides = files.value
        was = renamed(sides)
        said: dict[tuple[str, str], None] = {}
        for after in sides.after.publications:
            before = _before(after, sides, was)
            if before is not None and (after.file, after.job) not in said:
                said[after.file, after.job] = None
                yield _finding(after, before)


def _before(after: Publication, sides: Sides, was: Mapping[str, str]) -> str | None:
    """Return the environment that the same job published from before, where it is another one now."""
    if after.file not in sides.changed:
        return None
    file = was.get(after.file, after.file)
    same = [each for each in sides.before.publications if (each.file, each.registry) == (file, after.registry)]
    job = [each for each in same if each.job == after.job] or same
    names = {each.environment for each in job if each.environment}
    return None if not names or after.environment in names else min(names)


def _finding(after: Publication, before: str) -> Finding:
    now = f"the environment {after.environment}" if after.environment else "no environment"
    return Finding(
        Place(after.file, after.line, after.line),
        f"the job {after.job} publishes from {now}; before it published from {before}",
        f"Put `environment: {before}` back into the job {after.job}, or move its reviewers and its gate along with it.",
        about=About(job=after.job, environment=after.environment),
    )
