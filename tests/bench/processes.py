"""Processes to measure: started, waited for, weighed, stopped."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def running(*words: str, environ: Mapping[str, str] | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """A Python module as a process, until the block ends."""
    process = subprocess.Popen(  # noqa: S603 - our own modules
        [sys.executable, "-m", *words], env=os.environ | dict(environ or {}), stderr=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def answers(url: str, seconds: float = 30) -> None:
    """Return once somebody listens there."""
    end = time.monotonic() + seconds
    while True:
        try:
            httpx.get(url)
        except httpx.TransportError:
            assert time.monotonic() < end, f"{url} does not answer"
            time.sleep(0.05)
        else:
            return


def megabytes(process: subprocess.Popen[bytes]) -> float:
    """The memory that is resident for a process."""
    with Path(f"/proc/{process.pid}/status").open() as status:
        kilobytes = next(line.split()[1] for line in status if line.startswith("VmRSS:"))
    return round(int(kilobytes) / 1024, 1)


def cpu_seconds(process: subprocess.Popen[bytes]) -> float:
    """The processor time that a process has used, of all its threads."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
