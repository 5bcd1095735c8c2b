"""Runs `wharfinger init`: proposes the workflow that scans a repository, and a policy that keeps what is good."""

import argparse
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from bot import __version__
from bot.evaluation.evaluate import Report
from bot.model.core_types import Outcome
from bot.model.errors import WharfingerError
from bot.registries import load_catalog
from bot.rendering.markdown import plain_line
from handlers.cli.checkout import OWN_POLICY, WORKFLOW_FOLDER, CheckoutOptions, evaluate_checkout

WORKFLOW_FILE = f"{WORKFLOW_FOLDER}/wharfinger.yml"
WORKFLOW = f"""# Checks how this repository publishes packages; results are under Security, Code scanning.
name: wharfinger
on:
  push:
    branches: ["main"] # your default branch
  pull_request:

permissions: {{}}

jobs:
  scan:
    runs-on: ubuntu-latest
    timeout-minutes: 10
    permissions:
      contents: read
      security-events: write # results for code scanning
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with:
          persist-credentials: false
      - uses: wharfinger/wharfinger@v{__version__} # pin it to the commit of this tag
        with:
          fail-on: high
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `wharfinger init`."""
    parser.add_argument(
        "path", nargs="?", type=Path, default=Path(), metavar="PATH", help="a checkout; default: this one"
    )
    parser.add_argument(
        "--write", action="store_true", help="write the files that are not there yet, instead of printing them"
    )


def main(options: argparse.Namespace) -> int:
    """Print the proposed files, or write those that are missing; return the exit status."""
    folder: Path = options.path
    report = evaluate_checkout(folder, CheckoutOptions(datetime.now(UTC), load_catalog(), None, zizmor=True, name=None))
    proposed = {WORKFLOW_FILE: WORKFLOW, OWN_POLICY: "\n".join(_policy_lines(report)) + "\n"}
    for name, text in proposed.items():
        if not options.write:
            sys.stdout.write(f"# {name}\n{text}\n")
        elif (folder / name).exists() or (folder / name).is_symlink():
            sys.stdout.write(f"{plain_line(str(folder / name))} is there already, and stays as it is\n")
        else:
            _write(folder, name, text)
            sys.stdout.write(f"{plain_line(str(folder / name))} is written; review and commit it\n")
    return 0


def _policy_lines(report: Report) -> Iterator[str]:
    """Yield a policy that enforces the rules that pass today, and names those that have to be worked on first."""
    by_outcome = {
        outcome: [str(result.rule.name) for result in report.results if result.outcome is outcome]
        for outcome in (Outcome.PASSED, Outcome.FAILED)
    }
    yield "# What this repository holds itself to. The organization's policy applies too; this file may only be stricter."
    yield "version: 1"
    yield "mode: observe # findings are shown, and fail nothing"
    if by_outcome[Outcome.PASSED]:
        yield "rules: # these pass today, and a change that breaks one fails"
        yield from (f"  {name}: {{mode: enforce}}" for name in by_outcome[Outcome.PASSED])
    if by_outcome[Outcome.FAILED]:
        yield "# Enforce these too once they pass; `wharfinger explain NAME` says how:"
        yield from (f"#   {name}" for name in by_outcome[Outcome.FAILED])


def _write(folder: Path, name: str, text: str) -> None:
    """Write a file that is not there; raises WharfingerError, also where the way to it leads out of the checkout."""
    path = folder / name
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.parent.resolve().is_relative_to(folder.resolve()):
            raise WharfingerError(f"{path}: the way to it leads out of the checkout; make the folder a real one")
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        raise WharfingerError(f"{path}: cannot be written ({reason}); check the folder's permissions") from error
