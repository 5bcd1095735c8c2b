"""The check run "release": from a tag to the chain of evidence, through GitHub and the registry."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from redis import Redis

from bot.model.core_types import RepositoryId
from bot.model.errors import RetryLaterError
from bot.packages.versions import TraceStatus
from handlers.jobs.job_table import run_job
from handlers.queue.enqueue import queue_lengths
from handlers.queue.job_specs import CheckRelease, SweepReleases
from handlers.records.release_store import ReleaseStore
from handlers.records.trace_store import TraceStore
from tests.app.release_scenario import FAILED_STEPS, RULES_IN_FORCE, ReleaseScenario, check_run_text, release_scenario
from tests.fakes.github.http_api.faults import Fault

ALL = (*RULES_IN_FORCE, "attested-artifacts")


def waiting(story: ReleaseScenario) -> int:
    """How many releases are going to be looked at again."""
    return len(list(ReleaseStore(story.acme.records).due(4e9)))


def test_a_release_as_it_should_be_is_green_and_shows_the_whole_chain(redis: Redis) -> None:
    with release_scenario(redis, rule_names=ALL) as story:
        run = story.run()
        story.publish(workload=story.workload(run), provenance=story.provenance_of(run))
        story.widgets.release("v1.2.0", by="alice")
        check = story.check()

        assert (check.status, check.conclusion) == ("completed", "success"), check_run_text(check)
        assert check.title == "v1.2.0: 1 version traced"
        for seen in (
            "1.2.0 of widgets on pypi, published on",
            ".github/workflows/release.yml:18, job publish: pypa/gh-action-pypi-publish, credential oidc",
            f"{run.id} of .github/workflows/release.yml for v1.2.0 ({run.head_sha[:7]}), on push by alice, success",
            "Run pypa/gh-action-pypi-publish@release/v1: it succeeded",
            "| environment | pypi |",
            "| approved by | bob |",
            f"v1.2.0 names {run.head_sha[:7]}",
            "v1.2.0 by alice, can still be changed",
            f"PyPI attestation verified of .github/workflows/release.yml in acme/widgets at refs/tags/v1.2.0, run {run.id}",
            "widgets-1.2.0-py3-none-any.whl (sha256",
        ):
            assert seen in check_run_text(check)
        assert waiting(story) == 0
        (account,) = TraceStore(story.acme.records).of_repository(RepositoryId(story.widgets.id))
        assert (account.status, account.independent_approvers) == (TraceStatus.TRACED, ("bob",))

        calls = len(story.acme.github.calls)
        assert story.check() is check
        assert len(story.acme.github.calls) - calls <= 11
        assert "POST /repos/{owner}/{repo}/check-runs" not in story.acme.github.calls[calls:]


def test_provenance_of_another_workflow_is_told_and_fails(redis: Redis) -> None:
    with release_scenario(redis, rule_names=ALL) as story:
        run = story.run()
        other = story.provenance_of(run, workflow=".github/workflows/docs.yml")
        story.publish(workload=story.workload(run), provenance=other)
        check = story.check()
        assert check.conclusion == "failure"
        assert "the workflow is .github/workflows/docs.yml, not .github/workflows/release.yml" in check_run_text(check)


def test_a_version_that_is_not_there_yet_is_awaited(redis: Redis) -> None:
    with release_scenario(redis) as story:
        run = story.run()
        check = story.check()
        assert (check.conclusion, check.title) == (
            "neutral",
            "v1.2.0: 0 of 1 version traced, 1 not on the registry yet",
        )
        assert waiting(story) == 1

        redis.delete("rq:queue:check")
        later = replace(story.context, clock=lambda: datetime.now(UTC) + timedelta(minutes=1))
        run_job(later, SweepReleases())
        assert queue_lengths(redis)["check"] == 1

        story.registries.world.outage("pypi")
        assert "pypi is out of service" in check_run_text(story.check())
        story.registries.world.recover("pypi")
        story.publish(workload=story.workload(run))
        assert story.check().title == "v1.2.0: 1 version traced"
        assert waiting(story) == 0

        story.registries.world.outage("pypi")
        assert story.check().title == "v1.2.0: 1 version traced"


def test_while_github_does_not_answer_it_is_put_off_and_not_lost(redis: Redis) -> None:
    with release_scenario(redis) as story:
        run = story.run()
        story.publish(workload=story.workload(run))
        story.acme.github.inject_fault(Fault.BAD_GATEWAY, "/jobs$", times=100)
        with pytest.raises(RetryLaterError):
            story.check()
        assert waiting(story) == 1
        story.acme.github.faults.clear()
        redis.delete(*(key for key in redis.keys("*pause*") or [b"-"]))
        assert story.check().title == "v1.2.0: 1 version traced"
        assert waiting(story) == 0


def test_a_version_whose_publish_step_was_skipped_fails_the_check(redis: Redis) -> None:
    with release_scenario(redis) as story:
        story.run(steps=FAILED_STEPS)
        story.publish()
        check = story.check()
        assert (check.conclusion, check.title) == ("failure", "v1.2.0: 0 of 1 version traced, 1 untraced")
        assert "was skipped, and yet the version is there" in check_run_text(check)


def test_only_observed_it_fails_nothing(redis: Redis) -> None:
    with release_scenario(redis, mode="observe") as story:
        story.run(steps=FAILED_STEPS)
        story.publish()
        check = story.check()
        assert (check.conclusion, check.title) == ("neutral", "v1.2.0: 0 of 1 version traced, 1 untraced")


def test_who_started_it_and_approved_it_alone_is_told(redis: Redis) -> None:
    with release_scenario(redis) as story:
        run = story.run(approved_by="alice")
        story.publish(workload=story.workload(run))
        check = story.check()
        assert check.title == "v1.2.0: 1 version traced; approved-release failed"
        assert "1.2.0 of widgets on pypi was published without a valid approval, because alice" in check_run_text(check)


def test_what_is_withheld_is_unseen_and_never_green(redis: Redis) -> None:
    with release_scenario(redis, without=("actions",)) as story:
        story.run()
        story.publish()
        check = story.check()
        assert (check.conclusion, check.title) == ("neutral", "v1.2.0: 0 of 1 version traced, 1 not traced yet")
        assert "the App was not granted actions: read" in check_run_text(check)


def test_a_tag_that_names_no_version_of_ours_gets_no_check(redis: Redis) -> None:
    with release_scenario(redis) as story:
        story.widgets.tag("nightly", by="alice")
        run_job(story.acme.context, CheckRelease(*story.acme.names(story.widgets), "nightly"))
        run_job(story.acme.context, CheckRelease(*story.acme.names(story.widgets), "gone"))
        assert story.widgets.check_runs(story.widgets.head, "release") == []
        assert waiting(story) == 0
