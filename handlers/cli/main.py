"""Runs the command that the user names, and imports only that command's module."""

import argparse
import gc
import io
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from bot import __version__
from bot.model.errors import WharfingerError

SUCCESS, FINDINGS, FAILURE = 0, 1, 2  # the exit status of every command: fine, something found, bad usage or unreadable
MAX_ERROR_LENGTH = 2_000  # characters of a line
INTERRUPTED = 130  # the exit status after Ctrl+C, as in shells
RunCommand: TypeAlias = Callable[[argparse.Namespace], int]
AddArguments: TypeAlias = Callable[[argparse.ArgumentParser], None]
LoadedCommand: TypeAlias = tuple[RunCommand, AddArguments | None]


@dataclass(frozen=True, slots=True)
class CliCommand:
    """One command: how its function and its arguments are loaded, and its help text."""

    load: Callable[[], LoadedCommand]
    help: str  # one phrase for the list of commands
    description: str  # what the command does and for whom
    example: str
    exit_status: str = "0: success. 2: bad usage or settings."


def _load_scan() -> LoadedCommand:
    # Only this command waits for it.
    from handlers.cli.late_dataclasses import late_dataclass_methods

    with late_dataclass_methods():
        # As above.
        from handlers.cli.scan import add_arguments, main

    return main, add_arguments


def _load_init() -> LoadedCommand:
    # Only this command waits for it.
    from handlers.cli.init_command import add_arguments, main

    return main, add_arguments


def _load_policy() -> LoadedCommand:
    # Only this command waits for it.
    from handlers.cli.policy_command import add_arguments, main

    return main, add_arguments


def _load_explain() -> LoadedCommand:
    # Only this command waits for it.
    from handlers.cli.explain import add_arguments, main

    return main, add_arguments


def _load_identities() -> LoadedCommand:
    # Only this command waits for it.
    from handlers.cli.identities_command import add_arguments, main

    return main, add_arguments


def _load_run() -> LoadedCommand:
    # Only this command waits for it.
    from handlers.worker.run import main

    return main, None


def _load_setup() -> LoadedCommand:
    # Only this command waits for it.
    from handlers.web.registration import add_arguments, main

    return main, add_arguments


def _load_web() -> LoadedCommand:
    # Only this command waits for it.
    from handlers.web.app import main

    return main, None


def _load_worker() -> LoadedCommand:
    # Only this command waits for it.
    from handlers.worker.loop import add_arguments, main

    return main, add_arguments


def _load_clock() -> LoadedCommand:
    # Only this command waits for it.
    from handlers.worker.clock import main

    return main, None


def _load_redis() -> LoadedCommand:
    # Only this command waits for it.
    from handlers.config.embedded_redis import add_arguments, main

    return main, add_arguments


def _load_deliver() -> LoadedCommand:
    # Only this command waits for it.
    from handlers.cli.deliver import add_arguments, main

    return main, add_arguments


def _load_doctor() -> LoadedCommand:
    # Only this command waits for it.
    from handlers.cli.doctor import main

    return main, None


def _load_gates() -> LoadedCommand:
    # Only this command waits for it.
    from handlers.cli.gates_command import add_arguments, main

    return main, add_arguments


def _load_evidence() -> LoadedCommand:
    # Only this command waits for it.
    from handlers.cli.evidence_command import add_arguments, main

    return main, add_arguments


def _load_audit() -> LoadedCommand:
    # Only this command waits for it.
    from handlers.cli.audit_command import add_arguments, main

    return main, add_arguments


def _load_packages() -> LoadedCommand:
    # Only this command waits for it.
    from handlers.cli.packages_command import add_arguments, main

    return main, add_arguments


def _load_failed_jobs() -> LoadedCommand:
    # Only this command waits for it.
    from handlers.cli.failed_jobs import add_arguments, main

    return main, add_arguments


def _load_freeze() -> LoadedCommand:
    # Only this command waits for it.
    from handlers.cli.guard_command import add_freeze_arguments, freeze

    return freeze, add_freeze_arguments


