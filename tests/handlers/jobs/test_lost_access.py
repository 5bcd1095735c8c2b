"""What the App can no longer see is an error in the log, told once, and a figure of the diagnosis."""

import logging

import pytest
from redis import Redis

from bot.model.core_types import RepositoryId
from handlers.cache.diagnoses import DiagnosisStore
from handlers.jobs.job_table import run_job
from handlers.queue.job_specs import Diagnose, ForgetRepository
from tests.app.acme import RELEASE_WORKFLOW_PATH, TRUSTED_PUBLISHING, AcmeInstallation, acme_on


def errors_of(caplog: pytest.LogCaptureFixture) -> str:
    return "\n".join(each.getMessage() for each in caplog.records if each.levelno >= logging.ERROR)


def missing(acme: AcmeInstallation) -> set[str]:
    """Diagnose, and return what is missing."""
    run_job(acme.context, Diagnose())
    stored = DiagnosisStore(acme.redis).get()
    assert stored is not None
    return {each.what for each in stored.missing}


def test_a_suspended_installation_is_an_error_once(redis: Redis, caplog: pytest.LogCaptureFixture) -> None:
    with acme_on(redis) as acme:
        before = missing(acme)
        caplog.clear()
        acme.github.suspend(acme.installation)

        assert missing(acme) - before == {"installation on acme"}
        assert "installation on acme: it is suspended" in errors_of(caplog)
        caplog.clear()
        missing(acme)
        assert "installation on acme" not in errors_of(caplog)


def test_a_withdrawn_permission_is_an_error(redis: Redis, caplog: pytest.LogCaptureFixture) -> None:
    with acme_on(redis) as acme:
        before = missing(acme)
        caplog.clear()
        acme.github.revoke_permissions(acme.installation, "issues")

        assert missing(acme) - before == {"installation on acme, permission issues: write"}
        assert "permission issues: write" in errors_of(caplog)


def test_a_repository_that_left_is_an_error_and_one_never_checked_is_not(
    redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    with acme_on(redis) as acme:
        widgets = acme.organization.repository("widgets", {RELEASE_WORKFLOW_PATH: TRUSTED_PUBLISHING})
        acme.check(widgets, widgets.head)
        run_job(acme.context, ForgetRepository(acme.id, RepositoryId(widgets.id)))
        assert "acme/widgets was deleted or taken out of the installation" in errors_of(caplog)

        caplog.clear()
        run_job(acme.context, ForgetRepository(acme.id, RepositoryId(widgets.id)))
        assert errors_of(caplog) == ""
