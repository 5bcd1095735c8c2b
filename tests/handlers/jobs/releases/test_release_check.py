"""The check run "release": from a tag to the chain of evidence, through GitHub and the registry."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from redis import Redis

from bot.model.core_types import RepositoryId
from bot.model.errors import LaterError
from bot.packages.versions import Standing
from handlers.cache.pending_checks import ReleaseBook
from handlers.jobs.job_table import JOBS
from handlers.queue.enqueue import lengths
from handlers.records.trace_store import AccountBook
from tests.app.release_scenario import FAILED, RULED, Release, released, shown
from tests.fakes.github.http_api.faults import Fault

ALL = (*RULED, "attested-artifacts")


def waiting(story: Release) -> int:
    """How many releases are going to be looked at again."""
    return len(list(ReleaseBook(story.acme.redis).due(4e9)))


def test_a_release_as_it_should_be_is_green_and_shows_the_whole_chain(redis: Redis) -> None:
    with released(redis, ruled=ALL) as story:
        run = story.run()
        story.publish(workload=story.workload(run), provenance=story.signed(run))
        story.widgets.release("v1.2.0", by="alice")
        check = story.check()

        assert (check.status, check.conclusion) == ("completed", "success"), shown(check)
        assert check.title == "v1.2.0: 1 version accounted for"
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
            assert seen in shown(check)
        assert waiting(story) == 0
        (account,) = AccountBook(redis).of(RepositoryId(story.widgets.id))
        assert (account.standing, account.independent_approvers) == (Standing.ACCOUNTED, ("bob",))

        calls = len(story.acme.github.calls)
        assert story.check() is check
        assert len(story.acme.github.calls) - calls <= 11
        assert "POST /repos/{owner}/{repo}/check-runs" not in story.acme.github.calls[calls:]


def test_provenance_of_another_workflow_is_told_and_fails(redis: Redis) -> None:
    with released(redis, ruled=ALL) as story:
        run = story.run()
        other = story.signed(run, workflow=".github/workflows/docs.yml")
        story.publish(workload=story.workload(run), provenance=other)
        check = story.check()
        assert check.conclusion == "failure"
        assert "the workflow is .github/workflows/docs.yml, not .github/workflows/release.yml" in shown(check)


def test_a_version_that_is_not_there_yet_is_awaited(redis: Redis) -> None:
    with released(redis) as story:
        run = story.run()
        check = story.check()
        assert (check.conclusion, check.title) == ("neutral", "v1.2.0: of 1 version, 1 not on the registry yet")
        assert waiting(story) == 1

        redis.delete("rq:queue:check")
        later = replace(story.context, clock=lambda: datetime.now(UTC) + timedelta(minutes=1))
        JOBS["sweep_releases"](later)
        assert lengths(redis)["check"] == 1

        story.registries.world.outage("pypi")
        assert "pypi is out of service" in shown(story.check())
        story.registries.world.recover("pypi")
        story.publish(workload=story.workload(run))
        assert story.check().title == "v1.2.0: 1 version accounted for"
        assert waiting(story) == 0

        story.registries.world.outage("pypi")
        assert story.check().title == "v1.2.0: 1 version accounted for"


def test_while_github_does_not_answer_it_is_put_off_and_not_lost(redis: Redis) -> None:
    with released(redis) as story:
        run = story.run()
        story.publish(workload=story.workload(run))
        story.acme.github.fail(Fault.BAD_GATEWAY, "/jobs$", times=100)
        with pytest.raises(LaterError):
            story.check()
        assert waiting(story) == 1
        story.acme.github.faults.clear()
        redis.delete(*(key for key in redis.keys("*pause*") or [b"-"]))
        assert story.check().title == "v1.2.0: 1 version accounted for"
        assert waiting(story) == 0


def test_a_version_whose_publish_step_was_skipped_fails_the_check(redis: Redis) -> None:
    with released(redis) as story:
        story.run(steps=FAILED)
        story.publish()
        check = story.check()
        assert (check.conclusion, check.title) == ("failure", "v1.2.0: of 1 version, 1 not accounted for")
        assert "was skipped, and yet the version is there" in shown(check)


def test_only_observed_it_fails_nothing(redis: Redis) -> None:
    with released(redis, mode="observe") as story:
        story.run(steps=FAILED)
        story.publish()
        check = story.check()
        assert (check.conclusion, check.title) == ("neutral", "v1.2.0: of 1 version, 1 not accounted for")


def test_who_started_it_and_approved_it_alone_is_told(redis: Redis) -> None:
    with released(redis) as story:
        run = story.run(approved_by="alice")
        story.publish(workload=story.workload(run))
        check = story.check()
        assert check.title == "v1.2.0: 1 version accounted for; approved-release does not hold"
        assert "1.2.0 of widgets on pypi left without an approval that counts: alice" in shown(check)


def test_what_is_withheld_is_unseen_and_never_green(redis: Redis) -> None:
    with released(redis, without=("actions",)) as story:
        story.run()
        story.publish()
        check = story.check()
        assert (check.conclusion, check.title) == ("neutral", "v1.2.0: of 1 version, 1 not accounted for yet")
        assert "the App was not granted actions: read" in shown(check)


def test_a_tag_that_names_no_version_of_ours_gets_no_check(redis: Redis) -> None:
    with released(redis) as story:
        story.widgets.tag("nightly", by="alice")
        JOBS["check_release"](story.acme.context, story.acme.id, story.widgets.id, "acme/widgets", "nightly")
        JOBS["check_release"](story.acme.context, story.acme.id, story.widgets.id, "acme/widgets", "gone")
        assert story.widgets.check_runs(story.widgets.head, "release") == []
        assert waiting(story) == 0
