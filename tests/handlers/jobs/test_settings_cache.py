"""Settings of the last hour serve checks that an event about code asks for, and nothing else."""

from collections.abc import Iterator

import pytest
from redis import Redis

from handlers.jobs.job_table import run_job
from handlers.queue.enqueue import enqueue
from handlers.queue.job_specs import CheckBranch
from tests.app.acme import RELEASE_WORKFLOW_PATH, TRUSTED_PUBLISHING, AcmeInstallation, acme_on, policy
from tests.fakes.github.http_api.faults import Fault
from tests.fakes.github.scenario.scenario_repository import ScenarioRepository

ENVIRONMENTS = "GET /repos/{owner}/{repo}/environments"


@pytest.fixture
def acme(redis: Redis) -> Iterator[AcmeInstallation]:
    with acme_on(redis, policy=policy()) as acme:
        yield acme


@pytest.fixture
def widgets(acme: AcmeInstallation) -> ScenarioRepository:
    widgets = acme.organization.repository("widgets", {RELEASE_WORKFLOW_PATH: TRUSTED_PUBLISHING})
    acme.add_environment(widgets, "pypi")
    acme.check(widgets)
    return widgets


def edit(widgets: ScenarioRepository, number: int) -> str:
    return widgets.push({RELEASE_WORKFLOW_PATH: f"{TRUSTED_PUBLISHING}# {number}\n"})


def reads(acme: AcmeInstallation) -> int:
    return acme.github.count(ENVIRONMENTS)


def test_a_push_within_the_hour_reads_no_setting_again(acme: AcmeInstallation, widgets: ScenarioRepository) -> None:
    before = reads(acme)
    run = acme.check(widgets, edit(widgets, 1))
    assert (run.conclusion, reads(acme)) == ("success", before)
    for key in acme.redis.scan_iter("wharfinger:settings:*"):
        assert 0 < acme.redis.ttl(key) <= 3600


def test_a_sweep_a_person_and_a_change_read_anew(acme: AcmeInstallation, widgets: ScenarioRepository) -> None:
    before = reads(acme)
    run_job(acme.context, CheckBranch(*acme.names(widgets)))
    assert reads(acme) == before + 1
    acme.check(widgets, recheck=True)
    assert reads(acme) == before + 2
    enqueue(acme.redis, [CheckBranch(*acme.names(widgets))])  # an event says that its settings changed
    acme.check(widgets, edit(widgets, 2))
    assert reads(acme) == before + 3


def test_other_codeowners_another_environment_and_another_visibility_read_anew(
    acme: AcmeInstallation, widgets: ScenarioRepository
) -> None:
    before = reads(acme)
    widgets.push({"CODEOWNERS": "* @mona\n"})
    acme.check(widgets, edit(widgets, 3))
    assert reads(acme) == before + 1
    acme.check(
        widgets,
        widgets.push({RELEASE_WORKFLOW_PATH: TRUSTED_PUBLISHING.replace("environment: pypi", "environment: other")}),
    )
    assert reads(acme) == before + 2
    widgets.state.private = not widgets.state.private
    acme.check(
        widgets,
        widgets.push(
            {RELEASE_WORKFLOW_PATH: TRUSTED_PUBLISHING.replace("environment: pypi", "environment: other # x")}
        ),
    )
    assert reads(acme) == before + 3


def test_what_could_not_be_read_is_unknown_and_not_what_was_there_before(
    acme: AcmeInstallation, widgets: ScenarioRepository
) -> None:
    acme.github.inject_fault(Fault.FORBIDDEN, "/environments", times=1)
    run_job(acme.context, CheckBranch(*acme.names(widgets)))
    assert not list(acme.redis.scan_iter("wharfinger:settings:*"))
    before = reads(acme)
    assert acme.check(widgets, edit(widgets, 4)).conclusion == "success"
    assert reads(acme) == before + 1
