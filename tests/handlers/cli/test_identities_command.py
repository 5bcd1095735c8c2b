"""The register: what GitHub holds, joined with what the policy declares, printed for people, programs and spreadsheets."""

import csv
import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from bot.model.core_types import FullName, RepositoryId
from handlers.cache.repository_listings import WorkflowRunCache
from handlers.cli.main import run_command
from tests.app.acme import RELEASE_WORKFLOW_PATH, STORED_TOKEN, TRUSTED_PUBLISHING, AcmeInstallation, acme_on
from tests.conftest import environment
from tests.fakes.github.scenario.scenario_repository import ScenarioRepository

POLICY = """version: 1
identities:
  - {secret: PYPI_TOKEN, in: acme/widgets, owner: "@mona", purpose: uploads the widgets, expires: 2099-01-01}
  - {deploy-key: long gone, in: acme/widgets, owner: "@mona", purpose: nobody knows, expires: 2099-01-01}
"""
HOSTILE = '=HYPERLINK("x")\u202e\x1b[31m'


@pytest.fixture
def acme(redis: Redis) -> Iterator[AcmeInstallation]:
    with acme_on(redis, policy=POLICY) as acme:
        yield acme


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    handlers, level = logging.root.handlers[:], logging.root.level
    yield
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


def widgets(acme: AcmeInstallation) -> ScenarioRepository:
    """A repository with one identity of each kind."""
    organization = acme.organization
    organization.member("mona")
    made = organization.repository("widgets", {RELEASE_WORKFLOW_PATH: STORED_TOKEN, ".github/workflows/npm.yml": NPM})
    made.environment("pypi", reviewers=["mona", organization.team("release", "mona")], tags=["v*"])
    made.secret("PYPI_TOKEN", age=400, rotated=100)
    made.deploy_key("ship it", read_only=False, used=3)
    organization.secret("NPM_TOKEN", repositories=[made])
    permissions = {"repository": {"contents": "write", "metadata": "read"}}
    organization.access_token("mona", "laptop", permissions, repositories=[made], expires_in=20)
    acme.check(made)
    return made


NPM = """\
on: {release: {types: [published]}}
jobs:
  publish:
    runs-on: ubuntu-latest
    permissions: {id-token: write}
    steps:
      - run: npm publish
"""


def printed(
    acme: AcmeInstallation,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    redis_url: str,
    *words: str,
) -> str:
    """Type `wharfinger identities` where the App runs, and return what it prints."""
    app, folder = str(acme.github.app.id), str(acme.data)
    monkeypatch.setenv("WHARFINGER_GITHUB_API", acme.github.base_url)
    for name, value in environment(REDIS_URL=redis_url, WHARFINGER_APP_ID=app, WHARFINGER_DATA=folder).items():
        monkeypatch.setenv(name, value)
    assert run_command(["identities", *words]) == 0
    return capsys.readouterr().out


def test_everything_that_can_publish_is_listed_with_dates_owner_and_reach(
    acme: AcmeInstallation, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], redis_url: str
) -> None:
    widgets(acme)
    document = json.loads(printed(acme, monkeypatch, capsys, redis_url, "--format", "json"))
    (repository,) = document["repositories"]
    found: dict[tuple[str, str], dict[str, Any]] = {
        (each["kind"], each["name"]): each for each in repository["identities"]
    }

    token = found["secret", "PYPI_TOKEN"]
    assert (token["owner"], token["purpose"], token["expires"]) == ("@mona", "uploads the widgets", "2099-01-01")
    assert token["created"] < token["rotated"]
    assert (token["used_by"], token["events"], token["who"]) == ([RELEASE_WORKFLOW_PATH], ["push"], "machine")
    assert token["open_to"] == "every workflow of the repository on any branch, so everybody who can push"
    assert "unexpired-identities" in token["findings"]  # 2099 is too far ahead
    assert found["secret", "NPM_TOKEN"]["open_to"].startswith("every workflow of 1 chosen repositories")
    assert found["publisher", "npm"]["events"] == ["release"]
    assert found["deploy-key", "ship it"]["last_used"]
    assert (found["token", "laptop"]["owner"], found["token", "laptop"]["who"]) == ("@mona", "human")
    assert {name for kind, name in found if kind == "person"} == {"@mona", "@acme/release"}
    assert "owned-identities" in found["deploy-key", "ship it"]["findings"]
    (gone,) = repository["absent"]
    assert (gone["name"], gone["file"], gone["line"]) == ("long gone", "acme/.github/publishing.yml", 4)
    assert repository["unknown"] == []


def test_when_a_secret_was_last_used_is_told_by_the_runs_of_its_workflows(acme: AcmeInstallation) -> None:
    made = widgets(acme)
    line = acme.client.installation(acme.id)
    run = made.start_run(RELEASE_WORKFLOW_PATH)
    runs = WorkflowRunCache(acme.redis, RepositoryId(made.id))

    assert not runs.cached()
    assert set(runs.refresh(line, FullName(made.full_name), [RELEASE_WORKFLOW_PATH, ".github/workflows/gone.yml"])) == {
        RELEASE_WORKFLOW_PATH
    }
    before = len(acme.github.calls)
    assert runs.refresh(line, FullName(made.full_name), [RELEASE_WORKFLOW_PATH]) == runs.cached()
    assert len(acme.github.calls) == before  # once a day is enough
    assert runs.cached()[RELEASE_WORKFLOW_PATH].timestamp() == pytest.approx(run.created, abs=1)


def test_people_read_text_and_spreadsheets_get_no_formulas(
    acme: AcmeInstallation, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], redis_url: str
) -> None:
    made = widgets(acme)
    made.deploy_key(HOSTILE, read_only=False)
    acme.check(made, recheck=True)

    text = printed(acme, monkeypatch, capsys, redis_url)
    assert "acme/widgets: 8 publishing identities" in text
    assert "\x1b[31m" not in text
    assert "\u202e" not in text
    assert "! owned-identities: the deploy key ship it can publish but has no owner" in text
    assert "deploy key long gone is in the register (acme/.github/publishing.yml:4), and not there" in text
    rows = list(csv.DictReader(io.StringIO(printed(acme, monkeypatch, capsys, redis_url, "--format", "csv"))))
    assert len(rows) == 8
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "-", "@"))]


def test_a_checkout_shows_what_its_files_tell_and_says_what_it_cannot(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    release = tmp_path / RELEASE_WORKFLOW_PATH
    release.parent.mkdir(parents=True)
    release.write_text(TRUSTED_PUBLISHING)
    policy = tmp_path / "publishing.yml"
    policy.write_text(
        "version: 1\nidentities: [{publisher: pypi, in: acme/tool, owner: '@mona', purpose: releases, expires: 2099-01-01}]\n"
    )
    assert run_command(["identities", str(tmp_path), "--policy", str(policy), "--repository", "acme/tool"]) == 0
    out = capsys.readouterr().out
    assert "trusted publisher pypi in pypi → pypi\n    owner     @mona\n    purpose   releases" in out
    assert "unknown: the repository's secrets (a local checkout does not show it; it takes secrets: read)" in out


def test_a_repository_that_the_app_does_not_know_is_told(
    acme: AcmeInstallation, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], redis_url: str
) -> None:
    assert "no repository yet" in printed(acme, monkeypatch, capsys, redis_url)
    widgets(acme)
    for form in ("text", "json"):
        assert run_command(["identities", "--repository", "acme/nowhere", "--format", form]) == 2
        told = capsys.readouterr()
        assert told.out == ""
        assert "the App has looked at no repository 'acme/nowhere'" in told.err
