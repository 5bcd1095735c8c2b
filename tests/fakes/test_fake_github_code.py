"""The stand-in's code and checks: renames, links, re-runs, and a server of one's own."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.fakes.github import api_callers
from tests.fakes.github.fake_github import FakeGitHub
from tests.fakes.github.scenario.scenario_repository import ScenarioRepository

RUNS = "/repos/acme/widgets/check-runs"


@pytest.fixture
def github() -> Iterator[FakeGitHub]:
    with FakeGitHub() as github:
        yield github
        assert github.contract_violations == []


@pytest.fixture
def widgets(github: FakeGitHub) -> ScenarioRepository:
    files = {"a.txt": "1\n", ".github/workflows/release.yml": "on: push\n"}
    return github.organization("acme").repository("widgets", files)


@pytest.fixture
def client(github: FakeGitHub, widgets: ScenarioRepository) -> Iterator[httpx.Client]:
    assert widgets.full_name == "acme/widgets"
    with api_callers.installation_client(github, github.install(github.organization("acme"))) as client:
        yield client


def test_asking_again_queues_the_suite_and_leaves_the_run(widgets: ScenarioRepository, client: httpx.Client) -> None:
    made = client.post(RUNS, json={"name": "publishing", "head_sha": widgets.head, "conclusion": "failure"}).json()
    suite = f"/repos/acme/widgets/check-suites/{made['check_suite']['id']}"
    assert client.post(f"{RUNS}/{made['id']}/rerequest").status_code == 201
    assert client.get(f"{RUNS}/{made['id']}").json()["conclusion"] == "failure"
    assert (client.get(suite).json()["status"], client.get(suite).json()["conclusion"]) == ("queued", None)
    client.patch(f"{RUNS}/{made['id']}", json={"conclusion": "success"})
    assert (client.get(suite).json()["status"], client.get(suite).json()["conclusion"]) == ("completed", "success")


def test_a_moved_file_is_shown_as_renamed(widgets: ScenarioRepository, client: httpx.Client) -> None:
    before = widgets.head
    widgets.push({"a.txt": None, "b.txt": "1\n", ".github/workflows/release.yml": "on: release\n"})
    files = client.get(f"/repos/acme/widgets/compare/{before}...main").json()["files"]
    assert [(each["filename"], each["status"], each.get("previous_filename")) for each in files] == [
        (".github/workflows/release.yml", "modified", None), ("b.txt", "renamed", "a.txt"),
    ]  # fmt: skip
    assert files[0]["patch"] == "@@ -1 +1 @@\n-on: push\n+on: release"


def test_a_link_to_a_file_shows_the_file(widgets: ScenarioRepository, client: httpx.Client, tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "real.txt").write_text("real\n")
    (tmp_path / "docs" / "link.txt").symlink_to("../real.txt")
    (tmp_path / "docs" / "away").symlink_to("/etc/passwd")
    widgets.load(tmp_path)
    raw = {"Accept": "application/vnd.github.raw+json"}
    assert client.get("/repos/acme/widgets/contents/docs/link.txt", headers=raw).text == "real\n"
    away = client.get("/repos/acme/widgets/contents/docs/away").json()
    assert (away["type"], away["target"]) == ("symlink", "/etc/passwd")
    diff = client.get("/repos/acme/widgets/commits/main", headers={"Accept": "application/vnd.github.diff"})
    assert diff.status_code == 501


def test_a_server_of_ones_own_has_its_api_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "run").write_text("#!/bin/sh\n")
    (tmp_path / "bin" / "run").chmod(0o755)
    with FakeGitHub(enterprise=True) as github:
        acme = github.organization("acme")
        acme.repository("tools", tmp_path)
        with api_callers.installation_client(github, github.install(acme)) as client:
            assert str(client.base_url).endswith("/api/v3/")
            tree = client.get("/repos/acme/tools/git/trees/main", params={"recursive": "1"}).json()["tree"]
            assert [(each["path"], each["mode"]) for each in tree] == [("bin", "040000"), ("bin/run", "100755")]
        assert github.contract_violations == []
