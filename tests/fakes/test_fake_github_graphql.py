"""The stand-in's GraphQL: GitHub's schema, its costs, its partial answers."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.fakes.github import api_callers
from tests.fakes.github.fake_github import FakeGitHub
from tests.fakes.github.http_api.faults import Fault
from tests.fakes.github.scenario.scenario_repository import ScenarioRepository
from tests.fakes.github.state.apps import FakeInstallation

WORKFLOW = ".github/workflows/release.yml"


@dataclass(frozen=True, slots=True)
class GraphQLScenario:
    """acme/widgets and somebody who asks."""

    github: FakeGitHub
    widgets: ScenarioRepository
    installation: FakeInstallation
    client: httpx.Client

    def ask(self, query: str, **variables: object) -> Any:  # noqa: ANN401 - the whole answer
        answer = self.client.post("/graphql", json={"query": query, "variables": variables})
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
def scene() -> Iterator[GraphQLScenario]:
    with FakeGitHub() as github:
        acme = github.organization("acme")
        files: dict[str, str | bytes | None] = {
            WORKFLOW: "on: push\n",
            "logo.png": b"\x89PNG\0\0",
            "big.txt": "x" * 600_000,
        }
        widgets = acme.repository("widgets", files)
        installation = github.install(acme)
        with api_callers.installation_client(github, installation) as client:
            yield GraphQLScenario(github, widgets, installation, client)


FOLDER = """
query($at: String!) {
  repository(owner: "acme", name: "widgets") {
    defaultBranchRef { name target { oid } }
    folder: object(expression: $at) { ... on Tree { entries { name type mode object { ... on Blob { text oid } } } } }
    logo: object(expression: "HEAD:logo.png") { ... on Blob { isBinary text byteSize } }
    big: object(expression: "HEAD:big.txt") { ... on Blob { isTruncated byteSize } }
    missing: object(expression: "HEAD:nothing") { oid }
  }
  rateLimit { cost remaining nodeCount }
}
"""


def test_one_query_reads_a_folder_with_its_files(scene: GraphQLScenario) -> None:
    data = scene.ask(FOLDER, at=f"{scene.widgets.head}:.github/workflows")["data"]
    repository = data["repository"]
    assert repository["defaultBranchRef"] == {"name": "main", "target": {"oid": scene.widgets.head}}
    entry = repository["folder"]["entries"][0]
    assert (entry["name"], entry["type"], entry["mode"], entry["object"]["text"]) == (
        "release.yml", "blob", 0o100644, "on: push\n",
    )  # fmt: skip
    assert repository["logo"] == {"isBinary": True, "text": None, "byteSize": 6}
    assert repository["big"] == {"isTruncated": True, "byteSize": 600_000}
    assert repository["missing"] is None
    assert data["rateLimit"] == {"cost": 1, "remaining": 4999, "nodeCount": 0}
    assert scene.github.contract_violations == []


def test_what_the_token_may_not_read_is_missing_and_the_rest_is_there(scene: GraphQLScenario) -> None:
    query = (
        """{ repository(owner: "acme", name: "widgets") { databaseId object(expression: "HEAD:big.txt") { oid } } }"""
    )
    scene.github.revoke_permissions(scene.installation, "contents")
    with api_callers.installation_client(scene.github, scene.installation) as client:
        answer = client.post("/graphql", json={"query": query}).json()
    assert answer["data"]["repository"] == {"databaseId": scene.widgets.id, "object": None}
    assert [(error["type"], error["path"], error["message"]) for error in answer["errors"]] == [
        ("FORBIDDEN", ["repository", "object"], "Resource not accessible by integration")
    ]


def test_a_repository_that_is_not_to_be_seen_is_not_found(scene: GraphQLScenario) -> None:
    scene.github.user("eve").repository("diary")
    answer = scene.ask("""{ repository(owner: "eve", name: "diary") { id } }""")
    assert answer["data"] == {"repository": None}
    assert answer["errors"][0]["type"] == "NOT_FOUND"
    assert answer["errors"][0]["message"] == "Could not resolve to a Repository with the name 'eve/diary'."


def test_topics_can_be_asked_for(scene: GraphQLScenario) -> None:
    scene.widgets.set_topics("publishing", "python")
    query = """{ repository(owner: "acme", name: "widgets") { repositoryTopics(first: 20) { nodes { topic { name } } } } }"""
    nodes = scene.ask(query)["data"]["repository"]["repositoryTopics"]["nodes"]
    assert [node["topic"]["name"] for node in nodes] == ["publishing", "python"]


def test_environments_come_with_what_protects_them(scene: GraphQLScenario) -> None:
    scene.widgets.environment("pypi", reviewers=["alice"], prevent_self_review=True, tags=["v*"])
    query = """{ repository(owner: "acme", name: "widgets") { environments(first: 20) { nodes { name
      protectionRules(first: 6) { nodes { type preventSelfReview reviewers(first: 6) { nodes { ... on User { login } } } } } } } } }"""
    nodes = scene.ask(query)["data"]["repository"]["environments"]["nodes"]
    reviewers, policy = nodes[0]["protectionRules"]["nodes"]
    assert (nodes[0]["name"], reviewers["type"], policy["type"]) == ("pypi", "REQUIRED_REVIEWERS", "BRANCH_POLICY")
    assert reviewers["reviewers"]["nodes"] == [{"login": "alice"}]
    assert reviewers["preventSelfReview"] is True


NESTED = """{ organization(login: "acme") { repositories(first: %d) { nodes { environments(first: %d) { nodes {
  protectionRules(first: 6) { nodes { type } } } } } pageInfo { endCursor hasNextPage } } } rateLimit { cost nodeCount } }"""


def test_a_query_costs_by_the_pages_it_could_need(scene: GraphQLScenario) -> None:
    rate = scene.ask(NESTED % (25, 20))["data"]["rateLimit"]
    assert rate == {"cost": round((1 + 25 + 25 * 20) / 100), "nodeCount": 25 + 25 * 20 + 25 * 20 * 6}


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        (NESTED % (101, 1), "EXCESSIVE_PAGINATION"),
        (NESTED % (100, 10), None),
        (
            """{ a: organization(login: "acme") { repositories(first: 100) { nodes { environments(first: 100) { nodes {
             protectionRules(first: 100) { nodes { type } } } } } } } }""",
            "MAX_NODE_LIMIT_EXCEEDED",
        ),
        (
            """{ repository(owner: "acme", name: "widgets") { environments { totalCount } } }""",
            "MISSING_PAGINATION_BOUNDARIES",
        ),
    ],
)
def test_a_query_without_bounds_is_refused(scene: GraphQLScenario, query: str, kind: str | None) -> None:
    answer = scene.ask(query)
    assert [error["type"] for error in answer.get("errors", [])] == ([kind] if kind else [])


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("{ repository(", "Parse error"),
        ("""{ repository(owner: "acme", name: "widgets") { invented } }""", "Cannot query field 'invented'"),
        ("""{ repository(owner: "acme") { id } }""", "of type 'String!' is required"),
    ],
)
def test_a_query_that_the_schema_refuses_is_refused(scene: GraphQLScenario, query: str, says: str) -> None:
    answer = scene.ask(query)
    assert says in answer["errors"][0]["message"]
    assert "data" not in answer
    assert len(scene.github.contract_violations) == 1


def test_what_the_stand_in_lacks_it_says(scene: GraphQLScenario) -> None:
    query = {"query": """{ repository(owner: "acme", name: "widgets") { stargazerCount } }"""}
    assert scene.client.post("/graphql", json=query).status_code == 501
    assert scene.client.post("/graphql", json={"query": "mutation { x }"}).status_code == 501
    assert scene.github.missing_operations == ["Repository.stargazerCount", "GraphQL mutations"]


def test_a_spent_budget_is_an_error_with_status_200(scene: GraphQLScenario) -> None:
    scene.github.rate_limits.exhaust(scene.installation, "graphql")
    answer = scene.ask("{ viewer { login } }")
    assert answer["errors"][0]["type"] == "RATE_LIMITED"


def test_a_list_is_read_page_by_page(scene: GraphQLScenario) -> None:
    for number in range(5):
        scene.github.organization("acme").repository(f"r{number}")
    query = """query($after: String) { organization(login: "acme") { repositories(first: 4, after: $after) {
      totalCount nodes { name } pageInfo { endCursor hasNextPage } } } }"""
    first = scene.ask(query)["data"]["organization"]["repositories"]
    second = scene.ask(query, after=first["pageInfo"]["endCursor"])["data"]["organization"]["repositories"]
    assert (first["totalCount"], len(first["nodes"]), first["pageInfo"]["hasNextPage"]) == (6, 4, True)
    assert (len(second["nodes"]), second["pageInfo"]["hasNextPage"]) == (2, False)


def test_nobody_asks_without_a_token_and_faults_strike_here_too(scene: GraphQLScenario) -> None:
    with api_callers.app_client(scene.github) as app:
        assert app.post("/graphql", json={"query": "{ viewer { login } }"}).status_code == 401
    scene.github.inject_fault(Fault.BAD_GATEWAY, "/graphql")
    assert scene.client.post("/graphql", json={"query": "{ viewer { login } }"}).status_code == 502
