"""Runs `wharfinger gates`: lists pending deployments and past gate decisions with their reasons."""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import islice

from bot.rendering.markdown import plain_line
from handlers.config.redis_client import connected_redis
from handlers.config.settings import Settings
from handlers.records.gate_store import GateStore, StoredGateDecision, WaitingDeployment, WaitState
from handlers.records.report_store import ReportStore


def main(arguments: Sequence[str]) -> int:
    """List what waits and the latest decisions; return the exit status."""
    options = _parser().parse_args(arguments)
    settings = Settings.from_environment()
    wanted = (options.repository or "").lower()
    with connected_redis(settings.redis_url) as redis:
        book = GateStore(redis)
        waiting = [each for each in book.waiting() if wanted in ("", each[0].name.lower())]
        found = (each for each in book.decisions() if wanted in ("", each.repository.lower()))
        decided = list(islice(found, options.limit))
        if wanted and not waiting and not decided:
            ReportStore(redis).require_known(options.repository)
    lines = _as_json(waiting, decided) if options.format == "json" else _as_text(waiting, decided)
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 0


def _as_text(waiting: list[tuple[WaitingDeployment, WaitState]], decisions: list[StoredGateDecision]) -> Iterator[str]:
    for gate, note in waiting:
        since = datetime.fromtimestamp(note.since, UTC)
        yield plain_line(f"{since:%Y-%m-%d %H:%M}  waiting   {gate.name} → {gate.environment}  run {gate.run}")
        yield from (plain_line(f"    {reason}") for reason in note.reasons)
    for each in decisions:
        verdict = each.verdict.value if each.confirmed else f"{each.verdict.value} (not confirmed)"
        ref = f"{each.ref} ({each.commit[:7]}) by {each.actor}, run {each.run} attempt {each.attempt}"
        yield plain_line(f"{each.at:%Y-%m-%d %H:%M}  {verdict:<9} {each.repository} → {each.environment}  {ref}")
        yield from (plain_line(f"    {reason}") for reason in each.reasons)
        yield from (plain_line(f"    only observed: {reason}") for reason in each.observed)
        yield from (plain_line(f"    waived: {waiver}") for waiver in each.waivers)
    yield f"{len(waiting)} waiting, {len(decisions)} decided"


def _as_json(waiting: list[tuple[WaitingDeployment, WaitState]], decisions: list[StoredGateDecision]) -> Iterator[str]:
    shown = {
        "version": 1,
        "waiting": [
            {
                "repository": gate.name,
                "environment": gate.environment,
                "run": gate.run,
                "since": datetime.fromtimestamp(note.since, UTC).isoformat(),
                "why": note.reasons,
            }
            for gate, note in waiting
        ],
        "decided": [asdict(each) | {"at": each.at.isoformat()} for each in decisions],
    }
    yield json.dumps(shown, indent=2)


def _limit(argument: str) -> int:
    if not argument.isdecimal():
        raise argparse.ArgumentTypeError(f"{argument[:60]!r} is no number of decisions; write 0 or more")
    return min(int(argument), sys.maxsize)  # as many as can be counted


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="wharfinger gates",
        description="Deployments that wait at the gate, and the latest decisions, the newest first.",
        epilog="Exit status: 0 done, 2 bad usage, a repository that is not known, or no Redis.",
    )
    parser.add_argument("--repository", metavar="OWNER/NAME", help="only this repository's")
    parser.add_argument("--limit", type=_limit, default=50, metavar="N", help="how many decisions (50)")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    return parser
