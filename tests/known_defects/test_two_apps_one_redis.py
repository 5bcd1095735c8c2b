"""Holds that an App does not end another App's work as done when both use one Redis."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from redis import Redis

from bot.github.auth import read_app_key
from bot.github.client import GitHubClient
from bot.github.transport import GitHubServer
from bot.model.errors import WharfingerError
from handlers.config.context import Context
from handlers.jobs.job_table import run_job
from handlers.queue.job_specs import CheckCommit
from tests.app.acme import RELEASE_WORKFLOW_PATH, SHORT_TIMEOUTS, STORED_TOKEN, TOKEN_KEY, AcmeInstallation, acme_on
from tests.fakes.github.activity import installations
from tests.fakes.github.fake_github import DEFAULT_EVENTS, DEFAULT_PERMISSIONS


def of_the_first(acme: AcmeInstallation) -> Context:
    return acme.context


def of_the_second(acme: AcmeInstallation) -> Context:
    """Return what a worker of another App gets that has a number and a key of its own, and the same Redis."""
    world = acme.github.world
    other = world.register("wharfinger-two", world.account("somebody"), DEFAULT_PERMISSIONS, DEFAULT_EVENTS)
    key = read_app_key(other.id, installations.private_key_pem(other))
    phone = GitHubClient(GitHubServer(acme.github.base_url), key, acme.redis, (TOKEN_KEY,), SHORT_TIMEOUTS)
    return replace(acme.context, github=phone)


@pytest.mark.parametrize(
    "worker",
    [
        of_the_first,
        pytest.param(
            of_the_second,
            marks=pytest.mark.xfail(
                strict=True, reason="records: a second App on the same Redis ends the first App's work as done"
            ),
        ),
    ],
)
def test_a_commit_is_checked_or_its_work_is_not_done(
    redis: Redis, worker: Callable[[AcmeInstallation], Context]
) -> None:
    with acme_on(redis) as acme:
        widgets = acme.organization.repository("widgets", {RELEASE_WORKFLOW_PATH: STORED_TOKEN})
        context, refused = worker(acme), False
        try:
            run_job(context, CheckCommit(*acme.names(widgets), widgets.head))
        except WharfingerError:
            refused = True
        context.github.close()

        assert refused or widgets.check_runs(widgets.head, "publishing")
