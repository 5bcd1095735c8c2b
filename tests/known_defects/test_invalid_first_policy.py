"""Holds that a policy which was never valid lets no commit and no release through."""

from collections.abc import Iterator

import pytest
from redis import Redis

from tests.app.acme import RELEASE_WORKFLOW_PATH, STORED_TOKEN, AcmeInstallation
from tests.fakes.github.scenario.scenario_repository import ScenarioRepository
from tests.handlers.jobs.gate.gate_scenario import deployment_waiting, gate_scenario

BROKEN = "version: 1\nmode: enforce\nrules: [broken\n"


@pytest.fixture
def story(redis: Redis) -> Iterator[tuple[AcmeInstallation, ScenarioRepository]]:
    """Open the story: the policy is broken before the App looks for the first time, and the environment asks nobody."""
    with gate_scenario(redis, mode="enforce") as (acme, widgets):
        widgets.environment("pypi", gates=[acme.github.app])
        acme.github.repository("acme/.github").push({"publishing.yml": BROKEN})
        yield acme, widgets


def test_the_gate_does_not_approve(story: tuple[AcmeInstallation, ScenarioRepository]) -> None:
    assert deployment_waiting(*story).decide() != "approved"


@pytest.mark.xfail(
    strict=True,
    reason="guard: where the first policy is not valid, the check of a commit that breaks a rule is neutral, which lets it be merged",
)
def test_the_check_of_a_commit_that_breaks_a_rule_stops_a_merge(
    story: tuple[AcmeInstallation, ScenarioRepository],
) -> None:
    acme, widgets = story
    check = acme.check(widgets, widgets.push({RELEASE_WORKFLOW_PATH: STORED_TOKEN}))

    assert check.conclusion in ("failure", "action_required")
