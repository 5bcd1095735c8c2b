"""`wharfinger packages`: what is watched and which alerts are open, as a person and as a program read it."""

import json
from pathlib import Path

import pytest
from redis import Redis

from bot.model.core_types import FullName, RegistryId
from bot.model.findings import UnreadableFile
from handlers.cache.repository_listings import UnresolvedPackageStore
from handlers.cli.main import run_command
from handlers.config.database import Database
from handlers.queue.job_specs import CheckDuePackages, CheckPackage
from tests.app.acme import adopt_policy
from tests.conftest import environment
from tests.handlers.jobs.packages.watched_package import MINUTE, policy, watched_package_scenario
from tests.handlers.web.pages.stored_records import store_status


def test_it_lists_packages_versions_and_alarms(
    redis_url: str, data: Path, redis: Redis, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in environment(REDIS_URL=redis_url, WHARFINGER_DATA=str(data)).items():
        monkeypatch.setenv(name, value)
    with watched_package_scenario(redis) as story:
        monkeypatch.setenv("WHARFINGER_DATA", str(story.acme.data))
        monkeypatch.setenv("WHARFINGER_APP_ID", str(story.acme.github.app.id))
        monkeypatch.setenv("WHARFINGER_GITHUB_API", story.acme.github.base_url)
        assert run_command(["packages"]) == 0
        assert capsys.readouterr().out.splitlines()[-1] == "1 package, 0 open alerts"
        story.publish("1.0.1", by="mallory")
        story.advance(2 * MINUTE)
        story.observe_registry()

        assert run_command(["packages"]) == 1
        lines = capsys.readouterr().out.splitlines()
        assert lines[0].startswith("widgets on pypi  of acme/widgets  last read: ")
        assert lines[1].startswith("    1.0.1          untraced: it has no provenance, and 1.0.0 before it has; no run")
        assert lines[2] == "    1.0.0          history"
        assert lines[-1] == "1 package, 2 open alerts"

        assert run_command(["packages", "--format", "json", "--repository", "acme/widgets"]) == 1
        (package,) = json.loads(capsys.readouterr().out)["packages"]
        assert (package["name"], package["repositories"]) == ("widgets", ["acme/widgets"])
        assert [(each["version"], each["trace_status"]) for each in package["versions"]] == [
            ("1.0.1", "untraced"),
            ("1.0.0", "history"),
        ]
        assert package["last_read_at"] < package["next_read_at"]
        assert {(each["kind"], each["open"], each["issue"]) for each in package["alerts"]} == {
            ("publisher-changed", True, "acme/security#1"),
            ("untraced-version", True, "acme/security#2"),
        }


def test_an_alarm_about_a_whole_registry_or_a_package_that_is_watched_no_more_is_open_too(
    redis_url: str, data: Path, redis: Redis, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in environment(REDIS_URL=redis_url, WHARFINGER_DATA=str(data)).items():
        monkeypatch.setenv(name, value)
    with watched_package_scenario(redis, packages=("gadgets",)) as story:
        monkeypatch.setenv("WHARFINGER_DATA", str(story.acme.data))
        monkeypatch.setenv("WHARFINGER_APP_ID", str(story.acme.github.app.id))
        monkeypatch.setenv("WHARFINGER_GITHUB_API", story.acme.github.base_url)
        story.check_repository()
        story.registries.world.publish("pypi", "gadgets", "9.9.9", by="mallory")
        story.advance(2 * MINUTE)
        story.run_job(CheckPackage(story.acme.id, RegistryId("pypi"), "gadgets"))
        adopt_policy(story.acme.github.repository("acme/.github"), policy())
        story.check_repository()  # gadgets is named no more
        story.registries.world.outage("pypi")
        for _ in range(2):
            story.advance(16 * MINUTE)
            story.observe_registry()
            story.run_job(CheckDuePackages())
        story.write_alerts()

        assert run_command(["packages"]) == 1
        lines = capsys.readouterr().out.splitlines()
        assert [line.partition(": ")[0] for line in lines if line.startswith("alert")] == [
            "alert (unreachable) for pypi",
            "alert (untraced-version) for gadgets on pypi",
        ]
        assert lines[-1] == "1 package, 2 open alerts"
        assert run_command(["packages", "--format", "json"]) == 1
        assert [each["kind"] for each in json.loads(capsys.readouterr().out)["alerts"]] == [
            "unreachable",
            "untraced-version",
        ]
        assert run_command(["packages", "--repository", "acme/else"]) == 2  # it is not known


def test_what_another_repository_publishes_is_left_out(
    redis_url: str, data: Path, records: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in environment(REDIS_URL=redis_url, WHARFINGER_DATA=str(data)).items():
        monkeypatch.setenv(name, value)
    store_status(records, "acme/else")
    assert run_command(["packages", "--repository", "acme/else"]) == 0
    assert capsys.readouterr().out == "0 packages, 0 open alerts\n"


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_repository_that_nobody_knows_is_not_one_without_alarms(
    redis_url: str, data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    for name, value in environment(REDIS_URL=redis_url, WHARFINGER_DATA=str(data)).items():
        monkeypatch.setenv(name, value)
    assert run_command(["packages", "--repository", "acme/typo", "--format", form]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "the App has looked at no repository 'acme/typo'" in told.err


def test_what_could_not_be_told_is_listed(
    redis_url: str, data: Path, redis: Redis, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in environment(REDIS_URL=redis_url, WHARFINGER_DATA=str(data)).items():
        monkeypatch.setenv(name, value)
    UnresolvedPackageStore(redis).put(
        FullName("acme/tool"), (UnreadableFile("setup.py", "it computes the name of its project"),)
    )

    assert run_command(["packages"]) == 0
    assert (
        capsys.readouterr().out.splitlines()[0]
        == "not monitored in acme/tool: setup.py: it computes the name of its project"
    )
    assert run_command(["packages", "--format", "json", "--repository", "acme/tool"]) == 0
    (unresolved,) = json.loads(capsys.readouterr().out)["unresolved"]
    assert (unresolved["repository"], unresolved["file"]) == ("acme/tool", "setup.py")


def test_without_redis_it_says_what_to_do(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in environment(REDIS_URL="redis://127.0.0.1:1", WHARFINGER_DATA=str(data)).items():
        monkeypatch.setenv(name, value)
    assert run_command(["packages"]) == 2
    assert "start it, or set REDIS_URL right" in capsys.readouterr().err
