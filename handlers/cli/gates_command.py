"""`wharfinger gates`: what waits at a gate, and what was decided: for whom, how, and why."""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import islice

from bot.rendering.markdown import plain
from handlers.config.redis_client import answering_redis
from handlers.config.settings import Settings
from handlers.records.gate_store import Decided, Gate, GateBook, Note
from handlers.records.report_store import Standings


def main(arguments: Sequence[str]) -> int:
    """List what waits and the latest decisions; return the exit status."""
    options = _parser().parse_args(arguments)
    settings = Settings.from_environment()
    wanted = (options.repository or "").lower()
    with answering_redis(settings.redis_url) as redis:
        book = GateBook(redis)
        waiting = [each for each in book.waiting() if wanted in ("", each[0].name.lower())]
        found = (each for each in book.history() if wanted in ("", each.repository.lower()))
        decided = list(islice(found, options.limit))
        if wanted and not waiting and not decided:
            Standings(redis).check_known(options.repository)
    lines = _as_json(waiting, decided) if options.format == "json" else _as_text(waiting, decided)
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 0


def _as_text(waiting: list[tuple[Gate, Note]], decided: list[Decided]) -> Iterator[str]:
    for gate, note in waiting:
        since = datetime.fromtimestamp(note.since, UTC)
        yield plain(f"{since:%Y-%m-%d %H:%M}  waiting   {gate.name} → {gate.environment}  run {gate.run}")
        yield from (plain(f"    {reason}") for reason in note.why)
    for each in decided:
        verdict = each.verdict.value if each.confirmed else f"{each.verdict.value} (not confirmed)"
        ref = f"{each.ref} ({each.commit[:7]}) by {each.actor}, run {each.run} attempt {each.attempt}"
        yield plain(f"{each.at:%Y-%m-%d %H:%M}  {verdict:<9} {each.repository} → {each.environment}  {ref}")
        yield from (plain(f"    {reason}") for reason in each.reasons)
        yield from (plain(f"    only observed: {reason}") for reason in each.observed)
        yield from (plain(f"    waived: {waiver}") for waiver in each.waivers)
    yield f"{len(waiting)} waiting, {len(decided)} decided"


def _as_json(waiting: list[tuple[Gate, Note]], decided: list[Decided]) -> Iterator[str]:
    shown = {
        "version": 1,
        "waiting": [
            {
                "repository": gate.name,
                "environment": gate.environment,
                "run": gate.run,
                "since": datetime.fromtimestamp(note.since, UTC).isoformat(),
                "why": note.why,
            }
            for gate, note in waiting
        ],
        "decided": [asdict(each) | {"at": each.at.isoformat()} for each in decided],
    }
    yield json.dumps(shown, indent=2)


def _limit(said: str) -> int:
    if not said.isdecimal():
        raise argparse.ArgumentTypeError(f"{said[:60]!r} is no number of decisions; write 0 or more")
    return min(int(said), sys.maxsize)  # as many as can be counted


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
