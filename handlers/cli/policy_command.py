"""Runs `wharfinger policy`: validates policy files or prints their JSON Schema."""

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from bot.model.core_types import RegistryId
from bot.model.errors import PolicyError, WharfingerError
from bot.policy import PolicyFile, Waiver, WaiverStatus
from bot.policy.policy_schema import format_duration as duration_in_words
from bot.policy.policy_schema import policy_schema
from bot.policy.read_policy import read_policy
from bot.registries import load_catalog
from bot.rendering.markdown import plain_line
from bot.rendering.phrases import count

ACCEPT_WORDS = 2  # accept COMMIT, reject COMMIT


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `wharfinger policy`."""
    parser.add_argument(
        "files",
        nargs="*",
        type=Path,
        metavar="FILE",
        help="a policy file (publishing.yml); or `accept COMMIT`, `reject COMMIT`",
    )
    parser.add_argument("--schema", action="store_true", help="print the JSON Schema of policy files, for editors")


def main(options: argparse.Namespace) -> int:
    """Print whether each file is valid, and if not, where and why; return the exit status (0 valid, 2 not)."""
    words = [str(file) for file in options.files]
    if words[:1] in (["accept"], ["reject"]) and not Path(words[0]).exists():
        if len(words) != ACCEPT_WORDS:
            raise WharfingerError(f"{words[0]} takes one commit: wharfinger policy {words[0]} COMMIT")
        # Checking a file does not wait for the App's settings and clients.
        from handlers.cli.guard_command import settle

        return settle(words[1], accept=words[0] == "accept")
    if options.schema:
        sys.stdout.write(json.dumps(policy_schema(), indent=2) + "\n")
    elif not options.files:
        raise WharfingerError("name a policy file, or use --schema")
    registries = list(load_catalog().registries)
    results = [_check_file(file, registries) for file in options.files]
    sys.stdout.write("".join(f"{plain_line(line)}\n" for lines, _ in results for line in lines.split("\n")))
    return 0 if all(valid for _, valid in results) else 2


def _check_file(file: Path, registries: Sequence[RegistryId]) -> tuple[str, bool]:
    try:
        policy = read_policy(file.read_bytes(), registries, str(file))
    except PolicyError as error:
        return "\n".join(f"{file}: {each}" for each in (error, *error.others)), False
    except OSError as error:
        return f"{file}: cannot be read ({(error.strerror or 'unknown reason').lower()}); check the path", False
    warnings = [_waiver_warning(waiver, policy) for waiver in policy.waivers]
    wrong = any(
        waiver.status(_today(), policy.max_waiver_duration) is WaiverStatus.TOO_LONG for waiver in policy.waivers
    )
    off = sum(options.off for options in policy.checks.values())
    parts = {
        "target": len(policy.repositories),
        "identity": len(policy.identities),
        "package": len(policy.packages),
        "waiver": len(policy.waivers),
    }
    counted = [f"{count(len(policy.checks) - off, 'rule')} set, {off} switched off"]
    counted += [count(number, what) for what, number in parts.items() if number]
    verdict = "not valid: a waiver would last too long" if wrong else "valid"
    return "\n".join([f"{file}: {verdict}; {', '.join(counted)}", *filter(None, warnings)]), not wrong


def _waiver_warning(waiver: Waiver, policy: PolicyFile) -> str | None:
    """Return a warning if a waiver is too long, has expired or expires soon."""
    match waiver.status(_today(), policy.max_waiver_duration):
        case WaiverStatus.TOO_LONG:
            longest = duration_in_words(policy.max_waiver_duration)
            return f"{waiver}: this waiver would last until {waiver.expires}, and a waiver may last {longest}; set an earlier `expires`"
        case WaiverStatus.EXPIRED:
            return f"{waiver}: this waiver ended on {waiver.expires}; take it out, or have another one reviewed"
        case WaiverStatus.EXPIRING:
            return f"{waiver}: this waiver ends on {waiver.expires}"
        case _:
            return None


def _today() -> date:
    return datetime.now(UTC).date()
