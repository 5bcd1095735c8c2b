"""Runs `wharfinger scan`: evaluates local checkouts with the same rules as the App."""

import argparse
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from termcolor import can_colorize

from bot.checks.documentation import read_documentation
from bot.model.core_types import FullName, RuleName, Severity
from bot.model.errors import WharfingerError
from bot.registries import Catalog, load_catalog
from bot.rendering.baseline import NO_BASELINE, Baseline, parse_baseline
from bot.rendering.scan_report import ScanPart, TextStyle
from handlers.cli.checkout import (
    CheckoutOptions,
    ReadRemote,
    evaluate_checkout,
    read_policy_option,
    require_checkout,
)
from handlers.cli.scan_batches import CLEAN, OutputOptions, core_count, exit_status, scan_checkouts
from handlers.cli.scan_target import REPOSITORY_NAME, fetched, is_address

T = TypeVar("T")

MAX_JOBS = 256

DIFF, FIX, GRAPH = "diff", "fix", "graph"  # what may be done instead of printing the report


def main(options: argparse.Namespace) -> int:
    """Scan the checkouts and print the report; return the exit status; raises WharfingerError for one that cannot be read."""
    _check_options(options)
    if not any(is_address(each, online=options.online) for each in options.paths):
        paths = [Path(each) for each in options.paths] or [Path()]
        return _scan(paths, options, _checkout_options(options, options.repository))
    if len(options.paths) > 1 or options.instead == FIX:
        raise WharfingerError("an address is scanned alone, and not changed; give one PATH, without --fix")
    with fetched(options.paths[0]) as target:
        checkout = _checkout_options(options, options.repository or target.repository)
        return _scan([target.folder], options, checkout, target.label)


def _check_options(options: argparse.Namespace) -> None:
    """Raise WharfingerError for options that do not go together."""
    if options.repository and (len(options.paths) > 1 or not REPOSITORY_NAME.fullmatch(options.repository)):
        raise WharfingerError("--repository names the one checkout that is scanned, as OWNER/NAME")
    if options.baseline and len(options.paths) > 1:
        raise WharfingerError("--baseline is of one checkout; scan one PATH at a time")
    if options.instead in (DIFF, GRAPH) and options.format:
        raise WharfingerError(f"--{options.instead} prints no report, so --format has nothing to say; leave one out")
    if options.explain and options.format not in (None, "text"):
        raise WharfingerError("--explain adds pages to the text; leave out --format")


def _checkout_options(options: argparse.Namespace, name: FullName | None) -> CheckoutOptions:
    catalog = load_catalog()
    organization = read_policy_option(options.policy, catalog) if options.policy else None
    read_remote = _remote_reader() if options.online else None
    return CheckoutOptions(datetime.now(UTC), catalog, organization, options.zizmor, name, read_remote)


def _scan(
    paths: Sequence[Path], options: argparse.Namespace, checkout: CheckoutOptions, label: str | None = None
) -> int:
    for path in paths:
        require_checkout(path, checkout.catalog)  # so that an error is told before anything is printed
    if options.instead in (DIFF, GRAPH):
        return _do_instead(paths, options, checkout)
    if options.instead == FIX:
        _do_instead(paths, options, checkout)  # and then the report is about what is left
    return _print_report(paths, options, checkout, label)


def _print_report(
    paths: Sequence[Path], options: argparse.Namespace, checkout: CheckoutOptions, label: str | None
) -> int:
    """Scan, and print each report as soon as those before it are printed; return the exit status."""
    baseline = _read_baseline(options.baseline) if options.baseline else None
    color = can_colorize()
    style = TextStyle(
        color=color,
        links=color and sys.stdout.isatty(),
        verbose=options.verbose,
        waiver_templates=options.waivers,
        baseline=baseline or NO_BASELINE,
    )
    output = OutputOptions(options.format or "text", style, Severity(options.fail_on), baseline, label)
    status = CLEAN
    failed: dict[RuleName, None] = {}

    def parts() -> Iterator[ScanPart]:
        nonlocal status
        jobs = 1 if checkout.read_remote else options.jobs or core_count()
        scanned = scan_checkouts(paths, checkout, output, jobs)
        for each in with_progress_bar(scanned, len(paths)):
            status = max(status, each.status)
            failed.update(dict.fromkeys(each.failed))
            yield each.part

    sys.stdout.writelines(output.scan_format().join(parts()))
    if options.explain:
        sys.stdout.writelines(_pages(failed, checkout.catalog))
    return status


def _read_baseline(path: Path) -> Baseline:
    try:
        return parse_baseline(path.read_bytes())
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        raise WharfingerError(f"{path}: cannot be read ({reason}); check --baseline") from error
    except WharfingerError as error:
        raise WharfingerError(f"{path}: {error}") from error


def _pages(rules: Iterable[RuleName], catalog: Catalog) -> Iterator[str]:
    """Yield the page of each rule, without its options and examples."""
    for name in rules:
        yield f"\n{(read_documentation(name, catalog) or '').partition('## Options')[0].strip()}\n"


def _remote_reader() -> ReadRemote:
    # The client for GitHub takes longer to load than a small repository takes to scan.
    from handlers.cli.online import remote_reader

    return remote_reader(os.environ).read


def _do_instead(paths: Sequence[Path], options: argparse.Namespace, checkout: CheckoutOptions) -> int:
    # Few ask for a change or a diagram, and every scan would wait for them to load.
    from handlers.cli.fix_files import print_diff, print_graph, write_fixes

    reports = [(path, evaluate_checkout(path, checkout)) for path in with_progress_bar(paths, len(paths))]
    {DIFF: print_diff, FIX: write_fixes, GRAPH: print_graph}[options.instead](reports)
    return max(exit_status(report, Severity(options.fail_on)) for _, report in reports)


def _job_count(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= MAX_JOBS:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to {MAX_JOBS}")
    return int(text)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `wharfinger scan`."""
    parser.add_argument(
        "paths",
        nargs="*",
        metavar="PATH",
        help="the folder of a checkout (default: this one), the address of a repository, or with --online OWNER/NAME",
    )
    parser.add_argument(
        "--format",
        choices=["text", "json", "csv", "sarif", "github", "markdown"],
        help="default: text; github prints annotations for a workflow, markdown the summary of a job",
    )
    parser.add_argument("-v", "--verbose", action="store_true", help="list also what passed or is unknown (text only)")
    parser.add_argument("--explain", action="store_true", help="print the page of each rule that failed (text only)")
    parser.add_argument(
        "--baseline",
        type=Path,
        metavar="FILE",
        help="what `--format json` printed earlier: findings that it lists are not new, and do not set the exit status",
    )
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
