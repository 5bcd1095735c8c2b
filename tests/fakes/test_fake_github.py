"""The stand-in for GitHub: what it refuses, and that a real client gets along with it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from githubkit import AppAuthStrategy, GitHub
from githubkit.cache import MemCacheStrategy
from githubkit_schemas.v2026_03_10.types import ReposOwnerRepoCheckRunsPostBodyPropOutputPropAnnotationsItemsType

from tests.fakes.github import api_callers
from tests.fakes.github.fake_github import FakeGitHub
from tests.fakes.github.scenario.scenario_organization import ScenarioOrganization
from tests.fakes.github.scenario.scenario_repository import ScenarioRepository
from tests.fakes.github.state.apps import FakeInstallation

ANNOTATION: ReposOwnerRepoCheckRunsPostBodyPropOutputPropAnnotationsItemsType = {
    "path": "a.txt", "start_line": 1, "end_line": 1, "annotation_level": "warning", "message": "look",
}  # fmt: skip
RUNS = "/repos/acme/widgets/check-runs"


@dataclass(frozen=True, slots=True)
class FakeGitHubScenario:
    """acme with one private repository and the App."""

    github: FakeGitHub
    acme: ScenarioOrganization
    widgets: ScenarioRepository
    installation: FakeInstallation


@pytest.fixture
def scene() -> Iterator[FakeGitHubScenario]:
    with FakeGitHub() as github:
        acme = github.organization("acme")
        widgets = acme.repository("widgets", {"a.txt": "1\n", ".github/workflows/release.yml": "on: push\n"})
        yield FakeGitHubScenario(github, acme, widgets, github.install(acme))


@pytest.fixture
def client(scene: FakeGitHubScenario) -> Iterator[httpx.Client]:
    with api_callers.installation_client(scene.github, scene.installation) as client:
        yield client


def body(scene: FakeGitHubScenario, **more: object) -> dict[str, Any]:
    return {"name": "publishing", "head_sha": scene.widgets.head, **more}


def annotations(count: int) -> dict[str, Any]:
    return {"title": "Look", "summary": "some", "annotations": [dict(ANNOTATION)] * count}


def test_a_real_client_makes_a_check_run_and_reads_it_back(scene: FakeGitHubScenario) -> None:
    auth = AppAuthStrategy(str(scene.github.app.id), scene.github.private_key)
    cache = MemCacheStrategy()
    app = GitHub(
        auth, base_url=scene.github.base_url, cache_strategy=cache, http_cache=False, auto_retry=False, timeout=5
    )
    at_work = app.with_auth(app.auth.as_installation(scene.installation.id))
    made = at_work.rest.checks.create(
        "acme", "widgets", name="publishing", head_sha=scene.widgets.head, conclusion="neutral",
        output={"title": "Look", "summary": "some", "annotations": [ANNOTATION] * 50},
    )  # fmt: skip
    assert made.parsed_data.output.annotations_count == 50
    listed = at_work.rest.checks.list_for_ref("acme", "widgets", "main").parsed_data
    assert [(run.name, run.conclusion) for run in listed.check_runs] == [("publishing", "neutral")]
    assert [run.summary for run in scene.widgets.check_runs(scene.widgets.head)] == ["some"]
    assert scene.github.contract_violations == []


def test_annotations_are_added_by_each_update(scene: FakeGitHubScenario, client: httpx.Client) -> None:
    number = client.post(RUNS, json=body(scene, status="in_progress", output=annotations(50))).json()["id"]
    updated = client.patch(f"{RUNS}/{number}", json={"conclusion": "failure", "output": annotations(3)}).json()
    assert (updated["status"], updated["output"]["annotations_count"]) == ("completed", 53)
    first = client.get(f"{RUNS}/{number}/annotations", params={"per_page": 1000})
    assert len(first.json()) == 53
    page = client.get(f"{RUNS}/{number}/annotations", params={"per_page": 50})
    assert (len(page.json()), page.links["last"]["url"].split("?")[1]) == (50, "per_page=50&page=2")


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"output": annotations(51)}, "output/annotations"),
        ({"output": {"title": "t", "summary": "s" * 65_536}}, "output/summary"),
        ({"status": "completed"}, "conclusion"),
        ({"conclusion": "splendid"}, "conclusion"),
        ({"invented": True}, "invented"),
        ({"actions": [{"label": "x" * 21, "description": "d", "identifier": "i"}]}, "actions"),
        ({"actions": [{"label": "x", "description": "d", "identifier": "i"}] * 4}, "actions"),
        ({"head_sha": "0" * 40}, "No commit found"),
        ({"head_sha": "main"}, "No commit found"),
        (
            {"output": annotations(1) | {"annotations": [dict(ANNOTATION) | {"start_line": 0}]}},
            "Validation Failed",
        ),
        (
            {"output": annotations(1) | {"annotations": [dict(ANNOTATION) | {"message": "x" * 65_537}]}},
            "Validation",
        ),
    ],
)
def test_a_check_run_that_github_would_refuse_is_refused(
    scene: FakeGitHubScenario, client: httpx.Client, wrong: dict[str, Any], says: str
) -> None:
    answer = client.post(RUNS, json=body(scene) | wrong)
    assert answer.status_code == 422
    assert says in answer.text
    assert scene.widgets.check_runs(scene.widgets.head) == []


def test_what_breaks_the_contract_is_remembered(scene: FakeGitHubScenario, client: httpx.Client) -> None:
    client.post(RUNS, json=body(scene, invented=True))
    client.get("/repos/acme/widgets/commits", params={"color": "blue"})
    assert len(scene.github.contract_violations) == 2
    assert "invented" in scene.github.contract_violations[0]
    assert "color" in scene.github.contract_violations[1]


@pytest.mark.parametrize(
    ("without", "path", "accepted"),
    [
        ("checks", "/repos/acme/widgets/commits/main/check-runs", "checks=read"),
        ("contents", "/repos/acme/widgets/contents/a.txt", "contents=read"),
        ("actions", "/repos/acme/widgets/environments", "actions=read"),
        ("secrets", "/repos/acme/widgets/actions/secrets", "secrets=read"),
        ("administration", "/repos/acme/widgets/keys", "administration=read"),
        ("organization_secrets", "/orgs/acme/actions/secrets", "organization_secrets=read"),
        ("members", "/orgs/acme/members", "members=read"),
    ],
)
def test_a_permission_that_is_missing_is_named(
    scene: FakeGitHubScenario, without: str, path: str, accepted: str
) -> None:
    scene.github.revoke_permissions(scene.installation, without)
    with api_callers.installation_client(scene.github, scene.installation) as client:
        answer = client.get(path)
    assert (answer.status_code, answer.json()["message"]) == (403, "Resource not accessible by integration")
    assert answer.headers["x-accepted-github-permissions"] == accepted


def test_what_no_app_may_read_is_refused(client: httpx.Client) -> None:
    assert client.get("/orgs/acme/packages", params={"package_type": "npm"}).status_code == 403


def test_reading_is_not_writing(scene: FakeGitHubScenario) -> None:
    with api_callers.installation_client(scene.github, scene.installation, permissions={"checks": "read"}) as client:
        assert client.get(f"{RUNS}/1").status_code == 404
        assert client.post(RUNS, json=body(scene)).status_code == 403


def test_any_one_of_several_permissions_is_enough(scene: FakeGitHubScenario) -> None:
    for name in ("issues", "pull_requests"):
        with api_callers.installation_client(scene.github, scene.installation, permissions={name: "read"}) as client:
            answer = client.get("/repos/acme/widgets/issues")
            assert (answer.status_code, answer.headers["x-accepted-github-permissions"]) == (
                200,
                "issues=read; pull_requests=read",
            )


def test_what_the_token_may_not_see_is_not_there(scene: FakeGitHubScenario, client: httpx.Client) -> None:
    scene.acme.repository("hidden")
    scene.github.select_repositories(scene.installation, scene.widgets)
    scene.github.user("eve").repository("diary")
    scene.github.user("eve").repository("blog", {"a.txt": "1"}, private=False)
    assert client.get("/repos/acme/hidden").status_code == 404
    assert client.get("/repos/eve/diary").status_code == 404
    assert client.get("/repos/acme/nothing").status_code == 404
    assert client.get("/repos/eve/blog/contents/a.txt").status_code == 200
    assert client.get("/repos/eve/blog/actions/secrets").status_code == 404
    listed = client.get("/installation/repositories").json()
    assert [each["full_name"] for each in listed["repositories"]] == ["acme/widgets"]


def test_a_narrowed_token_reaches_only_what_it_names(scene: FakeGitHubScenario) -> None:
    scene.acme.repository("gears")
    with api_callers.installation_client(scene.github, scene.installation, repositories=["gears"]) as client:
        assert client.get("/repos/acme/gears").status_code == 200
        assert client.get("/repos/acme/widgets").status_code == 404
    with api_callers.app_client(scene.github) as app:
        path = f"/app/installations/{scene.installation.id}/access_tokens"
        assert app.post(path, json={"repositories": ["nothing"]}).status_code == 422
        assert app.post(path, json={"permissions": {"contents": "write"}}).status_code == 422
        assert app.post("/app/installations/1/access_tokens").status_code == 404


def test_tokens_are_long_and_end_after_an_hour(scene: FakeGitHubScenario) -> None:
    token = api_callers.installation_token(scene.github, scene.installation)
    assert (len(token), token.startswith(f"ghs_{scene.github.app.id}_")) == (520, True)
    with api_callers.api_client(scene.github, token) as client:
        scene.github.clock.advance(minutes=59)
        assert client.get("/installation/repositories").status_code == 200
        scene.github.clock.advance(minutes=2)
        assert client.get("/installation/repositories").json()["message"] == "Bad credentials"


def test_a_token_ends_with_its_installation(scene: FakeGitHubScenario, client: httpx.Client) -> None:
    scene.github.suspend(scene.installation)
    assert client.get("/installation/repositories").json()["message"] == "This installation has been suspended"
    scene.github.unsuspend(scene.installation)
    assert client.get("/installation/repositories").status_code == 200
    scene.github.uninstall(scene.installation)
    assert client.get("/installation/repositories").status_code == 401


def other_key() -> str:
    key = rsa.generate_private_key(65537, 2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()


@pytest.mark.parametrize(
    ("made", "status", "says"),
    [
        ({}, 200, "wharfinger"),
        ({"expires": 800}, 401, "too far in the future"),
        ({"expires": -1}, 401, "Expiration time"),
        ({"issued": 300}, 401, "Issued at"),
        ({"issuer": "12345"}, 404, "Integration not found"),
        ({"key": "other"}, 401, "could not be decoded"),
    ],
)
def test_an_app_has_to_prove_itself(scene: FakeGitHubScenario, made: dict[str, Any], status: int, says: str) -> None:
    key = {"key": other_key()} if made.get("key") else {}
    with api_callers.api_client(scene.github, api_callers.app_token(scene.github, **(made | key))) as client:
        answer = client.get("/app")
    assert (answer.status_code, says in answer.text) == (status, True)


def test_a_clock_that_is_wrong_is_noticed(scene: FakeGitHubScenario) -> None:
    scene.github.clock.skew = -600
    with api_callers.app_client(scene.github) as client:
        assert "Issued at" in client.get("/app").text


def test_an_apps_own_word_and_an_installations_do_not_stand_for_each_other(
    scene: FakeGitHubScenario, client: httpx.Client
) -> None:
    assert client.get("/app").status_code == 401
    with api_callers.app_client(scene.github) as app:
        assert app.get("/installation/repositories").status_code == 401
    with api_callers.api_client(scene.github, None) as nobody:
        assert nobody.get("/installation/repositories").json()["message"] == "Requires authentication"


def test_what_the_stand_in_lacks_it_says(scene: FakeGitHubScenario, client: httpx.Client) -> None:
    assert client.get("/repos/acme/widgets/stargazers").status_code == 501
    assert client.get("/repos/acme/widgets/invented").status_code == 404
    assert scene.github.missing_operations == ["GET /repos/{owner}/{repo}/stargazers"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [({"User-Agent": ""}, 403), ({"X-GitHub-Api-Version": "2020-01-01"}, 400), ({"Accept": "text/html"}, 415)],
)
def test_what_is_no_right_request_is_refused(client: httpx.Client, headers: dict[str, str], status: int) -> None:
    assert client.get("/repos/acme/widgets", headers=headers).status_code == status


@pytest.mark.parametrize(("content", "status"), [(b"{", 400), (b"[]", 400), (b"", 422)])
def test_a_body_that_is_none_is_refused(client: httpx.Client, content: bytes, status: int) -> None:
    assert client.post(RUNS, content=content).status_code == status


def test_a_check_run_can_only_be_changed_by_its_app(scene: FakeGitHubScenario, client: httpx.Client) -> None:
    number = client.post(RUNS, json=body(scene)).json()["id"]
    other = scene.github.world.register("other", scene.github.app.owner, {"checks": "write"}, [])
    scene.widgets.check_runs(scene.widgets.head)[0].app = other.id
    assert client.patch(f"{RUNS}/{number}", json={"conclusion": "success"}).status_code == 403
