"""`wharfinger identities`: the register of publishing identities, of checkouts or of all that the App knows."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError
from termcolor import can_colorize

from bot.model.core_types import FullName
from bot.model.errors import WharfingerError
from bot.registries import load_catalogue
from bot.rendering.identities import render_csv, render_json, render_text
from bot.rendering.register_report import RegisterReport, register_of
from handlers.cache.runs import Runs
from handlers.cli.judging import Asking, judge_checkout, policy_file
from handlers.cli.main import GOOD
from handlers.config.redis_client import open_redis, without_password
from handlers.config.settings import Settings
from handlers.jobs.repositories.latest import Latest
from handlers.records.report_store import Standings

NOTHING = "No publishing identity is known: the App has seen no repository yet, or none that can publish."


def main(arguments: Sequence[str]) -> int:
    """Print the register, and return the exit status."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.policy and not options.paths:
        parser.error("--policy is for checkouts; what the App knows it judges by the policy in force")
    if options.paths and options.repository and len(options.paths) > 1:
        parser.error("--repository names the one checkout that is looked at")
    name = FullName(options.repository) if options.repository else None
    found = list(_checkouts(options.paths, options.policy, name) if options.paths else _known(name))
    form = options.format
    if form == "text":
        said = render_text(found, colour=can_colorize()) or NOTHING
    else:
        said = render_json(found) if form == "json" else render_csv(found)
    sys.stdout.write(f"{said}\n")
    return GOOD


def _checkouts(paths: Sequence[Path], policy: Path | None, name: FullName | None) -> Iterator[RegisterReport]:
    catalogue = load_catalogue()
    organisation = policy_file(policy, catalogue) if policy else None
    asking = Asking(datetime.now(UTC), catalogue, organisation, zizmor=False, name=name)
    for path in paths:
        yield register_of(judge_checkout(path, asking))


def _known(name: FullName | None) -> Iterator[RegisterReport]:
    settings = Settings.from_environment()
    with open_redis(settings.redis_url) as redis:
        try:
            if name:
                Standings(redis).check_known(name)
            yield from _reports(redis, name)
        except RedisError as error:
            where = without_password(settings.redis_url)
            raise WharfingerError(f"Redis at {where} does not answer ({error}); is `wharfinger run` running?") from None


def _reports(redis: Redis, name: FullName | None) -> Iterator[RegisterReport]:
    standings, catalogue = Standings(redis), load_catalogue()
    for installation in standings.installations():
        latest = Latest(redis, catalogue, installation)
        for standing in sorted(standings.all(installation), key=lambda each: each.repository.lower()):
            if name and standing.repository.lower() != name.lower():
                continue
            report = latest.report(standing.id)
            if report is None and name:
                raise WharfingerError(f"of {standing.repository} no snapshot is kept; the next look at it makes one")
            register = register_of(report, Runs(redis, standing.id).known()) if report else None
            if register and (register.lines or register.absent or name):
                yield register


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="wharfinger identities",
        description="Print the register of publishing identities: of checkouts, or of all repositories that the App knows.",
        epilog="Exit status: 0 done, 2 bad usage, a repository that is not known, or no Redis.",
    )
    parser.add_argument(
        "paths", nargs="*", type=Path, metavar="PATH", help="checkouts; without one, what the App knows"
    )
    parser.add_argument(
        "--format", choices=["text", "json", "csv"], default="text", help="what to print (default: text)"
    )
    parser.add_argument("--policy", type=Path, metavar="FILE", help="the organisation's policy file, for checkouts")
    parser.add_argument("--repository", metavar="OWNER/NAME", help="only this one; of a checkout, what GitHub calls it")
    return parser