def _load_unfreeze() -> LoadedCommand:
    # Only this command waits for it.
    from handlers.cli.guard_command import add_freeze_arguments, unfreeze

    return unfreeze, add_freeze_arguments


def _load_confirm() -> LoadedCommand:
    # Only this command waits for it.
    from handlers.cli.guard_command import add_confirm_arguments, confirm

    return confirm, add_confirm_arguments


NEEDS_APP = "It needs the settings of the running App and its database of records."
READS_RECORDS = (
    "It reads the App's records: DATABASE_URL or WHARFINGER_DATA says where, and REDIS_URL the queue; no key is needed."
)
COMMANDS = {
    "scan": CliCommand(
        _load_scan,
        "evaluate checkouts, or repositories by address",
        "Evaluate how checkouts publish packages, by the rules that the App applies.\n"
        "For developers and for CI. For a folder it needs no network, and it never needs settings.",
        "wharfinger scan --fail-on high ~/projects/toolbox",
        "0: no finding at or above --fail-on. 1: findings. 2: bad usage, or something could not be read.",
    ),
    "init": CliCommand(
        _load_init,
        "propose a workflow and a policy for a checkout",
        "Propose the workflow that scans a repository, and a policy that enforces what passes today.\n"
        "For maintainers who begin. It writes nothing unless --write is given.",
        "wharfinger init --write",
        "0: success. 2: bad usage, or a file could not be read or written.",
    ),
    "policy": CliCommand(
        _load_policy,
        "validate policy files",
        "Validate policy files, or print their JSON Schema.\nFor administrators who write the policy, and for its CI.",
        "wharfinger policy publishing.yml",
        "0: all files are valid. 2: bad usage, or a file is not valid.",
    ),
    "explain": CliCommand(
        _load_explain,
        "print the page of a rule, a gate condition or a change alert",
        "Print the page of a rule, a gate condition or a change alert: why it matters and how to comply.\n"
        "For developers who have a finding to fix.",
        "wharfinger explain trusted-publishing",
    ),
    "identities": CliCommand(
        _load_identities,
        "list every identity that can publish, with its owner",
        "List the publishing identities of checkouts, or of all repositories that the App has evaluated.\n"
        "For auditors and security teams. Without a PATH it reads the App's records (DATABASE_URL or WHARFINGER_DATA, and REDIS_URL).",
        "wharfinger identities --format csv > identities.csv",
        "0: success. 2: bad usage, an unknown repository, or the database is unavailable.",
    ),
    "run": CliCommand(
        _load_run,
        "start the App: web server, workers, clock and, unless REDIS_URL is set, Redis",
        "Start the web server, the workers, the clock and, unless REDIS_URL is set, Redis. Restart what exits.\n"
        "For operators. The settings are environment variables, which docs/operate.md lists.",
        "wharfinger run",
    ),
    "setup": CliCommand(
        _load_setup,
        "register the App on GitHub in a browser",
        "Open a page that registers the App on GitHub, and keep its credentials in WHARFINGER_DATA.\n"
        "For operators. `wharfinger run` does the same when no App is registered.",
        "wharfinger setup",
        "0: registered. 2: stopped before, or bad settings.",
    ),
    "web": CliCommand(
        _load_web,
        "start the web server (part of run)",
        "Start the web server, which receives webhook deliveries and enqueues their jobs.\n"
        "For operators who run each process themselves.",
        "wharfinger web",
        "0: stopped. 1: the server did not start. 2: bad usage or settings.",
    ),
    "worker": CliCommand(
        _load_worker,
        "start a worker (part of run)",
        "Start a worker, which runs the jobs in the queue. SIGTERM lets the current job finish.\n"
        "For operators who run each process themselves.",
        "wharfinger worker",
    ),
    "clock": CliCommand(
        _load_clock,
        "enqueue the periodic jobs (part of run)",
        "Enqueue the periodic jobs when they are due. Any number of clocks may run: each job is enqueued once.\n"
        "For operators who run each process themselves.",
        "wharfinger clock",
    ),
    "redis": CliCommand(
        _load_redis,
        "start the Redis server that Wharfinger includes (part of run)",
        "Start the Redis server that Wharfinger includes, with its data in WHARFINGER_DATA.\n"
        "For operators who run each process themselves.",
        "wharfinger redis",
    ),
    "deliver": CliCommand(
        _load_deliver,
        "run the jobs of a webhook payload now",
        "Run the jobs that a webhook payload leads to, without a signature and without the queue.\n"
        "For developers who look for the cause of a problem.",
        "wharfinger deliver --dry-run push payload.json",
        "0: done, or nothing to do. 1: a job failed. 2: bad usage or settings, or Redis is unavailable.",
    ),
    "doctor": CliCommand(
        _load_doctor,
        "check credentials, permissions, events and Redis settings",
        "Check the settings, Redis, the GitHub App and its installations, and say how to fix what is missing.\n"
        "For operators who set up the App.",
        "wharfinger doctor",
        "0: everything is in place. 1: something is missing or could not be checked.",
    ),
    "gates": CliCommand(
        _load_gates,
        "list pending deployments and gate decisions, with reasons",
        f"List the deployments that wait for the gate and its latest decisions, newest first, with reasons.\n"
        f"For release managers. {READS_RECORDS}",
        "wharfinger gates --repository acme/toolbox",
        "0: success. 2: bad usage, an unknown repository, or the database is unavailable.",
    ),
    "freeze": CliCommand(
        _load_freeze,
        "let no release of an organization or package pass the gate",
        f"Let no gate of an organization or package approve anything until `wharfinger unfreeze`.\n"
        f"For incident response. {NEEDS_APP}",
        "wharfinger freeze acme",
    ),
    "unfreeze": CliCommand(
        _load_unfreeze,
        "let the gate decide again after a freeze",
        f"Let the gates of an organization or package decide again.\nFor incident response. {NEEDS_APP}",
        "wharfinger unfreeze acme",
        "0: success. 2: bad usage or settings, or it is not frozen.",
    ),
    "confirm": CliCommand(
        _load_confirm,
        "confirm a weaker protection of an environment, for which releases wait",
        f"Confirm that an environment is meant to be protected less than before, so that its releases no longer wait.\n"
        f"For release managers. {NEEDS_APP}",
        "wharfinger confirm acme/toolbox release",
        "0: success. 2: bad usage or settings, an unknown repository, or nothing waits for it.",
    ),
    "evidence": CliCommand(
        _load_evidence,
        "print the trace of a published version",
        "Print the trace of a published version: the run, job and step that published it, who approved it,\n"
        f"and what was signed. For auditors and incident response. {NEEDS_APP}",
        "wharfinger evidence pkg:npm/%40acme/cli 1.2.0",
        "0: traced. 1: not traced, or not yet. 2: bad usage, no record, or the database is unavailable.",
    ),
    "audit": CliCommand(
        _load_audit,
        "export the evidence of a period with a signed digest, or verify an export",
        "Export what was demanded, found, changed, waived, reviewed and revoked in a period, by the controls that the rules map\n"
        f"to: HTML, JSON, CSV and signed digests. For auditors. {NEEDS_APP}",
        "wharfinger audit --organization acme --from 2026-07-01 --to 2026-09-30 --output q3",
        "0: written, or unaltered. 1: an export was altered. 2: bad usage, no record, or the database is unavailable.",
    ),
    "packages": CliCommand(
        _load_packages,
        "list the monitored packages and their open alerts",
        "List the monitored packages, the trace status of their newest versions, and open package alerts.\n"
        f"For security teams. {READS_RECORDS}",
        "wharfinger packages --repository acme/toolbox --format json",
        "0: no alert is open. 1: an alert is open. 2: bad usage, an unknown repository, or the database is unavailable.",
    ),
    "failed-jobs": CliCommand(
        _load_failed_jobs,
        "list, retry or drop failed jobs",
        "List, retry or drop the jobs of the last thirty days that failed five times, or whose worker died ten times.\n"
        "For operators. It needs the REDIS_URL or WHARFINGER_DATA of the running App.",
        "wharfinger failed-jobs retry all",
        "0: success. 1: a job is not in the list. 2: bad usage, or Redis is unavailable.",
    ),
}


