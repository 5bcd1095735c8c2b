"""When an incident counts as prevented, alerted or missed."""

from pathlib import Path

import pytest

from bot.packages.versions import Package
from bot.registries import load_catalog
from tests.incidents.incident import ExpectedOutcome, IncidentOutcome, PublishAct
from tests.incidents.incident_actions import IncidentActions
from tests.incidents.incident_file import read_incident
from tests.incidents.incident_verdict import HarmfulAct, outcome_of
from tests.incidents.incident_world import set_up
from tests.incidents.observer import Reaction, ReactionKind
from tests.incidents.replay import fake_services

FIRST = 1_000.0
MUST = ExpectedOutcome(IncidentOutcome.ALERTED, 300, ("publisher-changed",))


def publish(number: str, after: float, stopped: Reaction | None = None) -> HarmfulAct:
    act = PublishAct(at=after, line=7, package=Package("npm", "@acme/cli"), version=number, by="mona")  # type: ignore[arg-type]  # a registry's id is a plain text here
    return HarmfulAct(act, FIRST + after, stopped)


def alarm(after: float, words: str, by: str = "publisher-changed") -> Reaction:
    return Reaction(ReactionKind.ALERT, FIRST + after, (by,), words)


def refused(after: float) -> Reaction:
    return Reaction(ReactionKind.GATE, FIRST + after, ("passed-check",), "it is red")


@pytest.mark.parametrize(
    ("harms", "alerts", "outcome", "wrong"),
    [
        ([publish("1.0.1", 0)], [alarm(290, "1.0.1 came with a token")], IncidentOutcome.ALERTED, ()),
        ([publish("1.0.1", 0)], [], IncidentOutcome.MISSED, ("nothing stopped line 7, and nobody was told",)),
        ([publish("1.0.1", 0)], [alarm(9, "2.0.0")], IncidentOutcome.MISSED, ("nothing stopped line 7, and nobody was told",)),
        ([publish("1.0.1", 9)], [alarm(3, "1.0.1")], IncidentOutcome.ALERTED, ()),
        ([publish("1.0.1", 9)], [alarm(3, "2.0.0")], IncidentOutcome.MISSED, ("nothing stopped line 7, and nobody was told",)),
        ([publish("1.0.1", 0)], [alarm(400, "1.0.1")], IncidentOutcome.ALERTED, ("it took 400 s, and may take 300",)),
        ([publish("1.0.1", 0)], [alarm(1, "1.0.1", "burst")], IncidentOutcome.ALERTED, ("none of publisher-changed did it",)),
        ([publish("1.0.1", 0), publish("2.0.0", 90)], [alarm(95, "1.0.1, 2.0.0")], IncidentOutcome.ALERTED, ()),
        ([publish("1.0.1", 0, refused(2)), publish("2.0.0", 5)], [alarm(9, "2.0.0")], IncidentOutcome.ALERTED, ()),
        ([], [], IncidentOutcome.MISSED, ("no act of it does harm",)),
    ],
)  # fmt: skip
def test_each_harmful_act_has_to_be_stopped_or_told_in_time(
    harms: list[HarmfulAct], alerts: list[Reaction], outcome: IncidentOutcome, wrong: tuple[str, ...]
) -> None:
    result = outcome_of(harms, alerts, MUST, FIRST)
    assert (result.outcome, result.problems) == (outcome, wrong)


def test_what_has_to_be_prevented_is_not_when_people_are_only_told() -> None:
    must = ExpectedOutcome(IncidentOutcome.PREVENTED, 300, ("passed-check", "publisher-changed"))
    assert outcome_of([publish("1.0.1", 0, refused(3))], [], must, FIRST).problems == ()
    told = outcome_of([publish("1.0.1", 0)], [alarm(3, "1.0.1")], must, FIRST)
    assert told.problems == ("it had to be prevented",)


def test_the_first_word_and_the_longest_wait_are_counted() -> None:
    result = outcome_of([publish("1.0.1", 30), publish("1.0.2", 60)], [alarm(10, "a push", "moved-tag"), alarm(100, "1.0.1 and 1.0.2")], MUST, FIRST)  # fmt: skip
    assert (result.seconds, result.longest, result.by) == (10, 70, ("moved-tag", "publisher-changed"))


STOLEN = """\
incident: a version is sent with a token, after a run that has nothing to do with it
when: 2026-11-24
what: The run has no name, so no version can be meant to come from it.
sources: []
waves:
  - before: &tidy
      repositories: {widgets: {like: npm}}
      packages: [{package: npm/@acme/widgets, from: widgets, versions: [1.0.0]}]
    timeline:
      - {at: +0s, NAME run: {on: widgets, workflow: .github/workflows/release.yml, ref: main, jobs: {build: {}}}}
      - {at: +60s, harm: true, publish: {package: npm/@acme/widgets, version: 1.0.1, by: mona}}
    must: {be: alerted, within: 5m, by: [publisher-changed]}
    twin:
      before: *tidy
      timeline: [{at: +0s, publish: {package: npm/@acme/widgets, version: 1.0.1, by: mona}}]
"""


@pytest.mark.parametrize("name", ["as: first,", ""])
def test_a_version_that_a_token_sends_has_no_run(tmp_path: Path, redis_url: str, name: str) -> None:
    path = tmp_path / "stolen.yml"
    path.write_text(STOLEN.replace("NAME", name))
    (wave,) = read_incident(path, load_catalog()).waves
    with fake_services(redis_url) as (app, registry):
        actions = IncidentActions(app, set_up(app.github, wave.before, app.worker.context.catalog), registry)
        for act in wave.timeline:
            actions.perform(act)
        project = registry.registries.world.project("npm", "@acme/widgets")

        assert project is not None
        assert (project.releases["1.0.1"].by, project.releases["1.0.1"].workload) == ("mona", None)
