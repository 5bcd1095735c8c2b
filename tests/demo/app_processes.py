"""The App as an administrator starts it: `wharfinger run`, with its own Redis, web, workers and clock as real processes."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory

import httpx
from redis import Redis
from redis.exceptions import RedisError

from bot.model.core_types import FullName
from bot.rendering.digest_facts import DigestIdentity
from handlers.config.database import Database
from handlers.config.settings import SQLITE_FILE, redis_socket
from handlers.queue.enqueue import QUEUES, enqueue
from handlers.queue.job_spec import JobSpec
from handlers.queue.job_specs import CheckDuePackages
from handlers.records.installation_store import InstallationRepositoryStore
from handlers.records.report_store import DigestFactStore
from handlers.records.watch_store import WatchStore
from tests.demo.demo_registries import DemoRegistries
from tests.fakes.github.fake_github import FakeGitHub

START_TIMEOUT = 60.0  # seconds until everything is there; on an idle machine it takes three


class DemoError(Exception):
    """The demo cannot go on; its text says why in a sentence."""


@dataclass(frozen=True, slots=True)
class DemoApp:
    """A running Wharfinger."""

    process: "subprocess.Popen[bytes]"
    address: str
    data: Path
    password: str  # of its pages

    @property
    def pages(self) -> str:
        """The address of its pages, with the password in it, so that one click opens them."""
        return self.address.replace("://", f"://demo:{self.password}@") + "/"

    @property
    def log(self) -> Path:
        return self.data / "demo.log"

    def log_tail(self, lines: int = 15) -> str:
        """The end of what its processes wrote."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def failed_job_count(self) -> int:
        """How many jobs failed for good."""
        with Redis.from_url(f"unix://{redis_socket(self.data)}") as redis:
            return sum(redis.zcard(f"rq:failed:{queue}") for queue in QUEUES)

    def crashes(self) -> list[str]:
        """What supervisor says of parts that ended and should not have."""
        return [line for line in self.log.read_text(errors="replace").splitlines() if "not expected" in line]

    def idle(self) -> bool:
        """Whether no work waits, is under way or was put off."""
        with Redis.from_url(f"unix://{redis_socket(self.data)}") as redis:
            return not redis.keys("rq:job:*")

    def enqueue_job(self, spec: JobSpec) -> None:
        """Ask for a job as the clock does when its time has come."""
        with Redis.from_url(f"unix://{redis_socket(self.data)}") as redis:
            enqueue(redis, [spec])

    def make_packages_due(self) -> None:
        """Let five minutes be over: what is watched is due."""
        with self.records() as records:
            book, now = WatchStore(records), datetime.now(UTC)
            for each in book.all():
                book.postpone(each, now)
        self.enqueue_job(CheckDuePackages())

    @contextmanager
    def records(self) -> Iterator[Database]:
        """Open its records."""
        opened = Database(f"sqlite:///{self.data / SQLITE_FILE}")
        yield opened
        opened.close()

    def identities(self) -> list[tuple[FullName, tuple[DigestIdentity, ...]]]:
        """What is kept of publishing identities, by repository."""
        with self.records() as records:
            books = [
                DigestFactStore(records, installation)
                for installation in InstallationRepositoryStore(records).installations()
            ]
            return [each for book in books for each in book.identities()]

    def ready(self) -> bool:
        """Whether deliveries are taken and somebody works."""
        try:
            with Redis.from_url(f"unix://{redis_socket(self.data)}") as redis:
                return httpx.get(f"{self.address}/ready").is_success and redis.scard("rq:workers") > 0
        except (httpx.TransportError, RedisError):
            return False


@contextmanager
def running_app(github: FakeGitHub, registries: DemoRegistries) -> Iterator[DemoApp]:
    """Start the App for that GitHub and those registries, and stop it at the end; raises DemoError where it does not start or stop."""
    with TemporaryDirectory(prefix="wharfinger-demo-") as folder:
        port = _free_port()
        data = Path(folder)
        key = data / "key.pem"
        key.write_text(github.private_key)
        password = token_hex(12)
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("WHARFINGER_", "REDIS_"))}
        environ |= {
            "WHARFINGER_APP_ID": str(github.app.id), "WHARFINGER_PRIVATE_KEY_FILE": str(key), "WHARFINGER_DATA": folder,
            "WHARFINGER_WEBHOOK_SECRET": github.app.webhook_secret, "WHARFINGER_GITHUB_API": github.base_url,
            "WHARFINGER_GITHUB_URL": github.page_url, "WHARFINGER_URL": f"http://127.0.0.1:{port}", "WHARFINGER_PORT": str(port), "WHARFINGER_PAGES_TOKEN": password, **registries.settings(data),
        }  # fmt: skip
        with (data / "demo.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "handlers.cli.child", "run"], env=environ, stdout=log, stderr=log,
                start_new_session=True,  # Ctrl+C is the demo's, which stops the App itself; as a child it ends with the demo
            )  # fmt: skip
        app = DemoApp(process, f"http://127.0.0.1:{port}", data, password)
        try:
            _wait(app)
            yield app
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(90)


def _wait(app: DemoApp) -> None:
    end = time.monotonic() + START_TIMEOUT
    while not app.ready():
        if app.process.poll() is not None or time.monotonic() > end:
            raise DemoError(f"Wharfinger did not start. Its last words:\n{app.log_tail()}")
        time.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
