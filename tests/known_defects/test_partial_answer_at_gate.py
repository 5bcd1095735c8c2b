"""Holds that an answer of which GitHub gave only a part opens no gate, and makes the App forget no policy."""

from contextlib import AbstractContextManager, nullcontext, suppress

import pytest
from redis import Redis

from bot.model.errors import WharfingerError
from tests.handlers.jobs.gate.gate_scenario import deployment_waiting, gate_scenario
from tests.known_defects.partial import FORBIDDEN, INTERNAL, RESOURCES, Fault, answered_in_part

STRICT = "{independent-approval: {mode: enforce}}"
BROKEN = "version: 1\nmode: enforce\nrules: [broken\n"


def part(fault: Fault | None) -> AbstractContextManager[None]:
    """Answer whole where there is no fault, else without what may be the organization's policy."""
    return nullcontext() if fault is None else answered_in_part(fault, ["public"], ["private"])


def opens(fault: Fault) -> object:
    mark = pytest.mark.xfail(
        strict=True, reason=f"guard: the gate approves where the policy's part of an answer is null with {fault.type}"
    )
    return pytest.param(fault, id=fault.type, marks=mark)  # fmt: skip


def forgets(fault: Fault) -> object:
    mark = pytest.mark.xfail(
        strict=True,
        reason=f"guard: the last valid policy is forgotten where its part of an answer is null with {fault.type}",
    )
    return pytest.param(fault, id=fault.type, marks=mark)  # fmt: skip


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(None, id="whole"),
        pytest.param(FORBIDDEN, id=FORBIDDEN.type),
        opens(RESOURCES),
        opens(INTERNAL),
    ],
)
def test_a_release_that_the_policy_does_not_let_through_is_not_approved(redis: Redis, fault: Fault | None) -> None:
    with gate_scenario(redis, mode="enforce", gate=STRICT) as (acme, widgets):
        widgets.environment("pypi", gates=[acme.github.app])  # asks nobody
        acme.check(widgets)
        release = deployment_waiting(acme, widgets, checked=False)
        with part(fault), suppress(WharfingerError):
            release.decide()

        assert release.verdict != "approved"


@pytest.mark.parametrize(
    "fault",
    [pytest.param(None, id="whole"), forgets(FORBIDDEN), forgets(RESOURCES), forgets(INTERNAL)],
)
def test_what_breaks_later_is_judged_by_the_last_valid_policy(redis: Redis, fault: Fault | None) -> None:
    with gate_scenario(redis, mode="enforce", gate=STRICT) as (acme, widgets):
        acme.check(widgets)
        with part(fault), suppress(WharfingerError):
            acme.check(widgets, widgets.push({"a.txt": "1\n"}))
        acme.github.repository("acme/.github").push({"publishing.yml": BROKEN})
        check = acme.check(widgets, widgets.push({"a.txt": "2\n"}))

        assert "last valid version" in (check.summary or "")
