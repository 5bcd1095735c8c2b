"""Holds that a policy in force does not vanish when the App may no longer see the repository that holds it."""

import re
from collections.abc import Iterator

import pytest
from redis import Redis

from tests.app.acme import AcmeInstallation
from tests.fakes.github.scenario.scenario_repository import ScenarioRepository
from tests.handlers.jobs.gate.gate_scenario import deployment_waiting, gate_scenario, policy

STRICT = "{independent-approval: {mode: enforce}}"
Story = tuple[AcmeInstallation, ScenarioRepository]


@pytest.fixture
def story(redis: Redis) -> Iterator[Story]:
    """Open the story: the environment asks nobody, so the policy lets no release through, and it was seen to be so."""
    with gate_scenario(redis, mode="enforce", gate=STRICT) as (acme, widgets):
        widgets.environment("pypi", gates=[acme.github.app])
        assert deployment_waiting(acme, widgets, ref="v1").decide() == "rejected"
        yield acme, widgets


def narrow(acme: AcmeInstallation, widgets: ScenarioRepository) -> None:
    """Choose widgets alone for the App: GitHub answers of the policy's repository as if it did not exist."""
    acme.github.select_repositories(acme.installation, widgets)
    widgets.push({"a.txt": "1\n"}, by="alice")


@pytest.mark.xfail(
    strict=True,
    reason="guard: the gate approves once the policy's repository is no longer among the selected repositories",
)
def test_the_gate_does_not_approve(story: Story) -> None:
    narrow(*story)

    assert deployment_waiting(*story, ref="v2").decide() != "approved"


@pytest.mark.xfail(
    strict=True, reason="guard: the last valid policy is forgotten when its repository is not selected any more"
)
def test_what_breaks_later_is_judged_by_the_last_valid_policy(story: Story) -> None:
    acme, widgets = story
    narrow(acme, widgets)
    acme.check(widgets)
    acme.github.select_repositories(acme.installation, widgets, acme.github.repository("acme/.github"))
    acme.github.repository("acme/.github").push({"publishing.yml": policy() + "rules: [broken\n"})
    check = acme.check(widgets, widgets.push({"a.txt": "2\n"}))

    assert "last valid" in (check.summary or "")


@pytest.mark.xfail(
    strict=True, reason="guard: the check run says no word of a policy that was in force and is not seen any more"
)
def test_the_check_run_says_that_the_policy_is_not_seen(story: Story) -> None:
    acme, widgets = story
    narrow(acme, widgets)
    check = acme.check(widgets)

    assert re.search(r"acme/\.github\b|may have a policy", f"{check.summary}{check.text}")