def main() -> None:
    """Run the command that the user typed and exit with its status."""
    if "_ARGCOMPLETE" in os.environ:
        complete()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal that knows no arrows gets them in words
    status = SUCCESS
    try:
        try:
            status = run_command(sys.argv[1:])
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        # The reader of the output has left; what is not written yet must not fail once more at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    gc.freeze()  # the process ends: nothing has to be collected once more
    sys.exit(status)


def complete() -> None:
    """Print the completions of the words in COMP_LINE, and exit: this is how a shell asks for them."""
    # Only a shell that completes a word needs this.
    import argcomplete

    argcomplete.autocomplete(build_parser(os.environ.get("COMP_LINE", "").split()[1:2])[0])


def build_parser(words: Sequence[str]) -> tuple[argparse.ArgumentParser, RunCommand | None]:
    """Return the parser of all commands with the arguments of the one that is typed, and that command's function."""
    width = max(map(len, COMMANDS))
    listed = "".join(f"\n  {name.ljust(width)}  {command.help}" for name, command in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="wharfinger",
        usage="wharfinger [-h] [--version] COMMAND …",
        description="Govern how an organization publishes packages from GitHub.",
        epilog=f"commands:{listed}\n\nwharfinger COMMAND --help describes one command.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        add_help=False,  # it is printed below, since no arguments mean the same
    )
    parser.add_argument("-h", "--help", action="store_true", help="print this help and exit")
    parser.add_argument("--version", action="store_true", help="print the version and exit")
    parsers = parser.add_subparsers(prog="wharfinger", metavar="COMMAND", help=argparse.SUPPRESS)
    run = None
    for name, command in COMMANDS.items():
        own = parsers.add_parser(
            name,
            help=command.help,
            description=command.description,
            epilog=f"Example:\n  {command.example}\n\nExit status:\n  {command.exit_status}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        if words[:1] == [name]:
            run, add_arguments = _load(command)
            if add_arguments:
                add_arguments(own)
    return parser, run


def run_command(arguments: Sequence[str]) -> int:
    """Run the command and return its exit status; an error is printed in one sentence, without a traceback."""
    name = arguments[0] if arguments else "--help"
    if not name.startswith("-") and name not in COMMANDS:
        sys.stderr.write(
            f"wharfinger: there is no command {name[:60]!r}{_suggestion(name)}; wharfinger --help lists them\n"
        )
        return FAILURE
    try:
        parser, run = build_parser(arguments)
        options = parser.parse_args(arguments)
        if run:
            return run(options)
    except (WharfingerError, ModuleNotFoundError) as error:
        _print_error(name, error)
        return FAILURE
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()  # the reader of the output has left: there is nobody to tell
        return SUCCESS
    sys.stdout.write(f"wharfinger {__version__}\n" if options.version else parser.format_help())
    return SUCCESS if arguments else FAILURE


def _print_error(name: str, error: WharfingerError | ModuleNotFoundError) -> None:
    # Only an error needs this.
    from bot.rendering.markdown import plain_line

    text = str(error)
    if isinstance(error, ModuleNotFoundError):
        if error.name is None or error.name.partition(".")[0] in ("bot", "handlers"):
            raise error
        text = f"it needs the packages of the App, of which {error.name} is not installed; install wharfinger[app]"
    sys.stderr.writelines(f"wharfinger {name}: {plain_line(line, MAX_ERROR_LENGTH)}\n" for line in text.splitlines())


def _load(command: CliCommand) -> LoadedCommand:
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


if __name__ == "__main__":
    main()
