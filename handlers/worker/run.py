"""Runs the whole App under supervisord: starts, watches, restarts and stops its processes."""

import argparse
import configparser
import fcntl
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from supervisor import supervisord  # type: ignore[import-untyped]  # supervisor has no types

from bot.model.errors import ConfigurationError
from handlers.config.embedded_redis import find_server, prepare_data_folder
from handlers.config.settings import Settings, check_port_is_free, is_registered

# Parts are started from the lowest number up and stopped from the highest down, each once the one before has stopped:
# Redis is there last of all, so that a job that ends during the stop can still be booked.
REDIS, WORKER, CLOCK, WEB = 10, 20, 30, 40
UNLIMITED_RESTARTS = 1_000_000  # restarts; the pause before each grows by a second

Section = Mapping[str, str]


def main(_: argparse.Namespace) -> int:
    """Run the App until told to stop."""
    if not is_registered() and (status := _register_app()) != 0:
        return status
    settings = Settings.from_environment()
    prepare_data_folder(settings.data)
    lock = lock_data_folder(settings.data)
    check_port_is_free(settings)
    if settings.embedded_redis:
        find_server(settings.redis_server)
    path = settings.data / "run.conf"
    with path.open("w") as file:
        supervisor_configuration(settings).write(file)
    sys.stdout.write(f"Wharfinger listens on http://{settings.host}:{settings.port}/webhook; Ctrl+C stops it.\n")
    sys.stdout.flush()
    # Parts append to the same output. Where that is a file that was not opened for appending, our own lines would be
    # written over theirs.
    fcntl.fcntl(sys.stdout, fcntl.F_SETFL, fcntl.fcntl(sys.stdout, fcntl.F_GETFL) | os.O_APPEND)
    supervisord.main(["--configuration", str(path)])
    os.close(lock)
    return 0


def _register_app() -> int:
    """Serve the setup until an App is registered, in a process of its own; return its exit status."""
    return subprocess.call([sys.executable, "-m", "handlers.cli.child", "setup"])


def lock_data_folder(data: Path) -> int:
    """Hold the data folder for this process; raise ConfigurationError when another has it."""
    lock = os.open(data / "run.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        raise ConfigurationError(
            f"WHARFINGER_DATA: another `wharfinger run` works in {str(data)!r}; stop it, or name another folder"
        ) from error
    return lock


def supervisor_configuration(settings: Settings) -> configparser.RawConfigParser:
    """Return supervisor's configuration (http://supervisord.org/configuration.html) for these settings."""
    parts: dict[str, Section] = {
        "supervisord": {
            "nodaemon": "true",
            "logfile": os.devnull,  # what it says goes to standard output too
            "logfile_maxbytes": "0",
            "loglevel": "info",
            "pidfile": _escaped(settings.data / "run.pid"),
            "directory": _escaped(Path.cwd()),
            "umask": "077",
            **({"user": "root"} if os.getuid() == 0 else {}),  # it warns at length unless this is said
        },
        "program:worker": {
            **_program("worker", WORKER, stop=60),  # seconds; a longer job is done again by the next worker
            "numprocs": str(settings.workers),
            "process_name": "%(program_name)s-%(process_num)d",
        },
        **({"program:gate-worker": _program("worker --only gate", WORKER, stop=60)} if settings.workers > 1 else {}),
        "program:clock": _program("clock", CLOCK, stop=10),
        "program:web": _program("web", WEB, stop=20),
    }
    if settings.embedded_redis:
        parts["program:redis"] = _program("redis --replace", REDIS, stop=30)
    configuration = configparser.RawConfigParser()
    configuration.read_dict(parts)
    return configuration


def _program(command: str, priority: int, stop: int) -> Section:
    return {
        "command": f"{_escaped(Path(sys.executable))} -m handlers.cli.child {command}",
        "priority": str(priority),
        "autorestart": "true",
        "startsecs": "1",
        "startretries": str(UNLIMITED_RESTARTS),
        "stopwaitsecs": str(stop),
        "redirect_stderr": "true",
        "stdout_logfile": "/dev/fd/1",
        "stdout_logfile_maxbytes": "0",
    }


def _escaped(path: Path) -> str:
    text = str(path)
    if any(char in text for char in "\n\"'; "):
        raise ConfigurationError(
            f"{text!r} holds a space, a quote or a semicolon, which supervisor cannot take; use another"
        )
    return text.replace("%", "%%")
