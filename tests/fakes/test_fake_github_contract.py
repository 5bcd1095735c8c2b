"""The stand-in keeps to GitHub's own descriptions: every answer, every delivery, in both versions."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.fakes.github import api_callers
from tests.fakes.github.contract.description import VERSIONS, rest, webhooks
from tests.fakes.github.contract.operations import OPERATIONS, ContractOperation
from tests.fakes.github.fake_clock import FakeClock
from tests.fakes.github.fake_github import FakeGitHub
from tests.fakes.github.full_organization import FullOrganization, full_organization
from tests.fakes.github.http_api.fake_rate_limits import FakeRateLimits
from tests.fakes.github.payloads import examples
from tests.fakes.github.routes.table import HANDLERS
from tests.fakes.github.scenario.scenario_organization import ScenarioOrganization
from tests.fakes.github.scenario.scenario_repository import ScenarioRepository

CONTRACT = Path(__file__).parent / "github" / "contract"
READS = [operation for operation in OPERATIONS if operation.method == "GET" and operation.access != "nobody"]


@pytest.fixture(scope="module")
def filled() -> Iterator[tuple[FakeGitHub, FullOrganization]]:
    with FakeGitHub() as github:
        github.deliver_to(f"{github.page_url}/nowhere")  # what is not sent is not in the log
        filled = full_organization(github)
        github.wait_for_deliveries()
        yield github, filled


def address(operation: ContractOperation, values: dict[str, str]) -> str:
    """The operation's path with real values; some parameters share a name and not a meaning."""
    own = dict(values)
    if "/git/" in operation.path:
        own["ref"] = "heads/main"
    if operation.path.startswith("/orgs/"):
        own |= {"secret_name": "SHARED", "name": "WHO", "ruleset_id": own["organization_ruleset"]}
    return re.sub(r"\{(\w+)\}", lambda found: own[found[1]], operation.path)


@pytest.mark.parametrize("version", VERSIONS)
def test_every_read_answers_within_the_description(filled: tuple[FakeGitHub, FullOrganization], version: str) -> None:
    github, all_of_it = filled
    repository = all_of_it.repository.state
    values = all_of_it.path_values | {
        "ref": "main",
        "secret_name": "TOKEN",
        "ruleset_id": str(next(iter(repository.rulesets))),
        "organization_ruleset": str(next(iter(repository.owner.rulesets))),
    }
    bearers = {"app": api_callers.app_client(github, version), "anyone": api_callers.api_client(github, None, version)}
    installed = api_callers.installation_client(github, all_of_it.installation, version)
    odd = []
    for operation in READS:
        answer: httpx.Response = bearers.get(operation.access, installed).get(address(operation, values))
        if answer.status_code not in (200, 204):
            odd.append(f"{operation.name}: {answer.status_code} {answer.text}")
    for client in (*bearers.values(), installed):
        client.close()
    assert odd == []
    assert github.contract_violations == []
    assert github.missing_operations == []


def test_every_delivery_of_a_full_organization_is_as_described(filled: tuple[FakeGitHub, FullOrganization]) -> None:
    github, _ = filled
    told = {delivery.event for delivery in github.deliveries}
    assert told >= {
        "push",
        "pull_request",
        "check_suite",
        "check_run",
        "workflow_run",
        "release",
        "deployment_protection_rule",
        "issues",
    }
    for delivery in github.deliveries:
        place = webhooks().pointer(delivery.event, delivery.action)
        assert place is not None
        assert webhooks().errors(place, delivery.payload) == []


def test_every_operation_of_the_table_has_an_answer() -> None:
    answered = {operation.name for operation in OPERATIONS if operation.access != "nobody"}
    assert answered - HANDLERS.keys() == {"GET /rate_limit"}
    assert HANDLERS.keys() <= {operation.name for operation in OPERATIONS}


@pytest.mark.parametrize(
    ("schema", "gone"),
    [
        ("pull-request", "merge_commit_sha"),
        ("pull-request", "assignee"),
        ("issue", "assignee"),
        ("minimal-repository", "has_downloads"),
        ("rate-limit-overview", "rate"),
    ],
)
def test_what_the_newer_version_removed_is_gone(schema: str, gone: str) -> None:
    older, newer = (rest(version).schema_at(f"/$defs/{schema}") for version in VERSIONS)
    assert gone in older["properties"]
    assert gone not in newer["properties"]
    assert gone not in newer.get("required", [])


def test_what_github_does_not_declare_is_refused() -> None:
    described = rest(VERSIONS[1])
    place = described.response_pointer("GET /repos/{owner}/{repo}/actions/secrets", 200)
    assert place is not None
    secret = {"name": "A", "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z"}
    assert described.errors(place, {"total_count": 1, "secrets": [secret]}) == []
    assert described.errors(place, {"total_count": 1, "secrets": [secret | {"value": "x"}]}) != []
    assert described.errors(place, {"total_count": 1, "secrets": [secret | {"created_at": None}]}) != []


def test_every_correction_of_the_description_names_its_source() -> None:
    overrides = json.loads((CONTRACT / "overrides.json").read_text())
    entries = [entry for kind in overrides.values() for entry in kind]
    assert len(entries) >= 5
    for entry in entries:
        assert len(entry["source"]) > 20
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", entry["date"])


def test_the_notice_names_packages_versions_and_checksums() -> None:
    notice = (CONTRACT / "NOTICE.md").read_text()
    assert notice.count("sha256") == 3
    assert "@octokit/openapi@23.0.2" in notice
    assert "MIT License" in notice


def test_the_readme_names_only_verbs_that_are_there() -> None:
    table = (CONTRACT.parent / "README.md").read_text().split("| for a story | say |")[1].split("\n\n")[0]
    verbs = {verb.split(".")[-1] for verb in re.findall(r"`([a-z_.]+)(?:\(|`)", table)}
    there = {
        name
        for thing in (FakeGitHub, ScenarioOrganization, ScenarioRepository, FakeClock, FakeRateLimits)
        for name in dir(thing)
    } | {"skew"}
    assert len(verbs) > 50
    assert verbs <= there


def test_all_example_payloads_are_there() -> None:
    every = examples()
    assert len(every) == 329
    assert len({example.event for example in every}) == 58
