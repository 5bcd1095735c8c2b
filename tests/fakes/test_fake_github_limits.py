"""The stand-in's limits, faults on request and conditional requests."""

from collections.abc import Iterator

import httpx
import pytest

from tests.fakes.github import api_callers
from tests.fakes.github.fake_github import FakeGitHub
from tests.fakes.github.http_api.fake_rate_limits import CONTENT_A_MINUTE
from tests.fakes.github.http_api.faults import Fault
from tests.fakes.github.state.apps import FakeInstallation

LIST = "/installation/repositories"


@pytest.fixture
def github() -> Iterator[FakeGitHub]:
    with FakeGitHub() as github:
        acme = github.organization("acme")
        acme.repository("widgets")
        github.install(acme)
        yield github


@pytest.fixture
def installation(github: FakeGitHub) -> FakeInstallation:
    return next(iter(github.world.installations.values()))


@pytest.fixture
def client(github: FakeGitHub, installation: FakeInstallation) -> Iterator[httpx.Client]:
    with api_callers.installation_client(github, installation) as client:
        yield client


def test_each_request_takes_from_the_hour(client: httpx.Client) -> None:
    left = [int(client.get(LIST).headers["x-ratelimit-remaining"]) for _ in range(3)]
    assert left == [4999, 4998, 4997]


def test_looking_at_the_limit_is_free(client: httpx.Client) -> None:
    client.get(LIST)
    for _ in range(3):
        shown = client.get("/rate_limit").json()["resources"]["core"]
    assert (shown["limit"], shown["remaining"]) == (5000, 4999)


def test_the_hour_grows_with_the_organization(github: FakeGitHub, installation: FakeInstallation) -> None:
    acme = github.organization("acme")
    for number in range(24):
        acme.repository(f"r{number}")
    github.clock.advance(hours=1)
    with api_callers.installation_client(github, installation) as later:
        assert later.get(LIST).headers["x-ratelimit-limit"] == str(5000 + 5 * 50)


def test_a_spent_hour_is_over_when_it_ends(
    github: FakeGitHub, installation: FakeInstallation, client: httpx.Client
) -> None:
    github.rate_limits.exhaust(installation)
    refused = client.get(LIST)
    assert (refused.status_code, refused.headers["x-ratelimit-remaining"]) == (403, "0")
    assert "rate limit exceeded" in refused.json()["message"]
    github.clock.advance(hours=1)
    with api_callers.installation_client(github, installation) as later:
        assert later.get(LIST).status_code == 200


def test_what_has_not_changed_costs_nothing(client: httpx.Client) -> None:
    first = client.get(LIST)
    again = client.get(LIST, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get(LIST).headers["x-ratelimit-used"] == "2"


def test_another_token_does_not_know_the_etag(
    github: FakeGitHub, installation: FakeInstallation, client: httpx.Client
) -> None:
    etag = client.get(LIST).headers["etag"]
    with api_callers.installation_client(github, installation) as other:
        assert other.get(LIST, headers={"If-None-Match": etag}).status_code == 200


def test_too_many_words_a_minute_are_refused(github: FakeGitHub, client: httpx.Client) -> None:
    answers = [
        client.post("/repos/acme/widgets/issues", json={"title": str(number)}) for number in range(CONTENT_A_MINUTE + 1)
    ]
    assert [answer.status_code for answer in answers] == [201] * CONTENT_A_MINUTE + [403]
    assert "secondary rate limit" in answers[-1].json()["message"]
    assert 0 < int(answers[-1].headers["retry-after"]) <= 60
    github.clock.advance(minutes=1)
    assert client.post("/repos/acme/widgets/issues", json={"title": "later"}).status_code == 201


def test_too_many_requests_a_minute_are_refused(client: httpx.Client) -> None:
    statuses = [client.get("/repos/acme/widgets/topics").status_code for _ in range(901)]
    assert statuses.count(403) == 1


def test_a_server_of_ones_own_has_no_limits() -> None:
    with FakeGitHub(enterprise=True) as github:
        acme = github.organization("acme")
        acme.repository("widgets")
        with api_callers.installation_client(github, github.install(acme)) as client:
            answers = {
                client.post("/repos/acme/widgets/issues", json={"title": str(number)}).status_code
                for number in range(90)
            }
            asked = client.get("/rate_limit")
            told = [each for each in asked.headers if each.startswith("x-ratelimit")]
    assert answers == {201}
    assert (asked.status_code, asked.json()["message"], told) == (404, "Rate limiting is not enabled.", [])


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (Fault.BAD_GATEWAY, 502),
        (Fault.UNAVAILABLE, 503),
        (Fault.SERVER_ERROR, 500),
        (Fault.SECONDARY, 403),
        (Fault.SECONDARY_SILENT, 403),
        (Fault.PRIMARY, 403),
        (Fault.BAD_CREDENTIALS, 401),
        (Fault.NOT_FOUND, 404),
        (Fault.NOT_JSON, 200),
    ],
)
def test_the_next_requests_fail_as_ordered(github: FakeGitHub, client: httpx.Client, fault: Fault, status: int) -> None:
    github.inject_fault(fault, "/installation/", times=2, skip=1)
    assert [client.get(LIST).status_code for _ in range(4)] == [200, status, status, 200]
    assert client.get("/repos/acme/widgets").status_code == 200


def test_a_fault_can_be_for_one_method(github: FakeGitHub, client: httpx.Client) -> None:
    github.inject_fault(Fault.BAD_GATEWAY, "/issues", method="POST")
    assert client.get("/repos/acme/widgets/issues").status_code == 200
    assert client.post("/repos/acme/widgets/issues", json={"title": "x"}).status_code == 502


def test_a_hanging_request_gets_no_answer(github: FakeGitHub, client: httpx.Client) -> None:
    github.inject_fault(Fault.HANG, LIST)
    with pytest.raises(httpx.ReadTimeout):
        client.get(LIST, timeout=0.05)


def test_a_dropped_request_was_not_done_and_a_lost_answer_was(github: FakeGitHub, client: httpx.Client) -> None:
    for fault, issues in ((Fault.DROP, 0), (Fault.DROP_AFTER, 1)):
        github.inject_fault(fault, "/issues", method="POST")
        with pytest.raises(httpx.RemoteProtocolError):
            client.post("/repos/acme/widgets/issues", json={"title": "x"})
        assert len(github.repository("acme/widgets").issues) == issues


def test_calls_are_counted(github: FakeGitHub, client: httpx.Client) -> None:
    client.get(LIST)
    client.get("/repos/acme/widgets/commits/main")
    assert github.count("GET /repos/{owner}/{repo}/commits/{ref}") == 1
    assert github.calls[-2:] == ["GET /installation/repositories", "GET /repos/{owner}/{repo}/commits/{ref}"]
