"""Runs `wharfinger scan`: evaluates local checkouts with the same rules as the App."""

import argparse
import re
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from termcolor import can_colorize

from bot.evaluation.evaluate import Report
from bot.model.core_types import Outcome, Severity
from bot.model.errors import WharfingerError
from bot.registries import load_catalog
from bot.rendering import scan_report
from bot.rendering.markdown import plain_line
from handlers.cli.checkout import CheckoutOptions, evaluate_checkout, read_policy_option

T = TypeVar("T")

CLEAN, FINDINGS, UNREADABLE = 0, 1, 2  # the exit status

REPOSITORY_NAME = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+")

DIFF, FIX, GRAPH = "diff", "fix", "graph"  # what may be done instead of printing the report


def main(arguments: Sequence[str]) -> int:
    """Scan the checkouts that were typed and print the report; return the exit status."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.repository and (len(options.paths) > 1 or not REPOSITORY_NAME.fullmatch(options.repository)):
        parser.error("--repository names the one checkout that is scanned, as OWNER/NAME")
    taken_at = datetime.now(UTC)
    try:
        catalogue = load_catalog()
        organization = read_policy_option(options.policy, catalogue) if options.policy else None
        asking = CheckoutOptions(taken_at, catalogue, organization, zizmor=options.zizmor, name=options.repository)
        judged = [(path, evaluate_checkout(path, asking)) for path in with_progress_bar(options.paths)]
        if options.instead:
            _do_instead(options.instead, judged)
        if options.instead == FIX:  # what is left is reported as it is now
            judged = [(path, evaluate_checkout(path, asking)) for path in options.paths]
    except WharfingerError as error:
        sys.stderr.write(f"wharfinger scan: {plain_line(str(error))}\n")
        return UNREADABLE
    if options.instead in (None, FIX):
        reports = [(str(path), report) for path, report in judged]
        sys.stdout.write(_render_reports(reports, options.format, show_waivers=options.waivers) + "\n")
    return exit_status([report for _, report in judged], Severity(options.fail_on))


def exit_status(reports: Sequence[Report], fail_on: Severity) -> int:
    """Say how it went: 2 when something could not be read or judged, 1 for findings at or above `fail_on`, else 0."""
    results = [result for report in reports for result in report.results]
    if any(report.snapshot.unreadable for report in reports) or any(
        result.outcome is Outcome.ERROR for result in results
    ):
        return UNREADABLE
    if any(result.findings and result.rule.severity.rank >= fail_on.rank for result in results):
        return FINDINGS
    return CLEAN


def _do_instead(action: str, judged: Sequence[tuple[Path, Report]]) -> None:
    # Few ask for a change or a diagram, and every scan would wait for them to load.
    from handlers.cli.fix_files import print_diff, print_graph, write_fixes

    {DIFF: print_diff, FIX: write_fixes, GRAPH: print_graph}[action](judged)


def _render_reports(reports: Sequence[tuple[str, Report]], form: str, *, show_waivers: bool) -> str:
    if form == "json":
        return scan_report.render_scan_json(reports)
    if form == "csv":
        # Few ask for this format, and every scan would wait for it to load.
        from bot.rendering.scan_exports import render_scan_csv

        return render_scan_csv(reports)
    if form == "sarif":
        # Few ask for this format, and every scan would wait for it to load.
        from importlib.metadata import version

        # As above.
        from bot.rendering.scan_exports import render_sarif

        return render_sarif(reports, version("wharfinger"))
    return scan_report.render_scan_text(reports, color=can_colorize(), waiver_templates=show_waivers)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="wharfinger scan",
        description="Judge how local checkouts publish packages.",
        epilog="Exit status: 0 clean, 1 findings at or above --fail-on, 2 bad usage or something could not be read.",
    )
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="the folder of a checkout")
    parser.add_argument(
        "--format", choices=["text", "json", "csv", "sarif"], default="text", help="what to print (default: text)"
    )
    parser.add_argument(
        "--fail-on",
        choices=[str(severity) for severity in Severity],
        default="low",
        metavar="SEVERITY",
        help="the least severity that makes the exit status 1: low, medium, high, critical (default: low)",
    )
    other = parser.add_mutually_exclusive_group()
    for option, action, meaning in (
        (
            "--diff",
            DIFF,
            "print the change that takes stored tokens out, as `git apply` takes it, instead of the report",
        ),
        ("--fix", FIX, "make that change in the checkout, and report what is left"),
        ("--graph", GRAPH, "print the publish path as a Mermaid flowchart instead of the report"),
    ):
        other.add_argument(option, dest="instead", action="store_const", const=action, help=meaning)
    parser.add_argument("--policy", type=Path, metavar="FILE", help="the organization's policy file")
    parser.add_argument(
        "--repository", metavar="OWNER/NAME", help="what GitHub calls the checkout: policies name repositories so"
    )
    parser.add_argument(
        "--waivers",
        action="store_true",
        help="with each finding show the waiver for it, to paste into the policy (text)",
    )
    parser.add_argument(
        "--no-zizmor",
        dest="zizmor",
        action="store_false",
        help="leave out the rule workflow-hygiene, for which zizmor is run on each repository that publishes",
    )
    return parser


def with_progress_bar(paths: Iterable[T]) -> Iterable[T]:
    """Yield the things, at a terminal with a progress bar on standard error once that has taken longer than a second."""
    if not sys.stderr.isatty():
        return paths
    # tqdm takes its time to load, and only a person at a terminal sees it.
    from tqdm import tqdm  # type: ignore[import-untyped]  # tqdm ships no types, and types-tqdm is not worth a dependency

    bar: Iterable[T] = tqdm(paths, desc="scan", unit=" repositories", delay=1, leave=False)
    return bar
