"""Runs `wharfinger scan`: evaluates local checkouts with the same rules as the App."""

import argparse
import os
import re
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from termcolor import can_colorize

from bot.model.core_types import Severity
from bot.model.errors import WharfingerError
from bot.registries import load_catalog
from bot.rendering.scan_report import ScanPart
from handlers.cli.checkout import (
    CheckoutOptions,
    ReadRemote,
    evaluate_checkout,
    read_policy_option,
    require_checkout,
)
from handlers.cli.scan_batches import CLEAN, OutputOptions, core_count, exit_status, scan_checkouts

T = TypeVar("T")

MAX_JOBS = 256

REPOSITORY_NAME = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+")

DIFF, FIX, GRAPH = "diff", "fix", "graph"  # what may be done instead of printing the report


def main(options: argparse.Namespace) -> int:
    """Scan the checkouts and print the report; return the exit status; raises WharfingerError for one that cannot be read."""
    if options.repository and (len(options.paths) > 1 or not REPOSITORY_NAME.fullmatch(options.repository)):
        raise WharfingerError("--repository names the one checkout that is scanned, as OWNER/NAME")
    catalog = load_catalog()
    organization = read_policy_option(options.policy, catalog) if options.policy else None
    checkout = CheckoutOptions(
        datetime.now(UTC),
        catalog,
        organization,
        zizmor=options.zizmor,
        name=options.repository,
        read_remote=_remote_reader() if options.online else None,
    )
    for path in options.paths:
        require_checkout(path, catalog)  # so that an error is told before anything is printed
    if options.instead in (DIFF, GRAPH):
        return _do_instead(options, checkout)
    if options.instead == FIX:
        _do_instead(options, checkout)  # and then the report is about what is left
    return _print_report(options, checkout)


def _print_report(options: argparse.Namespace, checkout: CheckoutOptions) -> int:
    """Scan, and print each report as soon as those before it are printed; return the exit status."""
    output = OutputOptions(options.format, can_colorize(), options.waivers, Severity(options.fail_on))
    status = CLEAN

    def parts() -> Iterator[ScanPart]:
        nonlocal status
        jobs = 1 if checkout.read_remote else options.jobs or core_count()
        scanned = scan_checkouts(options.paths, checkout, output, jobs)
        for each in with_progress_bar(scanned, len(options.paths)):
            status = max(status, each.status)
            yield each.part

    sys.stdout.writelines(output.scan_format().join(parts()))
    return status


def _remote_reader() -> ReadRemote:
    # The client for GitHub takes longer to load than a small repository takes to scan.
    from handlers.cli.online import remote_reader

    return remote_reader(os.environ).read


def _do_instead(options: argparse.Namespace, checkout: CheckoutOptions) -> int:
    # Few ask for a change or a diagram, and every scan would wait for them to load.
    from handlers.cli.fix_files import print_diff, print_graph, write_fixes

    paths = with_progress_bar(options.paths, len(options.paths))
    reports = [(path, evaluate_checkout(path, checkout)) for path in paths]
    {DIFF: print_diff, FIX: write_fixes, GRAPH: print_graph}[options.instead](reports)
    return max(exit_status(report, Severity(options.fail_on)) for _, report in reports)


def _job_count(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= MAX_JOBS:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to {MAX_JOBS}")
    return int(text)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `wharfinger scan`."""
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="the folder of a checkout")
    parser.add_argument("--format", choices=["text", "json", "csv", "sarif"], default="text", help="default: text")
    parser.add_argument(
        "--fail-on",
        choices=[str(severity) for severity in Severity],
        default="low",
        metavar="SEVERITY",
        help="the lowest severity that sets the exit status to 1: low (default), medium, high or critical",
    )
    instead = parser.add_mutually_exclusive_group()
    for option, action, description in (
        ("--diff", DIFF, "print the change that removes stored tokens, for `git apply`, instead of the report"),
        ("--fix", FIX, "make that change in the checkout, and report the remaining findings"),
        ("--graph", GRAPH, "print the publish path as a Mermaid flowchart instead of the report"),
    ):
        instead.add_argument(option, dest="instead", action="store_const", const=action, help=description)
    parser.add_argument("--policy", type=Path, metavar="FILE", help="the organization's policy file")
    parser.add_argument(
        "--repository", metavar="OWNER/NAME", help="the checkout's name on GitHub, which policy entries match"
    )
    parser.add_argument(
        "--online",
        action="store_true",
        help="read the workflows and actions of other repositories that are called, with GH_TOKEN or `gh auth token`",
    )
    parser.add_argument(
        "--waivers", action="store_true", help="print a waiver for each finding, to paste into the policy (text only)"
    )
    parser.add_argument(
        "--no-zizmor",
        dest="zizmor",
        action="store_false",
        help="skip the rule workflow-hygiene, which runs zizmor on the repositories that publish",
    )
    parser.add_argument(
        "--jobs",
        type=_job_count,
        metavar="N",
        help="the number of processes that scan; default: one for each processor, with --online one",
    )


def with_progress_bar(items: Iterable[T], total: int) -> Iterable[T]:
    """Yield the items; at a terminal, show a progress bar on standard error after one second."""
    if not sys.stderr.isatty():
        return items
    # tqdm takes its time to load, and only a person at a terminal sees it.
    from tqdm import tqdm  # type: ignore[import-untyped]  # tqdm ships no types, and types-tqdm is not worth a dependency

    bar: Iterable[T] = tqdm(items, desc="scan", unit=" repositories", total=total, delay=1, leave=False)
    return bar
