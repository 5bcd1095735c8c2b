"""The check run's life when things go wrong on the way: there is one in the end, it is completed, and it is right."""

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import cast

import pytest
from redis import Redis

from bot.model.errors import RetryLaterError
from bot.registries import Catalog
from bot.registries.registry import CommandFact
from handlers.cache.pending_checks import OpenCheckRunStore
from handlers.jobs.job_table import run_job
from handlers.queue.enqueue import queue_lengths
from handlers.queue.job_specs import CheckCommit, SweepCheckRuns
from tests.app.acme import CATALOG, RELEASE_WORKFLOW_PATH, AcmeInstallation, acme_on, adopt_policy, policy
from tests.fakes.github.http_api.faults import Fault
from tests.fakes.github.scenario.scenario_repository import ScenarioRepository
from tests.fakes.github.state.checks import FakeCheckRun

STEP = "      - {uses: pypa/gh-action-pypi-publish@release/v1, with: {password: '${{ secrets.PYPI_TOKEN }}'}}\n"
ENFORCE = policy("enforce")
STEPS, NOTES = 130, 131  # a stored token in each step, and one job without an environment: three pages


def publishing(times: int) -> str:
    return "on: push\njobs:\n  ship:\n    runs-on: ubuntu-latest\n    steps:\n" + STEP * times


@pytest.fixture
def acme(redis: Redis) -> Iterator[AcmeInstallation]:
    with acme_on(redis, policy=policy()) as acme:
        yield acme


@pytest.fixture
def widgets(acme: AcmeInstallation) -> ScenarioRepository:
    return acme.organization.repository("widgets", {RELEASE_WORKFLOW_PATH: publishing(STEPS)})


def runs(repository: ScenarioRepository) -> list[FakeCheckRun]:
    return repository.check_runs(repository.head, "publishing")


def places(run: FakeCheckRun) -> list[tuple[str, int]]:
    return sorted((str(note["title"]), int(note["start_line"])) for note in run.annotations)


def test_more_annotations_than_one_request_may_carry_come_in_pages(
    acme: AcmeInstallation, widgets: ScenarioRepository
) -> None:
    run = acme.check(widgets)
    assert len(run.annotations) == NOTES
    assert len(set(places(run))) == NOTES
    assert (run.status, run.write_count) == ("completed", 4)


@pytest.mark.parametrize("skip", [0, 1, 2])
@pytest.mark.parametrize("fault", [Fault.DROP_AFTER, Fault.DROP, Fault.BAD_GATEWAY])
def test_a_write_whose_answer_is_lost_is_neither_repeated_nor_forgotten(
    acme: AcmeInstallation, widgets: ScenarioRepository, fault: Fault, skip: int
) -> None:
    acme.github.inject_fault(fault, "/check-runs/", method="PATCH", skip=skip)
    with pytest.raises(RetryLaterError):
        acme.check(widgets)
    run = acme.check(widgets)
    assert runs(widgets) == [run]
    assert run.status == "completed"
    assert len(run.annotations) == len(set(places(run))) == NOTES


@pytest.mark.parametrize("fault", [Fault.DROP_AFTER, Fault.DROP, Fault.BAD_GATEWAY])
def test_a_run_is_not_begun_twice(acme: AcmeInstallation, widgets: ScenarioRepository, fault: Fault) -> None:
    acme.github.inject_fault(fault, "/check-runs", method="POST")
    with pytest.raises(RetryLaterError):
        acme.check(widgets)
    run = acme.check(widgets)
    assert runs(widgets) == [run]


@pytest.mark.parametrize("whole_suite", [False, True])
def test_asked_for_again_a_run_is_answered_with_one_write_even_if_nothing_changed(
    acme: AcmeInstallation, widgets: ScenarioRepository, *, whole_suite: bool
) -> None:
    """On a re-request GitHub queues the suite and leaves its runs as they are; a write completes it again."""
    run = acme.check(widgets)
    (widgets.rerequest_suite if whole_suite else widgets.rerequest)(run)
    writes = run.write_count
    for _ in range(2):
        assert acme.check(widgets, recheck=True) is run
    assert run.write_count == writes + 1
    assert not run.suite.rerequested
    assert (run.status, len(run.annotations)) == ("completed", NOTES)


def test_annotations_can_not_be_taken_back_so_others_come_with_a_new_run(
    acme: AcmeInstallation, widgets: ScenarioRepository
) -> None:
    old = acme.check(widgets)
    adopt_policy(acme.github.repository("acme/.github"), ENFORCE)
    new = acme.check(widgets, recheck=True)
    assert new is not old
    assert {note["annotation_level"] for note in new.annotations} == {"failure"}
    assert {note["annotation_level"] for note in old.annotations} == {"warning"}
    assert acme.check(widgets, recheck=True) is new


def test_a_run_left_halfway_by_a_crash_makes_way_when_something_else_is_to_be_said(
    acme: AcmeInstallation, widgets: ScenarioRepository
) -> None:
    acme.github.inject_fault(Fault.DROP, "/check-runs/", method="PATCH", skip=1)
    with pytest.raises(RetryLaterError):
        acme.check(widgets)
    adopt_policy(acme.github.repository("acme/.github"), ENFORCE)
    new = acme.check(widgets)
    left, latest = runs(widgets)
    assert latest is new
    assert (left.status, left.title) == ("completed", "Superseded")
    assert len(new.annotations) == NOTES


def test_a_run_that_a_crash_left_open_is_taken_up_again(acme: AcmeInstallation, widgets: ScenarioRepository) -> None:
    acme.github.inject_fault(Fault.DROP, "/check-runs/", method="PATCH")
    with pytest.raises(RetryLaterError):
        acme.check(widgets)
    assert [run.status for run in runs(widgets)] == ["in_progress"]
    run_job(acme.context, SweepCheckRuns())
    assert queue_lengths(acme.redis)["check"] == 0  # it may still be at work
    notes = OpenCheckRunStore(acme.redis)
    (note,) = notes.begun_before(time.time())
    notes.close(note)
    notes.open(note, time.time() - 700)
    run_job(acme.context, SweepCheckRuns())
    assert queue_lengths(acme.redis)["check"] == 1
    assert acme.check(widgets, recheck=True).status == "completed"
    assert list(notes.begun_before(time.time())) == []


def test_when_we_break_the_run_says_so_and_the_next_event_tries_again(acme: AcmeInstallation) -> None:
    """A fact without content among those about commands stands for any fault of ours."""
    widgets = acme.organization.repository(
        "widgets", {RELEASE_WORKFLOW_PATH: publishing(1) + "      - run: twine upload dist/*\n"}
    )
    spoiled = Catalog(tuple(CATALOG.registries.values()), broker_commands=(cast("CommandFact", None),))
    check = CheckCommit(*acme.names(widgets), widgets.head)
    run_job(replace(acme.context, catalog=spoiled), check)
    (run,) = runs(widgets)
    assert (run.status, run.conclusion) == ("completed", "neutral")
    assert "error:" in str(run.title)
    run_job(acme.context, check)
    assert "error:" not in str(runs(widgets)[-1].title)
