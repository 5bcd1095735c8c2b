"""Watches the stand-in for check runs of ours: what is new, what is missing, and whether each says what its story wants."""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from html import unescape

from tests.demo.app_processes import DemoApp, DemoError
from tests.demo.demo_registries import DemoGateDecision, DemoRegistries
from tests.demo.demo_scenarios import CHECK, PREVIEW, RELEASE, DemoScenario
from tests.fakes.github.fake_github import FakeGitHub
from tests.fakes.github.scenario.scenario_repository import ScenarioRepository
from tests.fakes.github.state.checks import FakeCheckRun

STEP_TIMEOUT = 60.0  # seconds for everything that one act asks for; on an idle machine it takes two
HTML_TAGS = re.compile(r"<[^>]*>")


@dataclass(frozen=True, slots=True)
class CompletedCheckRun:
    """A check run that was completed, perhaps anew; `story` is None where nobody told what to expect."""

    repository: ScenarioRepository
    run: FakeCheckRun
    scenario: DemoScenario | None
    commit_description: str  # how the commit differs from the default branch, for people


@dataclass
class CheckRunWatcher:
    """Remembers what was told of each check run, by how often it was written."""

    github: FakeGitHub
    app: DemoApp
    repositories: Mapping[str, ScenarioRepository]
    registries: DemoRegistries
    expected: dict[tuple[str, str, str], DemoScenario] = field(default_factory=dict)  # by repository, commit and name
    commit_descriptions: dict[str, str] = field(default_factory=dict)  # by commit
    gate_decisions: list[DemoGateDecision] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    _reported: dict[int, int] = field(default_factory=dict)

    def expect(self, scenario: DemoScenario, sha: str, commit_description: str = "") -> None:
        """From now on a check run on this commit has to end as the story does."""
        self.expected[scenario.repository, sha, scenario.check] = scenario
        self.commit_descriptions[sha] = commit_description
        for run in self.repositories[scenario.repository].check_runs(sha, scenario.check):
            self._reported.setdefault(run.id, run.write_count)

    def completed_check_runs(self) -> Iterator[CompletedCheckRun]:
        """Yield each check run that was completed since it was last asked for; note those that do not fit."""
        for repository in self.repositories.values():
            for run in sorted(repository.state.checks.runs.values(), key=lambda each: each.id):
                if (
                    run.name in (CHECK, PREVIEW, RELEASE)
                    and run.status == "completed"
                    and self._reported.get(run.id) != run.write_count
                ):
                    self._reported[run.id] = run.write_count
                    story = self.expected.get((repository.full_name, run.head_sha, run.name))
                    self.unexpected += differences(story, run) if story else []
                    yield CompletedCheckRun(repository, run, story, self.commit_descriptions.get(run.head_sha, ""))

    def wait_until(self, happened: Callable[[], bool], report: Callable[[CompletedCheckRun], None]) -> None:
        """Tell the news until something happened and nothing is left to do; raises DemoError when it takes too long."""
        end = time.monotonic() + STEP_TIMEOUT
        while True:
            done = happened() and self.app.idle()
            for each in self.completed_check_runs():
                report(each)
            if done:
                return
            if self.app.process.poll() is not None:
                raise DemoError(f"Wharfinger ended. Its last words:\n{self.app.log_tail()}")
            if time.monotonic() > end:
                raise DemoError(
                    f"Something did not happen within {STEP_TIMEOUT:g} seconds: {'; '.join(self.missing()) or 'work is left'}. "
                    f"Wharfinger's last words:\n{self.app.log_tail()}"
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
            *self.unexpected,
            *self.missing(),
            *(f"{each.full_name}: a check run is left {run.status}" for each, run in runs if run.status != "completed"),
            *(f"the delivery {each.event} was answered {each.status_code} ({each.status})" for each in refused),
            *(f"GitHub's contract was broken: {each}" for each in self.github.contract_violations),
            *(
                f"a registry was asked what none of them knows: {each}"
                for each in self.registries.fake_registries.violations
            ),
            *(f"the stand-in lacks {each}" for each in self.github.missing_operations),
            *(f"a part of Wharfinger ended: {each}" for each in self.app.crashes()),
            *([f"{count} jobs failed for good"] if (count := self.app.failed_job_count()) else []),
        ]


def differences(scenario: DemoScenario, run: FakeCheckRun) -> list[str]:
    """Say how a check run differs from what its story wants."""
    said = f"{scenario.repository} ({scenario.description})"
    if run.conclusion != scenario.conclusion:
        return [f"{said} ended as {run.conclusion}, not as {scenario.conclusion}: {run.title}"]
    notes = [f"{note['title'].partition(':')[0]} {note['path']}:{note['start_line']}" for note in run.annotations]
    if scenario.expected_reason not in notes and scenario.expected_reason not in text_of(run.summary or ""):
        return [
            f"{said} ended as {run.conclusion}, but not because of {scenario.expected_reason!r}: {run.title}; {notes}"
        ]
    return []


def text_of(markdown: str) -> str:
    """Give the words of a summary without its tags and character references."""
    return unescape(HTML_TAGS.sub("", markdown)).replace("\u2060", "")
