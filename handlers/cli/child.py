"""Starts one part of `wharfinger run` as a process that ends when its parent does."""

import ctypes
import signal
import sys

from handlers.cli.main import run_command

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def die_with_parent() -> None:
    """Ask the kernel to end this process (and what it becomes) when its parent dies, even by `kill -9`; Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


if __name__ == "__main__":
    die_with_parent()
    sys.exit(run_command(sys.argv[1:]))
