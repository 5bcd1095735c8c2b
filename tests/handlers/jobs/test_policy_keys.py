"""Holds that an organization's name cannot make its policy take the place of a repository's own."""

from collections.abc import Iterator

import pytest
from redis import Redis

from bot.model.core_types import InstallationId
from handlers.jobs.job_table import run_job
from handlers.queue.job_specs import CheckCommit
from tests.app.acme import RELEASE_WORKFLOW_PATH, TRUSTED_PUBLISHING, AcmeInstallation, acme_on
from tests.fakes.github.scenario.scenario_repository import ScenarioRepository
from tests.repository.test_app_manifest import MANIFEST

OWN = "version: 1\nrules: {trusted-publishing: {severity: critical}}\n"
THEIRS = "version: 1\nrules: {trusted-publishing: off}\noverrides: any\n"
BROKEN = "version: 1\nrules: [broken\n"
POLICY = ".github/publishing.yml"


@pytest.fixture
def story(redis: Redis) -> Iterator[tuple[AcmeInstallation, ScenarioRepository]]:
    """Open the story: widgets has a policy of its own, and it was looked at."""
    with acme_on(redis) as acme:
        widgets = acme.organization.repository("widgets", {RELEASE_WORKFLOW_PATH: TRUSTED_PUBLISHING, POLICY: OWN})
        acme.check(widgets)
        yield acme, widgets


def let_a_stranger_in(acme: AcmeInstallation, login: str) -> None:
    """Install the App for another organization, and check a commit there."""
    stranger = acme.github.organization(login)
    stranger.repository(".github", {"publishing.yml": THEIRS})
    place = stranger.repository("place", {RELEASE_WORKFLOW_PATH: TRUSTED_PUBLISHING})
    installed = acme.github.install(stranger, permissions=MANIFEST["default_permissions"])
    run_job(acme.context, CheckCommit(InstallationId(installed.id), *acme.names(place)[1:], place.head))


def summary_once_its_own_is_broken(acme: AcmeInstallation, widgets: ScenarioRepository) -> str:
    widgets.push({POLICY: BROKEN})
    return acme.check(widgets).summary or ""


def test_a_broken_policy_of_its_own_leaves_the_last_valid_one_in_force(
    story: tuple[AcmeInstallation, ScenarioRepository],
) -> None:
    acme, widgets = story
    let_a_stranger_in(acme, "stranger")

    assert "trusted-publishing" in summary_once_its_own_is_broken(acme, widgets)


def test_an_organization_called_as_the_repository_is_kept_changes_nothing(
    story: tuple[AcmeInstallation, ScenarioRepository],
) -> None:
    acme, widgets = story
    let_a_stranger_in(acme, f"repository-{widgets.id}")

    assert "trusted-publishing" in summary_once_its_own_is_broken(acme, widgets)
