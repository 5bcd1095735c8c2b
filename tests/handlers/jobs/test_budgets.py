"""GitHub's budgets in the real App: one that is spent stops no other, and `doctor` says how many repositories they hold."""

from collections.abc import Iterator

import pytest
from redis import Redis

from bot.github.rate_limits import CORE, GRAPHQL, Share
from bot.model.errors import RetryLaterError
from handlers.jobs.job_table import run_job
from handlers.jobs.repositories.diagnose import diagnose_github
from handlers.queue.job_specs import CheckBranch, CheckCommit, SweepInstallation
from tests.app.acme import RELEASE_WORKFLOW_PATH, TRUSTED_PUBLISHING, AcmeInstallation, acme_on, policy
from tests.fakes.github.scenario.scenario_repository import ScenarioRepository


@pytest.fixture
def acme(redis: Redis) -> Iterator[AcmeInstallation]:
    with acme_on(redis, policy=policy()) as acme:
        yield acme


@pytest.fixture
def widgets(acme: AcmeInstallation) -> ScenarioRepository:
    return acme.organization.repository("widgets", {RELEASE_WORKFLOW_PATH: TRUSTED_PUBLISHING})


def test_a_spent_graphql_budget_stops_no_rest_call(acme: AcmeInstallation, widgets: ScenarioRepository) -> None:
    acme.github.rate_limits.exhaust(acme.installation, GRAPHQL)
    check = CheckCommit(*acme.names(widgets), widgets.head)
    for _ in range(2):
        with pytest.raises(RetryLaterError) as later:
            run_job(acme.context, check)
        assert later.value.seconds > 60
    assert acme.github.count("POST /graphql") == 1  # the second was not sent
    client = acme.client.installation(acme.id)
    assert client.get(f"/repos/{widgets.full_name}", "read it").status == 200
    with pytest.raises(RetryLaterError):
        run_job(acme.context, CheckBranch(*acme.names(widgets)))


def test_a_spent_rest_budget_lets_a_gate_use_the_rest_of_graphql(
    acme: AcmeInstallation, widgets: ScenarioRepository
) -> None:
    acme.github.rate_limits.exhaust(acme.installation, CORE)
    client = acme.client.installation(acme.id)
    with pytest.raises(RetryLaterError):
        client.get(f"/repos/{widgets.full_name}", "read it")
    acme.client.share = Share.GATE
    assert client.query("query { rateLimit { cost } }", {}, "ask").data


def test_doctor_says_how_many_repositories_the_budgets_hold(
    acme: AcmeInstallation, widgets: ScenarioRepository
) -> None:
    run_job(acme.context, SweepInstallation(acme.id))
    acme.check(widgets)
    said = {each.what: each.why for each in diagnose_github(acme.context)}
    assert "GitHub allows 5,000 points an hour" in said["core budget of acme"]
    assert "for 2 repositories: about" in said["core budget of acme"]
    calls = acme.client.budget.state(acme.id, GRAPHQL)
    assert calls is not None
    assert f"about {int(2 * 5000 * 0.8 / calls.busiest_hour):,} can be held" in said["graphql budget of acme"]
