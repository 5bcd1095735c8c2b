"""`wharfinger run`: everything in one process group, with its own Redis; whatever dies comes back, and a stop is orderly."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import pytest
from redis import Redis
from redis.exceptions import RedisError

from handlers.config.settings import APP_VARIABLES, Settings, redis_socket
from handlers.worker.run import lock_data_folder, supervisor_configuration
from tests.app.acme import RELEASE_WORKFLOW_PATH, STORED_TOKEN
from tests.conftest import EmbeddedRedis, environment
from tests.fakes.github.fake_github import FakeGitHub
from tests.handlers.web.running_receiver import push_payload, signed_headers
from tests.handlers.web.test_registration import create_app


class RunningWharfinger:
    """The App as an administrator starts it, in a data folder of its own."""

    def __init__(self, data: Path, port: int) -> None:
        self.data = data
        self.started: list[subprocess.Popen[str]] = []
        self.url = f"http://127.0.0.1:{port}"
        self.environ = {
            "PATH": os.environ["PATH"],
            **environment(
                WHARFINGER_DATA=str(data),
                WHARFINGER_PORT=str(port),
                WHARFINGER_WORKERS="1",
                WHARFINGER_GITHUB_API="http://127.0.0.1:1",  # nobody is there: its jobs are put off
            ),
        }

    def start(self) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "handlers.cli.main", "run"],
            env=self.environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        self.started.append(process)
        return process

    def end(self) -> None:
        """End whatever a failed test left running."""
        for process in self.started:
            if process.poll() is None:
                process.terminate()
                try:
                    process.communicate(timeout=30)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.communicate()

    def is_ready(self) -> bool:
        try:
            ready = httpx.get(f"{self.url}/ready", timeout=5).status_code == 200
            return ready and bool(self.workers())
        except (httpx.TransportError, RedisError):
            return False

    def workers(self) -> dict[int, bytes]:
        """The living workers' process numbers, with their names."""
        with Redis.from_url(f"unix://{redis_socket(self.data)}") as redis:
            found = {}
            for key in redis.smembers("rq:workers"):
                pid = redis.hget(key.decode() if isinstance(key, bytes) else key, "pid")
                if isinstance(pid, bytes) and Path(f"/proc/{pid.decode()}").exists():
                    found[int(pid)] = pid
            return found


@pytest.fixture
def run(free_port: int) -> Iterator[RunningWharfinger]:
    with TemporaryDirectory(prefix="wf") as folder:
        started = RunningWharfinger(Path(folder), free_port)
        yield started
        started.end()


def wait_for(what: Callable[[], object], seconds: float = 40) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def stop(process: subprocess.Popen[str]) -> str:
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    return output


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc, which only Linux has")
def test_what_dies_comes_back_and_a_stop_is_orderly(run: RunningWharfinger) -> None:
    process = run.start()
    wait_for(run.is_ready)
    body = b"{}"
    assert httpx.post(f"{run.url}/webhook", content=body, headers=signed_headers(body, "ping")).status_code == 202
    (before,) = run.workers()
    os.kill(before, signal.SIGKILL)
    wait_for(lambda: set(run.workers()) - {before})
    output = stop(process)
    assert [line.rpartition("stopped: ")[2].split()[0] for line in output.splitlines() if "stopped: " in line] == [
        "web", "clock", "worker-0", "redis"
    ]  # fmt: skip
    assert "Traceback" not in output


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with its parent")
def test_an_owner_killed_leaves_nothing_that_is_in_the_way_and_loses_nothing(run: RunningWharfinger) -> None:
    process = run.start()
    wait_for(run.is_ready)
    with httpx.Client(base_url=run.url) as client:
        body = str(push_payload()).replace("'", '"').replace("False", "false").encode()
        assert client.post("/webhook", content=body, headers=signed_headers(body, delivery="guid-1")).status_code == 202
    process.kill()
    process.communicate()
    wait_for(lambda: not run.is_ready())  # its parts end with it, a moment later
    again = run.start()
    wait_for(run.is_ready)
    with Redis.from_url(f"unix://{redis_socket(run.data)}") as redis:
        assert redis.exists("wharfinger:delivery:guid-1")
    assert "Traceback" not in stop(again)


