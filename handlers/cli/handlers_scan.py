"""`wharfinger scan PATH…`: judge local checkouts by the same evaluator and in the same words as the App."""

import argparse
import pkgutil
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from termcolor import can_colorize

from bot.evaluation.evaluate import Report
from bot.model.core_types import Outcome, Severity
from bot.model.errors import WharfingerError
from bot.registries import load_catalogue
from bot.rendering import json, scan_report
from bot.rendering.markdown import plain
from handlers.cli.judging import Asking, judge_checkout, policy_file

CLEAN, FINDINGS, UNREADABLE = 0, 1, 2  # the exit status

NAME = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+")

# By name: few ask for these, and everybody waits for what is loaded.
DIFF, FIX, GRAPH = (
    "handlers.cli.fix_files:print_diff",
    "handlers.cli.fix_files:write_fixes",
    "handlers.cli.fix_files:print_graph",
)


def main(arguments: Sequence[str]) -> int:
    """Scan the checkouts that were typed and print the report; return the exit status."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.repository and (len(options.paths) > 1 or not NAME.fullmatch(options.repository)):
        parser.error("--repository names the one checkout that is scanned, as OWNER/NAME")
    taken_at = datetime.now(UTC)
    try:
        catalogue = load_catalogue()
        organisation = policy_file(options.policy, catalogue) if options.policy else None
        asking = Asking(taken_at, catalogue, organisation, zizmor=options.zizmor, name=options.repository)
        judged = [(path, judge_checkout(path, asking)) for path in _watched(options.paths)]
        if options.instead:
            pkgutil.resolve_name(options.instead)(judged)
        if options.instead == FIX:  # what is left is reported as it is now
            judged = [(path, judge_checkout(path, asking)) for path in options.paths]
    except WharfingerError as error:
        sys.stderr.write(f"wharfinger scan: {plain(str(error))}\n")
        return UNREADABLE
    if options.instead in (None, FIX):
        reports = [(str(path), report) for path, report in judged]
        sys.stdout.write(_rendered(reports, options.format, stanzas=options.waivers) + "\n")
    return exit_status([report for _, report in judged], Severity(options.fail_on))


def exit_status(reports: Sequence[Report], fail_on: Severity) -> int:
    """Say how it went: 2 when something could not be read or judged, 1 for findings at or above `fail_on`, else 0."""
    results = [result for report in reports for result in report.results]
    if any(report.snapshot.unreadable for report in reports) or any(
        result.outcome is Outcome.BROKEN for result in results
    ):
        return UNREADABLE
    if any(result.findings and result.rule.severity.rank >= fail_on.rank for result in results):
        return FINDINGS
    return CLEAN


def _rendered(reports: Sequence[tuple[str, Report]], form: str, *, stanzas: bool) -> str:
    if form == "json":
        return json.render(reports)
    if form == "csv":
        table: str = pkgutil.resolve_name("bot.rendering.scan_exports:render")(reports)
        return table
    if form == "sarif":  # by name, as the validator below: few ask for it, and everybody waits for what is loaded
        rendered: str = pkgutil.resolve_name("bot.rendering.sarif:render")(reports, _version())
        return rendered
    return scan_report.render(reports, colour=can_colorize(), stanzas=stanzas)


def _version() -> str:
    version: str = pkgutil.resolve_name("importlib.metadata:version")("wharfinger")
    return version


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
    for option, function, meaning in (
        (
            "--diff",
            DIFF,
            "print the change that takes stored tokens out, as `git apply` takes it, instead of the report",
        ),
        ("--fix", FIX, "make that change in the checkout, and report what is left"),
        ("--graph", GRAPH, "print the publish path as a Mermaid flowchart instead of the report"),
    ):
        other.add_argument(option, dest="instead", action="store_const", const=function, help=meaning)
    parser.add_argument("--policy", type=Path, metavar="FILE", help="the organisation's policy file")
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


def _watched(paths: Sequence[Path]) -> Iterable[Path]:
    if not sys.stderr.isatty():
        return paths
    watched: Iterator[Path] = pkgutil.resolve_name("handlers.cli.scan:watched")(paths)
    return watched
