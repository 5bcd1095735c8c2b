"""The command line: a table of commands, each loaded only when it was asked for, so that `wharfinger scan` starts fast."""

import gc
import importlib
import io
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.model.errors import WharfingerError

GOOD, FINDINGS, BAD = 0, 1, 2  # the exit status of every command: fine, something found, bad usage or unreadable
INTERRUPTED = 130  # as shells say it of Ctrl+C


@dataclass(frozen=True, slots=True)
class Command:
    """One command: the function that does it, called with the words after its name, and what it is for."""

    function: str  # module:function
    help: str


COMMANDS = {
    "scan": Command("handlers.cli.handlers_scan:main", "judge local checkouts of repositories"),
    "policy": Command("handlers.cli.policy_command:main", "check a policy file"),
    "explain": Command("handlers.cli.explain:main", "print a rule's page: why, what to do, examples"),
    "identities": Command(
        "handlers.cli.identities_command:main", "print the register: all that can publish, and who answers for it"
    ),
    "run": Command(
        "handlers.worker.run:main", "the whole App: web, workers and clock, with a Redis of its own if need be"
    ),
    "web": Command("handlers.web.web_process:main", "receive deliveries (part of run)"),
    "worker": Command("handlers.worker.worker_process:main", "do the work (part of run)"),
    "clock": Command("handlers.worker.clock:main", "ask for what is due by the timetable (part of run)"),
    "redis": Command("handlers.config.embedded_redis:main", "the Redis that run brings along (part of run)"),
    "deliver": Command("handlers.cli.deliver:main", "send a payload through the real handlers, here and now"),
    "doctor": Command("handlers.cli.doctor:main", "say what is missing: credentials, permissions, events, Redis"),
    "gates": Command("handlers.cli.gates_command:main", "list what waits at the gate, and what was decided and why"),
    "evidence": Command(
        "handlers.cli.evidence_command:main", "print the record of a published version: who sent it, and how one knows"
    ),
    "watch": Command(
        "handlers.cli.packages_command:main", "list the packages that are watched at their registries, and open alarms"
    ),
    "dead": Command("handlers.cli.failed_jobs:main", "list, retry or drop work that failed for good"),
}


def main() -> None:
    """Start the command that was typed and leave with its exit status."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal that knows no arrows gets them in words
    status = GOOD
    try:
        try:
            status = start(sys.argv[1:])
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output has left; what is not written yet must not fail once more at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    gc.freeze()  # the process ends: nothing has to be gone through once more
    sys.exit(status)


def start(words: Sequence[str]) -> int:
    """Do the command and return its exit status; what goes wrong is told in one sentence, not in a traceback."""
    name = words[0] if words else "--help"
    if name in ("-h", "--help"):
        sys.stdout.write(_usage())
        return GOOD if words else BAD
    command = COMMANDS.get(name)
    if command is None:
        sys.stderr.write(f"wharfinger: there is no command {name[:60]!r}; wharfinger --help lists them\n")
        return BAD
    module, _, function = command.function.partition(":")
    try:
        status = _load(module, function)(words[1:])
    except WharfingerError as error:
        for line in str(error).splitlines():
            sys.stderr.write(f"wharfinger {name}: {line}\n")
        return BAD
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()  # whoever read our output has left: there is nobody to tell
        return GOOD
    return int(status)


def _load(module: str, function: str) -> Callable[[Sequence[str]], int]:
    """Load a command. What is loaded stays for as long as the process, so it is not gone through for garbage: a tenth of the start."""
    gc.disable()
    loaded: Callable[[Sequence[str]], int] = getattr(importlib.import_module(module), function)
    gc.freeze()
    gc.enable()
    return loaded


def _usage() -> str:
    width = max(map(len, COMMANDS))
    lines = [f"  {name.ljust(width)}  {command.help}" for name, command in COMMANDS.items()]
    return "\n".join(
        ["usage: wharfinger COMMAND …", "", *lines, "", "wharfinger COMMAND --help says more of one command.", ""]
    )


if __name__ == "__main__":
    main()
