"""Runs `wharfinger gates`: lists pending deployments and past gate decisions with their reasons."""

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import islice

from bot.rendering.markdown import plain_line
from handlers.config.settings import StoreSettings
from handlers.records.gate_store import GateStore, StoredGateDecision, WaitingDeployment, WaitState
from handlers.records.report_store import ReportStore
from handlers.records.schema.migrate import reading_records


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `wharfinger gates`."""
    parser.add_argument("--repository", metavar="OWNER/NAME", help="list this repository only")
    parser.add_argument("--limit", type=_limit, default=50, metavar="N", help="print at most N decisions (default: 50)")
    parser.add_argument("--format", choices=("text", "json"), default="text")


def main(options: argparse.Namespace) -> int:
    """List the pending deployments and the latest decisions; return the exit status."""
    settings = StoreSettings.from_environment()
    repository = (options.repository or "").lower()
    with reading_records(settings) as records:
        store = GateStore(records)
        pending = [each for each in store.waiting() if repository in ("", each[0].name.lower())]
        decisions = (each for each in store.decisions() if repository in ("", each.repository.lower()))
        latest = list(islice(decisions, options.limit))
        if repository and not pending and not latest:
            ReportStore(records).require_known(options.repository)
    lines = _as_json(pending, latest) if options.format == "json" else _as_text(pending, latest)
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 0


def _as_text(pending: list[tuple[WaitingDeployment, WaitState]], decisions: list[StoredGateDecision]) -> Iterator[str]:
    for deployment, state in pending:
        since = datetime.fromtimestamp(state.since, UTC)
        where = f"{deployment.name} → {deployment.environment}  run {deployment.run}"
        yield plain_line(f"{since:%Y-%m-%d %H:%M}  pending   {where}")
        yield from (plain_line(f"    {reason}") for reason in state.reasons)
    for each in decisions:
        verdict = each.verdict.value if each.confirmed else f"{each.verdict.value} (not confirmed)"
        ref = f"{each.ref} ({each.commit[:7]}) by {each.actor}, run {each.run} attempt {each.attempt}"
        yield plain_line(f"{each.at:%Y-%m-%d %H:%M}  {verdict:<9} {each.repository} → {each.environment}  {ref}")
        yield from (plain_line(f"    {reason}") for reason in each.reasons)
        yield from (plain_line(f"    only observed: {reason}") for reason in each.observed)
        yield from (plain_line(f"    waived: {waiver}") for waiver in each.waivers)
    yield f"{len(pending)} pending, {len(decisions)} decided"


def _as_json(pending: list[tuple[WaitingDeployment, WaitState]], decisions: list[StoredGateDecision]) -> Iterator[str]:
    document = {
        "version": 1,
        "pending": [
            {
                "repository": deployment.name,
                "environment": deployment.environment,
                "run": deployment.run,
                "since": datetime.fromtimestamp(state.since, UTC).isoformat(),
                "reasons": state.reasons,
            }
            for deployment, state in pending
        ],
        "decisions": [asdict(each) | {"at": each.at.isoformat()} for each in decisions],
    }
    yield json.dumps(document, indent=2)


def _limit(argument: str) -> int:
    if not argument.isdecimal():
        raise argparse.ArgumentTypeError(f"{argument[:60]!r} is no number of decisions; write 0 or more")
    return min(int(argument), sys.maxsize)  # as many as can be counted
