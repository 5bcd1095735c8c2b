"""Holds that a release waits after its environment was weakened, whoever saw it first, until time or a person on the host lets it go."""

from dataclasses import replace
from datetime import timedelta

import pytest
from redis import Redis

from handlers.cli.main import run_command
from handlers.jobs.job_table import run_job
from handlers.records.protection_store import ProtectionStore
from tests.app.acme import AcmeInstallation
from tests.conftest import environment
from tests.fakes.github.scenario.scenario_repository import ScenarioRepository
from tests.handlers.jobs.gate.gate_scenario import GateScenario, deployment_waiting, gate_scenario

DAY = timedelta(days=1)


def alone(**options: str) -> str:
    """A gate with this condition and no other."""
    others = "release-authority protected-ref reachable-commit passed-check independent-approval allowed-triggers new-version"
    words = ", ".join(f"{name}: {value}" for name, value in options.items())
    off = ", ".join(f"{name}: off" for name in others.split())
    return f"{{{off}, settled-protection: {{{words}}}}}"


def let_in(widgets: ScenarioRepository, *logins: str) -> None:
    """Let these approve, and nobody else."""
    kept = widgets.state.environments["pypi"]
    kept.reviewers[:] = [widgets.world.accounts[login] for login in logins]


def second_release(acme: AcmeInstallation, widgets: ScenarioRepository) -> GateScenario:
    """Release once as it should be, so that the gate knows the environment; return the next release."""
    assert deployment_waiting(acme, widgets, ref="v1").decide() == "approved"
    return deployment_waiting(acme, widgets, ref="v2")


def decide_in(release: GateScenario, wait: timedelta) -> str | None:
    """Decide at a later time, by the App's clock and GitHub's."""
    release.acme.github.clock.advance(seconds=wait.total_seconds())
    context = replace(release.acme.context, clock=release.acme.github.clock.utc_now)
    run_job(context, release.gate.job)
    return release.verdict


def test_a_release_of_an_environment_that_was_left_alone_is_approved(redis: Redis) -> None:
    with gate_scenario(redis, gate=alone()) as (acme, widgets):
        assert second_release(acme, widgets).decide() == "approved"


def test_a_reviewer_of_ones_own_holds_the_release_for_a_day(redis: Redis) -> None:
    with gate_scenario(redis, gate=alone()) as (acme, widgets):
        release = second_release(acme, widgets)
        acme.organization.member("mallory")
        let_in(widgets, "bob", "carol", "mallory")
        assert release.decide() is None
        (report,) = release.status_reports
        assert "mallory approve, whom the register does not name" in report
        assert "wharfinger confirm acme/widgets pypi" in report
        assert decide_in(release, DAY - timedelta(minutes=5)) is None
        assert decide_in(release, timedelta(minutes=10)) == "approved"


def test_what_is_put_back_holds_nothing_and_was_it_weak_at_a_look_between_it_is_seen(redis: Redis) -> None:
    with gate_scenario(redis, gate=alone()) as (acme, widgets):
        release = second_release(acme, widgets)
        let_in(widgets)
        assert release.decide() is None
        let_in(widgets, "bob", "carol")
        assert release.decide() == "approved"


def test_a_second_change_begins_the_day_anew(redis: Redis) -> None:
    with gate_scenario(redis, gate=alone()) as (acme, widgets):
        release = second_release(acme, widgets)
        let_in(widgets, "bob", "carol", "alice")
        assert decide_in(release, timedelta()) is None
        let_in(widgets)
        assert decide_in(release, timedelta(hours=23)) is None
        assert decide_in(release, timedelta(hours=2)) is None
        assert decide_in(release, timedelta(hours=23)) == "approved"


def test_a_stronger_protection_holds_nothing(redis: Redis) -> None:
    with gate_scenario(redis, gate=alone()) as (acme, widgets):
        release = second_release(acme, widgets)
        widgets.state.environments["pypi"].prevent_self_review = True
        let_in(widgets, "bob")
        assert release.decide() == "approved"


def test_a_shorter_time_is_the_policys_and_none_turns_it_off(redis: Redis) -> None:
    with gate_scenario(redis, gate=alone(**{"min-age": "1h"})) as (acme, widgets):
        release = second_release(acme, widgets)
        let_in(widgets)
        assert decide_in(release, timedelta()) is None
        assert decide_in(release, timedelta(minutes=61)) == "approved"


def test_a_check_of_the_default_branch_sees_it_too(redis: Redis) -> None:
    with gate_scenario(redis, gate=alone()) as (acme, widgets):
        release = second_release(acme, widgets)
        store = ProtectionStore(acme.records, acme.id, release.gate.repository)
        let_in(widgets)
        acme.check(widgets, recheck=True)
        protection = store.get("pypi")
        assert protection is not None
        assert protection.weakened_at is None, "nobody asked for the environments of a repository whose rules are off"
        assert release.decide() is None


def test_environments_that_github_does_not_show_hold_the_release(redis: Redis) -> None:
    with gate_scenario(redis, gate=alone(), without=("actions",)) as (acme, widgets):
        assert deployment_waiting(acme, widgets).decide() is None


def test_a_person_on_the_host_confirms_the_change(
    redis: Redis, redis_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with gate_scenario(redis, gate=alone()) as (acme, widgets):
        release = second_release(acme, widgets)
        acme.check(widgets)
        for name, value in environment(
            REDIS_URL=redis_url, WHARFINGER_DATA=str(acme.data), WHARFINGER_APP_ID=str(acme.github.app.id),
            WHARFINGER_GITHUB_API=acme.github.base_url,
        ).items():  # fmt: skip
            monkeypatch.setenv(name, value)
        assert run_command(["confirm", "acme/widgets", "pypi"]) == 2, "there is nothing to confirm yet"
        let_in(widgets)
        assert release.decide() is None
        assert run_command(["confirm", "acme/widgets", "release"]) == 2
        assert run_command(["confirm", "acme/widgets", "PyPI"]) == 0
        assert "is meant to be protected like this" in capsys.readouterr().out
        assert release.decide() == "approved"
        store = ProtectionStore(acme.records, acme.id, release.gate.repository)
        protection = store.get("pypi")
        assert protection is not None
        assert protection.confirmed_by
