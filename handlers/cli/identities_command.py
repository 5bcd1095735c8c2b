"""Runs `wharfinger identities`: prints the register of publishing identities."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from termcolor import can_colorize

from bot.model.core_types import FullName
from bot.model.errors import WharfingerError
from bot.registries import load_catalog
from bot.rendering.register_report import (
    RegisterReport,
    build_register,
    render_register_csv,
    render_register_json,
    render_register_text,
)
from handlers.cli.checkout import CheckoutOptions, evaluate_checkout, read_policy_option
from handlers.cli.main import SUCCESS

NO_IDENTITIES = "No publishing identities: the App has evaluated no repository yet, or none that can publish."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `wharfinger identities`."""
    parser.add_argument(
        "paths", nargs="*", type=Path, metavar="PATH", help="a checkout; without one, all repositories of the App"
    )
    parser.add_argument("--format", choices=["text", "json", "csv"], default="text")
    parser.add_argument("--policy", type=Path, metavar="FILE", help="the organization's policy file, for checkouts")
    parser.add_argument(
        "--repository", metavar="OWNER/NAME", help="list this repository only; for a checkout, its name on GitHub"
    )


def main(options: argparse.Namespace) -> int:
    """Print the register, and return the exit status."""
    if options.policy and not options.paths:
        raise WharfingerError("--policy is for checkouts; the App evaluates its repositories by the policy in force")
    if options.paths and options.repository and len(options.paths) > 1:
        raise WharfingerError("--repository names the only checkout; give one PATH")
    name = FullName(options.repository) if options.repository else None
    reports = list(_checkouts(options.paths, options.policy, name) if options.paths else _stored(name))
    if options.format == "text":
        text = render_register_text(reports, color=can_colorize()) or NO_IDENTITIES
    else:
        text = render_register_json(reports) if options.format == "json" else render_register_csv(reports)
    sys.stdout.write(f"{text}\n")
    return SUCCESS


def _checkouts(paths: Sequence[Path], policy: Path | None, name: FullName | None) -> Iterator[RegisterReport]:
    catalog = load_catalog()
    organization = read_policy_option(policy, catalog) if policy else None
    options = CheckoutOptions(datetime.now(UTC), catalog, organization, zizmor=False, name=name)
    for path in paths:
        yield build_register(evaluate_checkout(path, options))


def _stored(name: FullName | None) -> Iterator[RegisterReport]:
    # A checkout needs no records, and whoever only scans has not installed what reads them.
    from handlers.cli.stored_registers import stored_registers

    return stored_registers(name)
