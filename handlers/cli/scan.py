"""Runs `wharfinger scan`: evaluates local checkouts with the same rules as the App."""

import argparse
import os
import re
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from termcolor import can_colorize

from bot import __version__
from bot.evaluation.evaluate import Report
from bot.model.core_types import Outcome, Severity
from bot.model.errors import WharfingerError
from bot.registries import load_catalog
from bot.rendering import scan_report
from handlers.cli.checkout import CheckoutOptions, ReadRemote, evaluate_checkout, read_policy_option

T = TypeVar("T")

CLEAN, FINDINGS, UNREADABLE = 0, 1, 2  # the exit status

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
    reports = [(path, evaluate_checkout(path, checkout)) for path in with_progress_bar(options.paths)]
    if options.instead:
        _do_instead(options.instead, reports)
    if options.instead == FIX:  # the report is about what is left
        reports = [(path, evaluate_checkout(path, checkout)) for path in options.paths]
    if options.instead in (None, FIX):
        named = [(str(path), report) for path, report in reports]
        sys.stdout.write(_render_reports(named, options.format, show_waivers=options.waivers) + "\n")
    return exit_status([report for _, report in reports], Severity(options.fail_on))


def _remote_reader() -> ReadRemote:
    # The client for GitHub takes longer to load than a small repository takes to scan.
    from handlers.cli.online import remote_reader

    return remote_reader(os.environ).read


def exit_status(reports: Sequence[Report], fail_on: Severity) -> int:
    """Return 2 if something could not be read or evaluated, 1 for findings at or above `fail_on`, otherwise 0."""
    results = [result for report in reports for result in report.results]
    unread = any(report.snapshot.unreadable or report.snapshot.unexplained for report in reports)
    if unread or any(result.outcome is Outcome.ERROR for result in results):
        return UNREADABLE
    if any(result.findings and result.rule.severity.rank >= fail_on.rank for result in results):
        return FINDINGS
    return CLEAN


def _do_instead(action: str, reports: Sequence[tuple[Path, Report]]) -> None:
    # Few ask for a change or a diagram, and every scan would wait for them to load.
    from handlers.cli.fix_files import print_diff, print_graph, write_fixes

    {DIFF: print_diff, FIX: write_fixes, GRAPH: print_graph}[action](reports)


def _render_reports(reports: Sequence[tuple[str, Report]], form: str, *, show_waivers: bool) -> str:
    if form == "json":
        return scan_report.render_scan_json(reports)
    if form == "csv":
        # Few ask for this format, and every scan would wait for it to load.
        from bot.rendering.scan_exports import render_scan_csv

        return render_scan_csv(reports)
    if form == "sarif":
        # Few ask for this format, and every scan would wait for it to load.
        from bot.rendering.scan_exports import render_sarif

        return render_sarif(reports, __version__)
    return scan_report.render_scan_text(reports, color=can_colorize(), waiver_templates=show_waivers)


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
        help="skip the rule workflow-hygiene, which runs zizmor on each repository that publishes",
    )


def with_progress_bar(paths: Iterable[T]) -> Iterable[T]:
    """Yield the items; at a terminal, show a progress bar on standard error after one second."""
    if not sys.stderr.isatty():
        return paths
    # tqdm takes its time to load, and only a person at a terminal sees it.
    from tqdm import tqdm  # type: ignore[import-untyped]  # tqdm ships no types, and types-tqdm is not worth a dependency

    bar: Iterable[T] = tqdm(paths, desc="scan", unit=" repositories", delay=1, leave=False)
    return bar
