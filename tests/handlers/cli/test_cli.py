"""The command line: what a person types, what is printed, and the exit status."""

import json
import logging
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from handlers.cli.main import COMMANDS, run_command
from handlers.queue.enqueue import enqueue
from tests.app.acme import RELEASE_WORKFLOW_PATH, STORED_TOKEN, acme_on
from tests.conftest import EmbeddedRedis, environment
from tests.handlers.web.running_receiver import push_payload
from tests.handlers.worker.small_worker import ActionLog, Fail, small_worker
from tests.repository.test_app_manifest import MANIFEST

Out = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    handlers, level = logging.root.handlers[:], logging.root.level
    yield
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


@pytest.fixture
def environ(monkeypatch: pytest.MonkeyPatch, redis_url: str, tmp_path: Path) -> pytest.MonkeyPatch:
    """The environment of an App that is set up."""
    for name, value in environment(REDIS_URL=redis_url, WHARFINGER_DATA=str(tmp_path)).items():
        monkeypatch.setenv(name, value)
    return monkeypatch


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_there_and_tells_how_it_is_used(name: str, capsys: Out) -> None:
    run, _ = COMMANDS[name].load()
    assert callable(run)
    with pytest.raises(SystemExit) as left:
        run_command([name, "--help"])
    assert left.value.code == 0
    text = capsys.readouterr().out
    assert f"usage: wharfinger {name}" in text
    description, _, rest = text.partition("\nExample:\n  wharfinger ")
    assert ". For " in description.replace("\n", " ")  # for whom it is
    example, _, status = rest.partition("\n\nExit status:\n  ")
    assert example.split()[0] == name
    assert status.startswith("0: ")


def test_without_a_command_all_are_listed(capsys: Out) -> None:
    assert run_command([]) == 2
    assert run_command(["--help"]) == 0
    listed = capsys.readouterr().out
    assert all(
        re.search(rf"^ +{name}\s+{re.escape(COMMANDS[name].help[:20])}", listed, re.MULTILINE) for name in COMMANDS
    )


@pytest.mark.parametrize(
    ("line", "completions"),
    [
        ("wharfinger pol", {"policy"}),
        ("wharfinger f", {"failed-jobs", "freeze"}),
        ("wharfinger scan --fo", {"--format"}),
        ("wharfinger scan --format s", {"sarif"}),
        ("wharfinger failed-jobs ", {"list", "retry", "drop", "-h", "--help"}),
        ("wharfinger explain trusted-p", {"trusted-publishing"}),
        ("wharfinger worker --", {"--burst", "--help", "--only"}),
    ],
)
def test_a_shell_completes_commands_options_and_names(tmp_path: Path, line: str, completions: set[str]) -> None:
    file = tmp_path / "completions"
    asked = {"_ARGCOMPLETE": "1", "_ARGCOMPLETE_STDOUT_FILENAME": str(file), "_ARGCOMPLETE_SHELL": "bash"}
    asked |= {"COMP_LINE": line, "COMP_POINT": str(len(line)), "_ARGCOMPLETE_IFS": "\n"}
    ended = subprocess.run([sys.executable, "-m", "handlers.cli.main"], check=False, env=os.environ | asked)
    assert ended.returncode == 0
    assert {each.strip() for each in file.read_text().split("\n")} == completions


def test_an_unknown_command_is_told(capsys: Out) -> None:
    assert run_command(["ship"]) == 2
    assert capsys.readouterr().err == "wharfinger: there is no command 'ship'; wharfinger --help lists them\n"


@pytest.mark.parametrize(
    ("words", "unbuffered", "status"),
    [
        ("--help", "", 0),
        ("--help", "1", 0),
        ("scan --help", "", 0),
        ("explain human-approval", "", 0),
        ("policy nowhere.yml", "", 2),
    ],
)
def test_a_reader_who_has_left_is_no_error(words: str, unbuffered: str, status: int) -> None:
    reading, writing = os.pipe()
    os.close(reading)  # as in `wharfinger --help | true`
    with os.fdopen(writing, "w") as pipe:
        ended = subprocess.run(  # noqa: S603 - our own words
            [sys.executable, "-m", "handlers.cli.main", *words.split()],
            check=False, stdout=pipe, stderr=subprocess.PIPE, text=True, env=os.environ | {"PYTHONUNBUFFERED": unbuffered},
        )  # fmt: skip
    assert ended.returncode == status
    assert "BrokenPipe" not in ended.stderr


def test_the_command_line_itself_loads_nothing_heavy() -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", "import handlers.cli.main, sys; print(*sys.modules)"],
        check=True, capture_output=True, text=True,
    ).stdout.split()  # fmt: skip
    assert not {"rq", "redis", "starlette", "githubkit", "cryptography", "yaml", "argcomplete", "difflib"} & set(loaded)


