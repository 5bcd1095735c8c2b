"""`wharfinger policy FILE…`: check policy files before they are merged; `--schema` prints the schema for editors."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from bot.errors import PolicyError
from bot.names import RegistryId
from bot.policy.read import read_policy
from bot.policy.schema import policy_schema
from bot.registries import load_catalogue
from bot.reports.escape import plain


def main(arguments: Sequence[str]) -> int:
    """Say of each file whether it is valid, and if not, where and why; return the exit status (0 valid, 2 not)."""
    parser = argparse.ArgumentParser(prog="wharfinger policy", description="Check policy files.")
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="a policy file (publishing.yml)")
    parser.add_argument("--schema", action="store_true", help="print the JSON Schema of policy files, for editors")
    options = parser.parse_args(arguments)
    if options.schema:
        sys.stdout.write(json.dumps(policy_schema(), indent=2) + "\n")
    elif not options.files:
        parser.error("name a policy file, or ask for --schema")
    registries = load_catalogue().registries
    told = [_told(file, list(registries)) for file in options.files]
    sys.stdout.write("".join(f"{plain(line)}\n" for line, _ in told))
    return 0 if all(valid for _, valid in told) else 2


def _told(file: Path, registries: Sequence[RegistryId]) -> tuple[str, bool]:
    try:
        policy = read_policy(file.read_bytes(), registries, str(file))
    except PolicyError as error:
        return f"{file}: {error}", False
    except OSError as error:
        return f"{file}: cannot be read ({(error.strerror or 'unknown reason').lower()}); check the path", False
    off = sum(said.off for said in policy.rules.values())
    return f"{file}: valid; {len(policy.rules) - off} rules set, {off} switched off", True
