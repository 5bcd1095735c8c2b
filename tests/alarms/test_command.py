"""`wharfinger watch`: what is watched and which alarms are open, as a person and as a program read it."""

import json

import pytest
from redis import Redis

from bot.findings import Unreadable
from bot.names import FullName
from handlers.cli import start
from handlers.untold_packages import UntoldPackages
from tests.alarms.story import MINUTE, watched
from tests.conftest import environment


def test_it_lists_packages_versions_and_alarms(
    redis_url: str, redis: Redis, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in environment(REDIS_URL=redis_url).items():
        monkeypatch.setenv(name, value)
    with watched(redis) as story:
        assert start(["watch"]) == 0
        assert capsys.readouterr().out.splitlines()[-1] == "1 watched, 0 alarms open"
        story.publish("1.0.1", by="mallory")
        story.later(2 * MINUTE)
        story.look()

    assert start(["watch"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("widgets on pypi  of acme/widgets  looked at: ")
    assert lines[1].startswith("    1.0.1          unaccounted: it has no provenance, and 1.0.0 before it has; no run")
    assert lines[2] == "    1.0.0          history"
    assert lines[-1] == "1 watched, 2 alarms open"

    assert start(["watch", "--format", "json", "--repository", "acme/widgets"]) == 1
    (package,) = json.loads(capsys.readouterr().out)["packages"]
    assert (package["name"], package["repositories"]) == ("widgets", ["acme/widgets"])
    assert {(each["kind"], each["open"], each["issue"]) for each in package["alarms"]} == {
        ("stepped-back", True, "acme/security#1"),
        ("unaccounted", True, "acme/security#2"),
    }


def test_what_another_repository_publishes_is_left_out(
    redis_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in environment(REDIS_URL=redis_url).items():
        monkeypatch.setenv(name, value)
    assert start(["watch", "--repository", "acme/else"]) == 0
    assert capsys.readouterr().out == "0 watched, 0 alarms open\n"


def test_what_could_not_be_told_is_listed(
    redis_url: str, redis: Redis, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in environment(REDIS_URL=redis_url).items():
        monkeypatch.setenv(name, value)
    UntoldPackages(redis).put(FullName("acme/tool"), (Unreadable("setup.py", "it computes the name of its project"),))

    assert start(["watch"]) == 0
    assert (
        capsys.readouterr().out.splitlines()[0]
        == "not watched of acme/tool: setup.py: it computes the name of its project"
    )
    assert start(["watch", "--format", "json", "--repository", "acme/tool"]) == 0
    (untold,) = json.loads(capsys.readouterr().out)["unwatched"]
    assert (untold["repository"], untold["file"]) == ("acme/tool", "setup.py")


def test_without_redis_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name, value in environment(REDIS_URL="redis://127.0.0.1:1").items():
        monkeypatch.setenv(name, value)
    assert start(["watch"]) == 2
    assert "start it, or set REDIS_URL right" in capsys.readouterr().err
