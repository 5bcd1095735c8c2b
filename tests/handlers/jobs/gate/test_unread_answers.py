"""Holds that no refusal of any route that the gate reads lets a release through which the policy rejects."""

import re
from collections.abc import Callable
from contextlib import suppress

import pytest
from redis import Redis

from bot.model.errors import WharfingerError
from tests.app.acme import AcmeInstallation
from tests.fakes.github.contract.operations import OPERATIONS
from tests.fakes.github.http_api.faults import Fault
from tests.fakes.github.scenario.scenario_repository import ScenarioRepository
from tests.handlers.jobs.gate.gate_scenario import deployment_waiting, gate_scenario

REFUSALS = [
    Fault.FORBIDDEN,
    Fault.NOT_FOUND,
    Fault.TOO_MANY,
    Fault.SERVER_ERROR,
    Fault.OTHER_FORM,
    Fault.ALLOW_LIST,
    Fault.SAML,
]
Flaw = Callable[[AcmeInstallation, ScenarioRepository], None]


def asks_nobody(acme: AcmeInstallation, widgets: ScenarioRepository) -> None:
    widgets.environment("pypi", gates=[acme.github.app])


def has_no_ruleset(_: AcmeInstallation, widgets: ScenarioRepository) -> None:
    for number in list(widgets.state.rulesets):
        widgets.remove_ruleset(number)


FLAWS: dict[str, Flaw] = {"independent-approval": asks_nobody, "protected-ref": has_no_ruleset}


def routes_read(acme: AcmeInstallation, since: int) -> list[str]:
    named = {operation.name for operation in OPERATIONS}
    return sorted({each for each in acme.github.calls[since:] if each in named and each.startswith("GET")})


@pytest.mark.parametrize("condition", FLAWS)
def test_no_refusal_lets_a_release_through_that_the_policy_rejects(redis: Redis, condition: str) -> None:
    others = "independent-approval: off, " if condition != "independent-approval" else ""
    gate = f"{{{others}{condition}: {{mode: enforce}}}}"
    with gate_scenario(redis, mode="enforce", gate=gate) as (acme, widgets):
        acme.github.rate_limits.enforced = False
        FLAWS[condition](acme, widgets)
        before = len(acme.github.calls)
        assert deployment_waiting(acme, widgets, ref="v0").decide() == "rejected"
        routes, approved = routes_read(acme, before), []
        assert len(routes) > 3
        for number, (operation, fault) in enumerate((each, fault) for each in routes for fault in REFUSALS):
            release = deployment_waiting(acme, widgets, ref=f"v{number + 1}", checked=False)
            path = f"^{re.sub('{[^}]+}', '[^/]+', operation.partition(' ')[2])}$"
            acme.github.inject_fault(fault, path, method="GET", times=1000)
            with suppress(WharfingerError):
                release.decide()
            acme.github.faults.clear()
            redis.delete(*redis.keys("wharfinger:pause:*"), "none")
            if release.verdict == "approved":
                approved.append(f"{operation}: {fault}")

        assert approved == []