@pytest.mark.parametrize("command", ["web", "worker", "clock", "redis"])
def test_without_settings_each_part_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: Out, command: str
) -> None:
    for name in environment():
        monkeypatch.delenv(name, raising=False)
    assert run_command([command]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3
    assert lines[0].startswith(f"wharfinger {command}: WHARFINGER_APP_ID is not set; it is the number")


# -- failed jobs ------------------------------------------------------------------------------------------------------


@pytest.fixture
def dead(redis: Redis, redis_url: str, tmp_path: Path) -> Redis:
    """Two pieces of work that failed for good."""
    enqueue(redis, [Fail(n) for n in (1, 2)], "guid-1")
    for n in (1, 2):
        redis.hset(f"rq:job:fail-{n}", "retries_left", 0)
    small_worker(redis_url, ActionLog(tmp_path / "book")).work(burst=True)
    return redis


@pytest.mark.usefixtures("environ", "dead")
def test_dead_letters_are_listed_with_their_delivery_and_reason(capsys: Out) -> None:
    assert run_command(["failed-jobs", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "2 failed jobs"
    assert lines[0].startswith("fail-1  check  20")
    assert "guid-1  ValueError at small_worker.py:" in lines[0]


@pytest.mark.usefixtures("environ")
def test_a_dead_letter_is_tried_again_with_all_its_attempts(dead: Redis, capsys: Out) -> None:
    assert run_command(["failed-jobs", "retry", "fail-1"]) == 0
    assert capsys.readouterr().out == "1 job enqueued again\n"
    assert dead.lrange("rq:queue:check", 0, -1) == [b"fail-1"]
    assert dead.hmget("rq:job:fail-1", "status", "retries_left", "reason") == [b"queued", b"4", None]


@pytest.mark.usefixtures("environ")
def test_dead_letters_are_dropped(dead: Redis, capsys: Out) -> None:
    assert run_command(["failed-jobs", "drop", "all"]) == 0
    assert capsys.readouterr().out == "2 jobs dropped\n"
    assert not dead.keys("rq:job:*")


@pytest.mark.usefixtures("environ", "dead")
def test_a_dead_letter_that_is_not_there_is_named(capsys: Out) -> None:
    assert run_command(["failed-jobs", "retry", "nothing"]) == 1
    assert (
        capsys.readouterr().err
        == "wharfinger failed-jobs: there is no failed job 'nothing'; `wharfinger failed-jobs list` shows them\n"
    )


def test_dead_letters_without_redis(environ: pytest.MonkeyPatch, capsys: Out) -> None:
    environ.setenv("REDIS_URL", "redis://:secret@127.0.0.1:1/0")
    assert run_command(["failed-jobs", "list"]) == 2
    assert capsys.readouterr().err == (
        "wharfinger failed-jobs: Redis at redis://***@127.0.0.1:1/0 does not answer (ConnectionError); start it, or set "
        "REDIS_URL right\n"
    )


# -- deliver ----------------------------------------------------------------------------------------------------------


def test_a_payload_is_delivered_through_the_real_handlers(
    environ: pytest.MonkeyPatch, redis: Redis, tmp_path: Path, capsys: Out
) -> None:
    with acme_on(redis) as acme:
        environ.setenv("WHARFINGER_APP_ID", str(acme.github.app.id))
        environ.setenv("WHARFINGER_PRIVATE_KEY", acme.github.private_key)
        environ.setenv("WHARFINGER_GITHUB_API", acme.github.base_url)
        widgets = acme.organization.repository("widgets", {RELEASE_WORKFLOW_PATH: STORED_TOKEN})
        payload = push_payload(widgets.head, installation=acme.id)
        payload["repository"].update(id=widgets.id, full_name=widgets.full_name)
        file = tmp_path / "push.json"
        file.write_text(json.dumps(payload))
        assert run_command(["deliver", "push", str(file)]) == 0
        assert [run.status for run in widgets.check_runs(widgets.head, "publishing")] == ["completed"]
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "push: a branch was pushed"
    assert lines[1].startswith("asks for check-commit(")
    assert lines[2] == "check-commit: done"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("[]", "the payload cannot be read: it is not an object; give the JSON as GitHub sent it"),
        ("{", "the payload cannot be read: "),
    ],
)
def test_a_payload_that_cannot_be_read_is_told(tmp_path: Path, capsys: Out, content: str, sentence: str) -> None:
    file = tmp_path / "payload.json"
    file.write_text(content)
    assert run_command(["deliver", "push", str(file)]) == 2
    assert sentence in capsys.readouterr().err


def test_a_file_that_is_not_there_is_told(capsys: Out) -> None:
    assert run_command(["deliver", "push", "/nowhere.json"]) == 2
    assert capsys.readouterr().err == (
        "wharfinger deliver: /nowhere.json cannot be read (no such file or directory); check the path\n"
    )


def test_a_dry_run_needs_no_settings(tmp_path: Path, capsys: Out) -> None:
    file = tmp_path / "push.json"
    file.write_text(json.dumps(push_payload()))
    assert run_command(["deliver", "--dry-run", "push", str(file)]) == 0
    assert "asks for check-commit(installation=5, repository=7, full_name='acme/widgets'" in capsys.readouterr().out


# -- doctor -----------------------------------------------------------------------------------------------------------


def doctor(capsys: Out) -> tuple[int, list[str]]:
    status = run_command(["doctor"])
    return status, capsys.readouterr().out.splitlines()


def test_the_doctor_finds_all_well(environ: pytest.MonkeyPatch, redis: Redis, capsys: Out) -> None:
    with acme_on(redis) as acme:
        environ.setenv("WHARFINGER_APP_ID", str(acme.github.app.id))
        environ.setenv("WHARFINGER_PRIVATE_KEY", acme.github.private_key)
        environ.setenv("WHARFINGER_GITHUB_API", acme.github.base_url)
        acme.github.deliver_to("https://wharfinger.example.com/webhook")
        acme.github.app.permissions = MANIFEST["default_permissions"]
        acme.github.app.events = MANIFEST["default_events"]
        environ.setenv("WHARFINGER_REGISTRY_ADDRESSES", "npm=https://mirror.invalid")
        environ.setenv("WHARFINGER_CONTACT", "security@acme.invalid")
        redis.sadd("rq:workers", "one")
        status, lines = doctor(capsys)
    assert lines[-1] == "ok       registries: a mirror is asked instead of npm, as security@acme.invalid"
    assert [line for line in lines if not line.startswith("ok ")] == []
    assert status == 0
    assert "ok       installation on acme: all that is needed is granted" in lines


def test_the_doctor_names_each_missing_permission_with_what_needs_it(
    environ: pytest.MonkeyPatch, redis: Redis, capsys: Out
) -> None:
    with acme_on(redis, without=("actions",)) as acme:
        environ.setenv("WHARFINGER_APP_ID", str(acme.github.app.id))
        environ.setenv("WHARFINGER_PRIVATE_KEY", acme.github.private_key)
        environ.setenv("WHARFINGER_GITHUB_API", acme.github.base_url)
        status, lines = doctor(capsys)
    assert status == 1
    (line,) = (line for line in lines if "installation on acme" in line)
    assert line.startswith("missing  installation on acme, permission actions: read: needed for ")
    assert "the rule protected-environment" in line
    assert line.endswith("an owner of the account accepts it under the App's installation")


def test_the_doctor_tells_a_key_that_github_does_not_know(
    environ: pytest.MonkeyPatch, redis: Redis, capsys: Out
) -> None:
    with acme_on(redis) as acme:
        environ.setenv("WHARFINGER_APP_ID", str(acme.github.app.id))
        environ.setenv("WHARFINGER_GITHUB_API", acme.github.base_url)
        status, lines = doctor(capsys)
    assert status == 1
    assert any(line.startswith("missing  App: GitHub does not accept the private key for App") for line in lines)


def test_the_doctor_sees_a_redis_that_may_lose_work(
    own_redis: EmbeddedRedis, environ: pytest.MonkeyPatch, capsys: Out
) -> None:
    environ.setenv("REDIS_URL", own_redis.url)
    environ.setenv("WHARFINGER_GITHUB_API", "http://127.0.0.1:1")
    with Redis.from_url(own_redis.url) as redis:
        redis.config_set("maxmemory-policy", "allkeys-lru")
        redis.config_set("appendonly", "no")
    status, lines = doctor(capsys)
    assert status == 1
    assert (
        "missing  Redis maxmemory-policy: allkeys-lru throws work away when memory is short; set it to noeviction"
        in lines
    )
    assert "missing  Redis appendonly: no: when the server ends, waiting work is lost; set it to yes" in lines
    assert "missing  workers: no worker is alive; start `wharfinger worker`, or `wharfinger run`" in lines


def test_the_doctor_without_settings_names_each(monkeypatch: pytest.MonkeyPatch, capsys: Out) -> None:
    for name in environment():
        monkeypatch.delenv(name, raising=False)
    status, lines = doctor(capsys)
    assert status == 1
    assert lines[0] == ("missing  WHARFINGER_APP_ID: is not set; it is the number on your GitHub App's settings page")
    assert lines[-1].startswith("unknown  Redis and GitHub: ")


def test_the_doctor_without_redis(environ: pytest.MonkeyPatch, capsys: Out) -> None:
    environ.setenv("REDIS_URL", "redis://127.0.0.1:1")
    status, lines = doctor(capsys)
    assert status == 1
    assert lines[1].startswith("ok       records: they are in sqlite:///")
    assert lines[2].startswith("missing  Redis: redis://127.0.0.1:1 does not answer (ConnectionError); start it")
