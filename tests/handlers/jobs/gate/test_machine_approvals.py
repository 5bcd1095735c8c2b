"""A machine's approval is none, at the gate and afterwards, whatever type its account has."""

from redis import Redis

from tests.app.release_scenario import release_scenario
from tests.handlers.jobs.gate.gate_scenario import deployment_waiting, gate_scenario, policy

ROBOT = """\
identities:
  - {person: "@release-bot", in: acme, owner: "@bob", purpose: robot, machine: true, expires: 2099-01-31}
"""


def verdict_after_an_approval(redis: Redis, by: str, register: str = "") -> str | None:
    """Return what the gate says of a release that this account alone approved."""
    with gate_scenario(redis) as (acme, widgets):
        acme.organization.member(by)
        if register:
            acme.github.repository("acme/.github").push({"publishing.yml": policy() + register})
        widgets.environment("pypi", reviewers=["bob", by], gates=[acme.github.app])
        release = deployment_waiting(acme, widgets)
        release.approve(by)
        return release.decide()


def check_after_an_approval(redis: Redis, by: str) -> str:
    """Return the title of the release check of a version that this account alone approved."""
    with release_scenario(redis) as story:
        story.acme.organization.member(by)
        story.widgets.environment("pypi", reviewers=["bob", by])
        run = story.run(approved_by=by)
        story.publish(workload=story.workload(run))
        return story.check().title or ""


def test_at_the_gate_a_person_s_approval_counts(redis: Redis) -> None:
    assert verdict_after_an_approval(redis, "mona") == "approved"


NOT_A_ROBOT = ROBOT.replace("machine: true", "machine: false")


def test_at_the_gate_a_person_whose_name_sounds_like_a_machine_counts_if_the_register_says_so(redis: Redis) -> None:
    assert verdict_after_an_approval(redis, "release-bot", NOT_A_ROBOT) == "approved"


def test_at_the_gate_a_machine_by_its_name_does_not_approve(redis: Redis) -> None:
    assert verdict_after_an_approval(redis, "release-bot") != "approved"


def test_at_the_gate_a_machine_by_the_register_does_not_approve(redis: Redis) -> None:
    assert verdict_after_an_approval(redis, "release-bot", ROBOT) != "approved"


def test_afterwards_a_person_s_approval_counts(redis: Redis) -> None:
    assert "approved-release failed" not in check_after_an_approval(redis, "mona")


def test_afterwards_a_machine_s_approval_is_none(redis: Redis) -> None:
    assert "approved-release failed" in check_after_an_approval(redis, "release-bot")


def test_afterwards_an_approval_of_the_committer_is_none(redis: Redis) -> None:
    with release_scenario(redis) as story:
        story.acme.organization.member("mona")
        story.widgets.environment("pypi", reviewers=["bob", "mona"])
        story.widgets.push({"README.md": "by mona\n"}, by="mona")
        run = story.run(approved_by="mona")
        story.publish(workload=story.workload(run))

        assert "approved-release failed" in (story.check().title or "")
