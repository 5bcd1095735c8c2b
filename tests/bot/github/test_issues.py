"""Our issues on GitHub: found by their hidden markers, opened once, never mistaken for somebody else's."""

from collections.abc import Iterator

import pytest
from redis import Redis

from bot.github.github_errors import MissingError
from bot.github.issues import AppIssues
from bot.github.rate_limits import count_content_write
from bot.model.core_types import FullName
from bot.model.errors import RetryLaterError
from bot.rendering.markdown import HiddenMetadata
from tests.app.acme import AcmeInstallation, acme_on
from tests.fakes.github.http_api.faults import Fault
from tests.fakes.github.scenario.scenario_repository import ScenarioRepository
from tests.repository.test_app_manifest import MANIFEST

MARKER = HiddenMetadata("publishing", "repository-31", {"facts": "abc", "reminded": "7"})
OPENED = "POST /repos/{owner}/{repo}/issues"
CREATE_COMMENT = "POST /repos/{owner}/{repo}/issues/{issue_number}/comments"
CHANGED = "PATCH /repos/{owner}/{repo}/issues/{issue_number}"


@pytest.fixture
def acme(redis: Redis) -> Iterator[AcmeInstallation]:
    with acme_on(redis, permissions={**MANIFEST["default_permissions"], "issues": "write"}) as acme:
        yield acme


@pytest.fixture
def widgets(acme: AcmeInstallation) -> ScenarioRepository:
    return acme.organization.repository("widgets")


def ours(acme: AcmeInstallation, name: str = "acme/widgets") -> AppIssues:
    return AppIssues(acme.client.installation(acme.id), acme.redis, FullName(name))


def open_(acme: AcmeInstallation) -> int:
    return ours(acme).open(MARKER, "Publishing", "It does not hold").number


def test_a_marker_is_read_as_it_was_written() -> None:
    body = MARKER.attach_to("words\n<!-- wharfinger publishing repository-32 -->")
    assert HiddenMetadata.parse(body) == MARKER
    assert HiddenMetadata.parse(body.replace("\n", "\r\n")) == MARKER
    assert "repository-32" not in HiddenMetadata("publishing", "repository-33").attach_to(body)
    assert HiddenMetadata.parse("<!-- wharfinger publishing -->") is None
    with pytest.raises(ValueError, match="plain words"):
        str(HiddenMetadata("publishing", "x --> <b>"))


def test_an_issue_is_opened_once_and_found_again_even_by_a_redis_that_knows_nothing(
    acme: AcmeInstallation, widgets: ScenarioRepository
) -> None:
    number = open_(acme)
    assert open_(acme) == number
    acme.redis.flushall()
    found = ours(acme).find("publishing", "repository-31")
    assert found is not None
    assert (found.number, found.is_open, found.metadata) == (number, True, MARKER)
    assert ours(acme).find("publishing", "repository-32") is None
    assert len(widgets.issues) == acme.github.count(OPENED) == 1


def test_what_is_remembered_takes_one_call(acme: AcmeInstallation, widgets: ScenarioRepository) -> None:
    open_(acme)
    before = len(acme.github.calls)
    assert ours(acme).find("publishing", "repository-31") is not None
    assert ours(acme).find("publishing", "repository-32") is None
    assert acme.github.calls[before:] == ["GET /repos/{owner}/{repo}/issues/{issue_number}"]
    assert widgets.issues[0].title == "Publishing"


def test_a_marker_in_somebodys_issue_is_nothing_to_us(acme: AcmeInstallation, widgets: ScenarioRepository) -> None:
    widgets.open_issue("Look", MARKER.attach_to("mine"), by="mallory")
    assert ours(acme).find("publishing", "repository-31") is None
    assert open_(acme) == 2
    assert ours(acme).read(1) is None


def test_a_marker_that_was_edited_away_is_put_back_at_the_next_change(
    acme: AcmeInstallation, widgets: ScenarioRepository
) -> None:
    number = open_(acme)
    widgets.edit(number, body="Nothing to see", by="mallory")
    found = ours(acme).find("publishing", "repository-31")
    assert found is not None
    ours(acme).update(found, MARKER.attach_to("again"))
    acme.redis.flushall()
    assert ours(acme).find("publishing", "repository-31") is not None


def test_the_same_is_not_written_nor_said_twice(acme: AcmeInstallation, widgets: ScenarioRepository) -> None:
    issue = ours(acme).open(MARKER, "Publishing", "It does not hold")
    for _ in range(2):
        ours(acme).comment_once(issue, "reminder-7", "Seven days")
        assert ours(acme).update(issue, issue.body, is_open=True) == issue
    assert [each.body.splitlines()[1:] for each in widgets.issues[0].comments] == [["Seven days"]]
    assert acme.github.count(CHANGED) == 0


def test_an_answer_that_is_lost_opens_no_second_issue(acme: AcmeInstallation, widgets: ScenarioRepository) -> None:
    acme.github.inject_fault(Fault.DROP_AFTER, "/issues$", method="POST")
    with pytest.raises(RetryLaterError):
        open_(acme)
    assert open_(acme) == 1
    assert len(widgets.issues) == 1


def test_two_at_once_do_not_open_two(acme: AcmeInstallation, widgets: ScenarioRepository) -> None:
    assert acme.redis.set(f"{ours(acme)._key}:opening", "somebody else")  # noqa: SLF001 - the other worker's side of it
    with pytest.raises(RetryLaterError, match="another worker"):
        open_(acme)
    assert widgets.issues == []


def test_a_repository_without_issues_says_so(acme: AcmeInstallation, widgets: ScenarioRepository) -> None:
    widgets.state.has_issues = False
    with pytest.raises(MissingError):
        open_(acme)


def test_content_is_written_well_below_what_github_allows(redis: Redis) -> None:
    for _ in range(30):
        count_content_write(redis, "acme", now=6000.0)
    with pytest.raises(RetryLaterError, match="30 issues and comments") as later:
        count_content_write(redis, "acme", now=6010.0)
    assert later.value.seconds == 51
    for minute in range(1, 6):
        for _ in range(30):
            count_content_write(redis, "acme", now=6000.0 + 60 * minute)
    for _ in range(20):
        count_content_write(redis, "acme", now=6600.0)
    with pytest.raises(RetryLaterError, match="200 issues and comments"):
        count_content_write(redis, "acme", now=6600.0)
