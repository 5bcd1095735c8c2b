"""What people do in GitHub's settings, as GitHub tells it: what it touches is looked at anew, what was kept is forgotten."""

from collections.abc import Iterator

import pytest
from redis import Redis

from bot.github.settings import OrganizationCache
from bot.github.settings.organization_api import MEMBERS, TEAMS, TOKENS
from bot.model.core_types import FullName, InstallationId, RepositoryId
from handlers.jobs.job_table import run_job
from handlers.queue.job_specs import CheckBranch, DropToken, OrganizationChange, OrganizationChanged
from handlers.web.delivery import sent_by_this_app
from tests.app.acme import (
    CREATE_TOKEN,
    RELEASE_WORKFLOW_PATH,
    STORED_TOKEN,
    WITHOUT_PUBLICATION,
    AcmeInstallation,
    acme_on,
    policy,
)


@pytest.fixture
def acme(redis: Redis) -> Iterator[AcmeInstallation]:
    with acme_on(redis, policy=policy()) as acme:
        yield acme


def waiting(acme: AcmeInstallation) -> list[str]:
    ids: list[bytes] = acme.redis.lrange("rq:queue:sweep", 0, -1)  # type: ignore[assignment]  # bytes; the client's types know no better
    return [each.decode() for each in ids]


def check_branch_job_id(acme: AcmeInstallation, number: int, name: str) -> str:
    return CheckBranch(acme.id, RepositoryId(number), FullName(name)).deduplication_key


def settings_cache(acme: AcmeInstallation) -> OrganizationCache:
    return OrganizationCache(acme.client.installation(InstallationId(acme.id)), acme.redis, "acme")


def test_people_who_come_and_go_make_us_look_at_what_publishes_and_at_nothing_else(acme: AcmeInstallation) -> None:
    widgets = acme.organization.repository("widgets", {RELEASE_WORKFLOW_PATH: STORED_TOKEN})
    docs = acme.organization.repository("docs", {".github/workflows/test.yml": WITHOUT_PUBLICATION})
    for repository in (widgets, docs):
        run_job(acme.context, CheckBranch(*acme.names(repository)))
    run_job(acme.context, OrganizationChanged(acme.id, "acme", OrganizationChange.PEOPLE))
    assert waiting(acme) == [check_branch_job_id(acme, widgets.id, "acme/widgets")]


@pytest.mark.parametrize(
    ("change", "forgotten"),
    [
        (OrganizationChange.PEOPLE, {MEMBERS, TEAMS}),
        (OrganizationChange.TOKENS, {TOKENS}),
        (OrganizationChange.PERMISSIONS, {MEMBERS, TEAMS, TOKENS}),
        (OrganizationChange.RULES, set()),
    ],
)
def test_what_was_kept_of_the_organization_is_asked_for_again(
    acme: AcmeInstallation, change: OrganizationChange, forgotten: set[str]
) -> None:
    for name in (MEMBERS, TEAMS, TOKENS):
        settings_cache(acme).get(name, lambda: [{"old": True}])
    run_job(acme.context, OrganizationChanged(acme.id, "ACME", change))
    for name in (MEMBERS, TEAMS, TOKENS):
        (found,) = settings_cache(acme).get(name, lambda: [{"old": False}])
        assert found == {"old": name not in forgotten}


def test_the_token_with_the_old_permissions_is_dropped(acme: AcmeInstallation) -> None:
    widgets = acme.organization.repository("widgets", {RELEASE_WORKFLOW_PATH: STORED_TOKEN})
    for _ in range(2):
        run_job(acme.context, CheckBranch(*acme.names(widgets)))
    assert acme.github.count(CREATE_TOKEN) == 1
    run_job(acme.context, DropToken(acme.id))
    run_job(acme.context, CheckBranch(*acme.names(widgets)))
    assert acme.github.count(CREATE_TOKEN) == 2


@pytest.mark.parametrize(("sender", "own"), [("wharfinger[bot]", True), ("stale[bot]", False)])
def test_what_another_bot_does_to_our_issue_is_news(sender: str, own: bool) -> None:  # noqa: FBT001 - a column of the table
    issue = {"user": {"login": "wharfinger[bot]"}, "performed_via_github_app": {"id": 7}}
    assert sent_by_this_app({"sender": {"type": "Bot", "login": sender}, "issue": issue}, 7) is own
