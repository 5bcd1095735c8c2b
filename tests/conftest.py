"""What several rooms' tests stand on: a real Redis of their own, a free port, settings, a file with the App's key."""

import atexit
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import TypeAlias

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from bot.model.core_types import RegistryId
from handlers.cli.main import run_command
from handlers.config.database import Database
from handlers.config.embedded_redis import command_line, find_server, prepare_data_folder
from handlers.config.settings import REGISTRY_DATA, SQLITE_FILE, Settings, redis_socket
from handlers.records.schema.migrate import migrate
from tests.open_transactions import VIOLATIONS, watched_transactions

PRIVATE_KEY = (
    rsa.generate_private_key(public_exponent=65537, key_size=2048)
    .private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    .decode()
)
WEBHOOK_SECRET = "a secret for tests"
# Whatever is loaded later and keeps a lock (the PostgreSQL of the tests of records) finds a place for it.
RUNTIME_FOLDER = mkdtemp(prefix="wf")
atexit.register(shutil.rmtree, RUNTIME_FOLDER, ignore_errors=True)
os.environ.setdefault("XDG_RUNTIME_DIR", RUNTIME_FOLDER)

Start: TypeAlias = Callable[..., subprocess.Popen[bytes]]


class EmbeddedRedis:
    """A real server in a folder of its own, as `wharfinger run` starts it; it can be killed and started again."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.url = f"unix://{redis_socket(data)}"
        self.start()

    def start(self) -> None:
        prepare_data_folder(self.data)
        self.process = subprocess.Popen(  # noqa: S603 - our own command
            command_line(find_server(None), self.data), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        with Redis.from_url(self.url) as client:
            for _ in range(1000):
                assert self.process.poll() is None, f"the embedded Redis ended with {self.process.returncode}"
                try:
                    client.ping()
                except RedisConnectionError:
                    time.sleep(0.01)
                else:
                    return
        raise AssertionError("the embedded Redis did not start")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture(scope="session", autouse=True)
def transactions_are_watched() -> Iterator[None]:
    """Nothing may be sent over the network while a transaction is open, in no test."""
    with watched_transactions():
        yield


@pytest.fixture(autouse=True)
def nothing_was_sent_in_a_transaction() -> Iterator[None]:
    """Also where a job's worker caught what was raised."""
    VIOLATIONS.clear()
    yield
    assert not VIOLATIONS


@pytest.fixture(scope="session")
def session_redis() -> Iterator[EmbeddedRedis]:
    with TemporaryDirectory(prefix="wf") as folder:
        server = EmbeddedRedis(Path(folder))
        yield server
        server.kill()


@pytest.fixture
def redis_url(session_redis: EmbeddedRedis) -> str:
    """The address of a real and empty Redis."""
    with Redis.from_url(session_redis.url) as client:
        client.flushall()
    return session_redis.url


@pytest.fixture
def redis(redis_url: str) -> Iterator[Redis]:
    """A client of a real and empty Redis."""
    with Redis.from_url(redis_url) as client:
        yield client


def migrated_copy(folder: Path) -> Path:
    """Put a database with this version's tables, and nothing in them, into a folder; a copy takes a millisecond, a migration half a second."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(_template(), folder / SQLITE_FILE)
    return folder


@cache
def _template() -> Path:
    folder = Path(mkdtemp(prefix="wf"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    template = Database(f"sqlite:///{folder / SQLITE_FILE}")
    migrate(template)
    template.close()  # which writes all of it into the one file that is copied
    return folder / SQLITE_FILE


@pytest.fixture
def records(data: Path) -> Iterator[Database]:
    """The records in the folder `data`, empty."""
    opened = Database(f"sqlite:///{data / SQLITE_FILE}")
    yield opened
    opened.close()


@pytest.fixture
def own_redis() -> Iterator[EmbeddedRedis]:
    """A server of the test's own, to be killed, frozen or filled."""
    with TemporaryDirectory(prefix="wf") as folder:
        server = EmbeddedRedis(Path(folder))
        yield server
        server.kill()


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a command as a process; whatever still runs at the end, even of a test that failed, is killed."""
    started: list[subprocess.Popen[bytes]] = []

    def start_one(*command: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603 - our own commands
        started.append(process)
        return process

    yield start_one
    for process in started:
        process.kill()
        process.wait()


@pytest.fixture
def free_port(free_ports: tuple[int, int]) -> int:
    return free_ports[0]


@pytest.fixture
def free_ports() -> tuple[int, int]:
    """Two ports that nobody listened on a moment ago, not the same one twice."""
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


# Where tests ask registries unless they bring a stand-in: nobody answers there, and nobody outside this machine is ever asked.
NO_REGISTRY = {
    RegistryId(file.stem): "http://127.0.0.1:1"
    for file in sorted(REGISTRY_DATA.glob("*.json"))
    if '"etiquette"' in file.read_text()
}


def environment(**more: str) -> dict[str, str]:
    """The least that must be set, and more."""
    return {
        "WHARFINGER_APP_ID": "1234",
        "WHARFINGER_PRIVATE_KEY": PRIVATE_KEY,
        "WHARFINGER_WEBHOOK_SECRET": WEBHOOK_SECRET,
        "WHARFINGER_REGISTRY_ADDRESSES": ",".join(f"{registry}={address}" for registry, address in NO_REGISTRY.items()),
        **more,
    }


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """An App's folder of its own, with empty records."""
    return migrated_copy(tmp_path / "data")


@pytest.fixture
def settings(redis_url: str, data: Path) -> Settings:
    return Settings.from_environment(environment(REDIS_URL=redis_url, WHARFINGER_DATA=str(data)))


def run_cli(command: str, arguments: Sequence[str]) -> int:
    """Run a command as a person would type it, and return its exit status."""
    return run_command([command, *arguments])
