"""Holds that the player of incidents gives a version only the run it names, and counts an alert before the harm."""

from pathlib import Path

import pytest

from bot.model.core_types import RegistryId
from bot.packages.versions import Package
from bot.registries import load_catalog
from tests.incidents.incident import ExpectedOutcome, IncidentOutcome, PublishAct
from tests.incidents.incident_actions import IncidentActions
from tests.incidents.incident_file import read_incident
from tests.incidents.incident_verdict import HarmfulAct, outcome_of
from tests.incidents.incident_world import set_up
from tests.incidents.observer import Reaction, ReactionKind
from tests.incidents.replay import fake_services

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


@pytest.mark.parametrize(
    "name",
    [
        "as: first,",
        pytest.param(
            "",
            marks=pytest.mark.xfail(
                strict=True, reason="identity: a token's version is sent with the identity of a run that has no name"
            ),
        ),
    ],
)
def test_a_version_that_a_token_sends_has_no_run(tmp_path: Path, redis_url: str, name: str) -> None:
    path = tmp_path / "stolen.yml"
    path.write_text(STOLEN.replace("NAME", name))
    (wave,) = read_incident(path, load_catalog()).waves
    with fake_services(redis_url) as (app, shelf):
        deeds = IncidentActions(app, set_up(app.github, wave.before, app.worker.context.catalog), shelf)
        for act in wave.timeline:
            deeds.perform(act)
        project = shelf.registries.world.project("npm", "@acme/widgets")

        assert project is not None
        assert (project.releases["1.0.1"].by, project.releases["1.0.1"].workload) == ("mona", None)


@pytest.mark.parametrize(
    "told",
    [
        90,
        pytest.param(
            30,
            marks=pytest.mark.xfail(
                strict=True,
                reason="guard: an alert that names a version before it is sent counts as if nobody was told",
            ),
        ),
    ],
)
def test_an_alarm_that_is_open_answers_the_harm(told: float) -> None:
    package = Package(RegistryId("npm"), "@acme/tool")
    harm = HarmfulAct(
        PublishAct(at=60, line=2, package=package, version="1.0.1", run="r", is_harmful=True),
        performed_at=60,
        stopped=None,
    )
    alarm = Reaction(ReactionKind.ALERT, told, ("stray-tag",), "the tag v1.0.1 was put on a commit that no branch has")

    assert (
        outcome_of([harm], [alarm], ExpectedOutcome(IncidentOutcome.ALERTED, 300, ("stray-tag",)), started_at=0).outcome
        is IncidentOutcome.ALERTED
    )
