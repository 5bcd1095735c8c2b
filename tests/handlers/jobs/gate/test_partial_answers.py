"""Holds that an answer of which GitHub gave only a part opens no gate, and makes the App forget no policy."""

from contextlib import suppress

import pytest
from redis import Redis

from bot.model.errors import WharfingerError
from handlers.jobs.job_table import run_job
from handlers.queue.job_specs import CheckCommit
from tests.fakes.github.http_api.faults import PartFault
from tests.handlers.jobs.gate.gate_scenario import deployment_waiting, gate_scenario

STRICT = "{independent-approval: {mode: enforce}}"
BROKEN = "version: 1\nmode: enforce\nrules: [broken\n"
FAULTS = [
    fault for fault in PartFault if fault is not PartFault.NOT_FOUND
]  # which says that there is no such repository


@pytest.mark.parametrize("fault", FAULTS)
def test_a_release_that_the_policy_does_not_let_through_is_not_approved(redis: Redis, fault: PartFault) -> None:
    with gate_scenario(redis, mode="enforce", gate=STRICT) as (acme, widgets):
        widgets.environment("pypi", gates=[acme.github.app])  # asks nobody
        acme.check(widgets)
        release = deployment_waiting(acme, widgets, checked=False)
        with acme.github.faults.in_part(fault, "private", "public"), suppress(WharfingerError):
            release.decide()

        assert release.verdict != "approved"
        assert release.decide() == "rejected"


@pytest.mark.parametrize("fault", FAULTS)
def test_what_breaks_later_is_judged_by_the_last_valid_policy(redis: Redis, fault: PartFault) -> None:
    with gate_scenario(redis, mode="enforce", gate=STRICT) as (acme, widgets):
        acme.check(widgets)
        with acme.github.faults.in_part(fault, "private", "public"), suppress(WharfingerError):
            run_job(acme.context, CheckCommit(*acme.names(widgets), widgets.push({"a.txt": "1\n"})))
        acme.github.repository("acme/.github").push({"publishing.yml": BROKEN})
        check = acme.check(widgets, widgets.push({"a.txt": "2\n"}))

        assert "last valid version" in (check.summary or "")
