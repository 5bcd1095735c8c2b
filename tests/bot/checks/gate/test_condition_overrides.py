"""What a repository's own policy may do to the gate: it may ask for more, never for less."""

import pytest

from bot.checks.gate import GATE_CONDITIONS
from bot.model.core_types import FullName, Mode
from bot.policy import Policy, TargetRepository, policy_in_force
from bot.policy.read_policy import read_policy
from bot.registries import load_catalog

REGISTRIES = load_catalog().registries


def in_force(organization: str, own: str) -> Policy:
    theirs, its = (read_policy(f"version: 1\n{text}\n".encode(), REGISTRIES) for text in (organization, own))
    return policy_in_force(theirs, its, TargetRepository(FullName("acme/tool")))


def option(policy: Policy, condition: str, name: str) -> object:
    return next(getattr(each, name) for each in policy.gate if each.name == condition)


def test_without_a_file_every_condition_is_observed() -> None:
    assert [type(each) for each in Policy().gate] == list(GATE_CONDITIONS)
    assert {each.mode for each in Policy().gate} == {Mode.OBSERVE}


def test_a_mode_of_the_whole_policy_is_the_gates_too() -> None:
    assert {each.mode for each in in_force("mode: enforce", "mode: observe").gate} == {Mode.ENFORCE}


@pytest.mark.parametrize(
    ("organization", "own", "actors"),
    [
        ("[alice, bob]", "[alice]", ("alice",)),
        ("[alice, bob]", "[alice, mallory]", ("alice",)),
        ("[alice, bob]", "['*']", ()),
        ("[alice, bob]", "[]", ()),
        ("['*']", "[alice]", ("alice",)),
    ],
)
def test_a_repository_lets_nobody_more_start_a_release(organization: str, own: str, actors: tuple[str, ...]) -> None:
    policy = in_force(
        f"gate: {{allowed-triggers: {{actors: {organization}}}}}", f"gate: {{allowed-triggers: {{actors: {own}}}}}"
    )
    assert option(policy, "allowed-triggers", "actors") == actors


def test_a_repository_may_rest_longer_but_not_switch_a_condition_off() -> None:
    policy = in_force(
        "gate: {release-freeze: {weekdays: [sunday]}, release-interval: {min-interval: 1h}}",
        "gate: {release-freeze: {weekdays: [sunday, friday]}, release-interval: {min-interval: 30m}, protected-ref: off}",
    )
    assert option(policy, "release-freeze", "weekdays") == ("sunday", "friday")
    assert str(option(policy, "release-interval", "min_interval")) == "1:00:00"
    assert len(policy.gate) == len(GATE_CONDITIONS)
    assert len(policy.notes) == 2