def test_a_second_one_in_the_same_folder_is_refused(run: RunningWharfinger) -> None:
    lock = lock_data_folder(run.data)
    second = run.start()
    output, _ = second.communicate(timeout=30)
    os.close(lock)
    assert second.returncode == 2
    assert output == (
        f"wharfinger run: WHARFINGER_DATA: another `wharfinger run` works in '{run.data}'; stop it, or name another "
        "folder\n"
    )


def test_a_port_that_is_taken_is_told_at_once(run: RunningWharfinger) -> None:
    with httpx.Client(), TemporaryDirectory() as folder:
        holder = subprocess.Popen(  # noqa: S603 - Python's own server
            [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", run.url.rpartition(":")[2]],
            cwd=folder, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        wait_for(lambda: _answers(run.url))
        process = run.start()
        output, _ = process.communicate(timeout=30)
        holder.kill()
        holder.wait()
    assert process.returncode == 2
    assert output.startswith("wharfinger run: WHARFINGER_HOST and WHARFINGER_PORT: cannot listen on 127.0.0.1:")


def _answers(url: str) -> bool:
    try:
        return httpx.get(url).status_code == 200
    except httpx.TransportError:
        return False


def test_a_server_that_is_named_and_not_there_is_told(run: RunningWharfinger) -> None:
    run.environ["WHARFINGER_REDIS_SERVER"] = "no-such-server"
    output, _ = run.start().communicate(timeout=30)
    assert output == (
        "wharfinger run: WHARFINGER_REDIS_SERVER names 'no-such-server', which cannot be run; name a server binary\n"
    )


def test_the_embedded_redis_keeps_what_it_was_given_when_it_is_killed(own_redis: EmbeddedRedis) -> None:
    with Redis.from_url(own_redis.url) as redis:
        redis.set("kept", "yes")
        own_redis.kill()
        own_redis.start()
        assert redis.get("kept") == b"yes"


def test_the_embedded_redis_listens_to_its_owner_only(own_redis: EmbeddedRedis) -> None:
    socket = redis_socket(own_redis.data)
    assert socket.stat().st_mode & 0o777 == 0o700
    assert socket.parent.stat().st_mode & 0o777 == 0o700
    with Redis.from_url(own_redis.url) as redis:
        assert redis.config_get("port") == {"port": "0"}
        assert redis.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


@pytest.mark.soak
def test_without_settings_an_app_is_registered_first_and_then_it_runs(run: RunningWharfinger) -> None:
    with FakeGitHub() as github:
        acme = github.organization("acme")
        widgets = acme.repository("widgets", {RELEASE_WORKFLOW_PATH: STORED_TOKEN})
        run.environ = {name: value for name, value in run.environ.items() if name not in APP_VARIABLES} | {
            "WHARFINGER_GITHUB_API": github.base_url,
            "WHARFINGER_GITHUB_URL": github.page_url,
        }
        process = run.start()
        assert process.stdout is not None
        printed = next(line for line in process.stdout if "/setup?token=" in line)
        address = printed.split()[-1]
        token = address.partition("token=")[2]
        wait_for(lambda: _answers(f"{run.url}/health"))
        assert httpx.get(address).status_code == 200
        second = httpx.post(f"{run.url}/setup", data={"token": token, "organization": "acme", "url": run.url})
        back = create_app(github, second.text)
        assert "Step 3 of 3" in httpx.get(back).text
        wait_for(run.is_ready)
        assert httpx.get(f"{run.url}/setup").status_code == 404
        app = github.world.apps[max(github.world.apps)]
        github.install(acme, app=app)
        wait_for(lambda: [each for each in widgets.check_runs(widgets.head, "publishing") if each.conclusion])
        assert "Traceback" not in stop(process)


@pytest.mark.parametrize(("workers", "for_gates"), [("1", False), ("3", True)])
def test_one_more_worker_takes_only_gates_where_there_are_several(
    tmp_path: Path, workers: str, *, for_gates: bool
) -> None:
    settings = Settings.from_environment(environment(WHARFINGER_DATA=str(tmp_path), WHARFINGER_WORKERS=workers))
    parts = supervisor_configuration(settings)
    assert parts.has_section("program:gate-worker") == for_gates
    if for_gates:
        assert parts["program:gate-worker"]["command"].endswith("worker --only gate")
