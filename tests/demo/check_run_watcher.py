"""Watches the stand-in for check runs of ours: what is new, what is missing, and whether each says what its story wants."""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from html import unescape

from tests.demo.app_processes import App, DemoError
from tests.demo.demo_registries import Decided, Wharf
from tests.demo.demo_scenarios import CHECK, PREVIEW, RELEASE, Story
from tests.fakes.github.fake_github import StandIn
from tests.fakes.github.scenario.scenario_repository import Repository
from tests.fakes.github.state.checks import CheckRun

PATIENCE = 60.0  # seconds for everything that one act asks for; on an idle machine it takes two
TAGS = re.compile(r"<[^>]*>")


@dataclass(frozen=True, slots=True)
class News:
    """A check run that was completed, perhaps anew; `story` is None where nobody told what to expect."""

    repository: Repository
    run: CheckRun
    story: Story | None
    where: str  # how the commit differs from the default branch, for people


@dataclass
class Watch:
    """Remembers what was told of each check run, by how often it was written."""

    github: StandIn
    app: App
    repositories: Mapping[str, Repository]
    wharf: Wharf
    expected: dict[tuple[str, str, str], Story] = field(default_factory=dict)  # by repository, commit and name
    where: dict[str, str] = field(default_factory=dict)  # by commit
    gates: list[Decided] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    _told: dict[int, int] = field(default_factory=dict)

    def expect(self, story: Story, sha: str, where: str = "") -> None:
        """From now on a check run on this commit has to end as the story does."""
        self.expected[story.repository, sha, story.check] = story
        self.where[sha] = where
        for run in self.repositories[story.repository].check_runs(sha, story.check):
            self._told.setdefault(run.id, run.writes)

    def news(self) -> Iterator[News]:
        """Yield each check run that was completed since it was last asked for; note those that do not fit."""
        for repository in self.repositories.values():
            for run in sorted(repository.state.checks.runs.values(), key=lambda each: each.id):
                if (
                    run.name in (CHECK, PREVIEW, RELEASE)
                    and run.status == "completed"
                    and self._told.get(run.id) != run.writes
                ):
                    self._told[run.id] = run.writes
                    story = self.expected.get((repository.full_name, run.head_sha, run.name))
                    self.wrong += differences(story, run) if story else []
                    yield News(repository, run, story, self.where.get(run.head_sha, ""))

    def until(self, happened: Callable[[], bool], tell: Callable[[News], None]) -> None:
        """Tell the news until something happened and nothing is left to do; raises DemoError when it takes too long."""
        end = time.monotonic() + PATIENCE
        while True:
            done = happened() and self.app.idle()
            for each in self.news():
                tell(each)
            if done:
                return
            if self.app.process.poll() is not None:
                raise DemoError(f"Wharfinger ended. Its last words:\n{self.app.last_words()}")
            if time.monotonic() > end:
                raise DemoError(
                    f"Something did not happen within {PATIENCE:g} seconds: {'; '.join(self.missing()) or 'work is left'}. "
                    f"Wharfinger's last words:\n{self.app.last_words()}"
                )
            time.sleep(0.03)

    def missing(self) -> list[str]:
        """Say which commits have no completed check run yet."""
        return [
            f"{name} has no completed check run {check} on {sha[:7]}"
            for name, sha, check in self.expected
            if not any(run.status == "completed" for run in self.repositories[name].check_runs(sha, check))
        ]

    def faults(self) -> list[str]:
        """Say everything that went wrong between Wharfinger and GitHub, beside conclusions that do not fit."""
        runs = [(each, run) for each in self.repositories.values() for run in each.state.checks.runs.values()]
        refused = [each for each in self.github.deliveries if not 200 <= each.status_code < 300]
        return [
            *self.wrong,
            *self.missing(),
            *(f"{each.full_name}: a check run is left {run.status}" for each, run in runs if run.status != "completed"),
            *(f"the delivery {each.event} was answered {each.status_code} ({each.status})" for each in refused),
            *(f"GitHub's contract was broken: {each}" for each in self.github.violations),
            *(f"a registry was asked what none of them knows: {each}" for each in self.wharf.registries.violations),
            *(f"the stand-in lacks {each}" for each in self.github.lacking),
            *(f"a part of Wharfinger ended: {each}" for each in self.app.crashes()),
            *([f"{count} pieces of work failed for good"] if (count := self.app.given_up()) else []),
        ]


def differences(story: Story, run: CheckRun) -> list[str]:
    """Say how a check run differs from what its story wants."""
    said = f"{story.repository} ({story.tells})"
    if run.conclusion != story.conclusion:
        return [f"{said} ended as {run.conclusion}, not as {story.conclusion}: {run.title}"]
    notes = [f"{note['title'].partition(':')[0]} {note['path']}:{note['start_line']}" for note in run.annotations]
    if story.because not in notes and story.because not in words_of(run.summary or ""):
        return [f"{said} ended as {run.conclusion}, but not because of {story.because!r}: {run.title}; {notes}"]
    return []


def words_of(markdown: str) -> str:
    """Give the words of a summary without its tags and character references."""
    return unescape(TAGS.sub("", markdown)).replace("\u2060", "")
