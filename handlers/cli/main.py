"""Runs the command that the user names, and imports only that command's module."""

import gc
import io
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from bot.model.errors import WharfingerError

SUCCESS, FINDINGS, FAILURE = 0, 1, 2  # the exit status of every command: fine, something found, bad usage or unreadable
CommandFunction: TypeAlias = Callable[[Sequence[str]], int]

INTERRUPTED = 130  # as shells say it of Ctrl+C


@dataclass(frozen=True, slots=True)
class CliCommand:
    """One command: loads the function that does it, which is called with the words after the command's name."""

    load: Callable[[], CommandFunction]
    help: str


def _load_scan() -> CommandFunction:
    # Loaded when asked for: other commands start without it.
    from handlers.cli.scan import main as run

    return run


def _load_policy() -> CommandFunction:
    # Loaded when asked for: other commands start without it.
    from handlers.cli.policy_command import main as run

    return run


def _load_explain() -> CommandFunction:
    # Loaded when asked for: other commands start without it.
    from handlers.cli.explain import main as run

    return run


def _load_identities() -> CommandFunction:
    # Loaded when asked for: other commands start without it.
    from handlers.cli.identities_command import main as run

    return run


def _load_run() -> CommandFunction:
    # Loaded when asked for: other commands start without it.
    from handlers.worker.run import main as run

    return run


def _load_web() -> CommandFunction:
    # Loaded when asked for: other commands start without it.
    from handlers.web.app import main as run

    return run


def _load_worker() -> CommandFunction:
    # Loaded when asked for: other commands start without it.
    from handlers.worker.loop import main as run

    return run


def _load_clock() -> CommandFunction:
    # Loaded when asked for: other commands start without it.
    from handlers.worker.clock import main as run

    return run


def _load_redis() -> CommandFunction:
    # Loaded when asked for: other commands start without it.
    from handlers.config.embedded_redis import main as run

    return run


def _load_deliver() -> CommandFunction:
    # Loaded when asked for: other commands start without it.
    from handlers.cli.deliver import main as run

    return run


def _load_doctor() -> CommandFunction:
    # Loaded when asked for: other commands start without it.
    from handlers.cli.doctor import main as run

    return run


def _load_gates() -> CommandFunction:
    # Loaded when asked for: other commands start without it.
    from handlers.cli.gates_command import main as run

    return run


def _load_evidence() -> CommandFunction:
    # Loaded when asked for: other commands start without it.
    from handlers.cli.evidence_command import main as run

    return run


def _load_packages() -> CommandFunction:
    # Loaded when asked for: other commands start without it.
    from handlers.cli.packages_command import main as run

    return run


def _load_failed_jobs() -> CommandFunction:
    # Loaded when asked for: other commands start without it.
    from handlers.cli.failed_jobs import main as run

    return run


COMMANDS = {
    "scan": CliCommand(_load_scan, "evaluate local checkouts of repositories"),
    "policy": CliCommand(_load_policy, "check a policy file"),
    "explain": CliCommand(_load_explain, "print the page of a rule: why, what to do, examples"),
    "identities": CliCommand(_load_identities, "list every identity that can publish, with its owner"),
    "run": CliCommand(
        _load_run, "start the whole App: web, workers and clock, with its own Redis unless REDIS_URL is set"
    ),
    "web": CliCommand(_load_web, "receive deliveries (part of run)"),
    "worker": CliCommand(_load_worker, "do the jobs (part of run)"),
    "clock": CliCommand(_load_clock, "enqueue what the timetable says (part of run)"),
    "redis": CliCommand(_load_redis, "start the Redis that Wharfinger ships (part of run)"),
    "deliver": CliCommand(_load_deliver, "send a payload through the real handlers, here and now"),
    "doctor": CliCommand(_load_doctor, "say what is missing: credentials, permissions, events, Redis settings"),
    "gates": CliCommand(_load_gates, "list pending deployments and past gate decisions, with reasons"),
    "evidence": CliCommand(_load_evidence, "print the trace of a published version: who published it, and how we know"),
    "packages": CliCommand(_load_packages, "list the packages watched at their registries, and open alerts"),
    "failed-jobs": CliCommand(_load_failed_jobs, "list, retry or drop jobs that failed for good"),
}


def main() -> None:
    """Start the command that was typed and leave with its exit status."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal that knows no arrows gets them in words
    status = SUCCESS
    try:
        try:
            status = run_command(sys.argv[1:])
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output has left; what is not written yet must not fail once more at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    gc.freeze()  # the process ends: nothing has to be gone through once more
    sys.exit(status)


def run_command(arguments: Sequence[str]) -> int:  # noqa: PLR0911 - each way to end has its own status
    """Do the command and return its exit status; what goes wrong is told in one sentence, not in a traceback."""
    name = arguments[0] if arguments else "--help"
    if name in ("-h", "--help"):
        sys.stdout.write(_usage())
        return SUCCESS if arguments else FAILURE
    if name == "--version":
        # Reading the version takes 20 ms, which no other command should wait for.
        from importlib.metadata import version

        sys.stdout.write(f"wharfinger {version('wharfinger')}\n")
        return SUCCESS
    command = COMMANDS.get(name)
    if command is None:
        sys.stderr.write(
            f"wharfinger: there is no command {name[:60]!r}{_suggestion(name)}; wharfinger --help lists them\n"
        )
        return FAILURE
    try:
        status = _load(command)(arguments[1:])
    except WharfingerError as error:
        for line in str(error).splitlines():
            sys.stderr.write(f"wharfinger {name}: {line}\n")
        return FAILURE
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()  # whoever read our output has left: there is nobody to tell
        return SUCCESS
    return int(status)


def _load(command: CliCommand) -> CommandFunction:
    """Load a command. What is loaded stays as long as the process, so the garbage collector skips it: a tenth of the start-up time."""
    gc.disable()
    loaded = command.load()
    gc.freeze()
    gc.enable()
    return loaded


def _suggestion(name: str) -> str:
    # Only a mistyped command needs this.
    import difflib

    close = difflib.get_close_matches(name, COMMANDS, n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _usage() -> str:
    width = max(map(len, COMMANDS))
    lines = [f"  {name.ljust(width)}  {command.help}" for name, command in COMMANDS.items()]
    return "\n".join(
        ["usage: wharfinger COMMAND …", "", *lines, "", "wharfinger COMMAND --help says more of one command.", ""]
    )


if __name__ == "__main__":
    main()
