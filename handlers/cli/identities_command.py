"""Runs `wharfinger identities`: prints the register of publishing identities."""

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
from bot.registries import load_catalog
from bot.rendering.register_report import (
    RegisterReport,
    build_register,
    render_register_csv,
    render_register_json,
    render_register_text,
)
from handlers.cache.repository_listings import WorkflowRunCache
from handlers.cli.checkout import CheckoutOptions, evaluate_checkout, read_policy_option
from handlers.cli.main import SUCCESS
from handlers.config.redis_client import open_redis, without_password
from handlers.config.settings import Settings
from handlers.jobs.repositories.stored_reports import LatestReports
from handlers.records.report_store import ReportStore

NO_IDENTITIES = "No publishing identity is known: the App has seen no repository yet, or none that can publish."


def main(arguments: Sequence[str]) -> int:
    """Print the register, and return the exit status."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.policy and not options.paths:
        parser.error("--policy is for checkouts; what the App knows it judges by the policy in force")
    if options.paths and options.repository and len(options.paths) > 1:
        parser.error("--repository names the one checkout that is looked at")
    name = FullName(options.repository) if options.repository else None
    found = list(_checkouts(options.paths, options.policy, name) if options.paths else _stored_registers(name))
    form = options.format
    if form == "text":
        said = render_register_text(found, color=can_colorize()) or NO_IDENTITIES
    else:
        said = render_register_json(found) if form == "json" else render_register_csv(found)
    sys.stdout.write(f"{said}\n")
    return SUCCESS


def _checkouts(paths: Sequence[Path], policy: Path | None, name: FullName | None) -> Iterator[RegisterReport]:
    catalogue = load_catalog()
    organization = read_policy_option(policy, catalogue) if policy else None
    asking = CheckoutOptions(datetime.now(UTC), catalogue, organization, zizmor=False, name=name)
    for path in paths:
        yield build_register(evaluate_checkout(path, asking))


def _stored_registers(name: FullName | None) -> Iterator[RegisterReport]:
    settings = Settings.from_environment()
    with open_redis(settings.redis_url) as redis:
        try:
            if name:
                ReportStore(redis).require_known(name)
            yield from _reports(redis, name)
        except RedisError as error:
            where = without_password(settings.redis_url)
            raise WharfingerError(f"Redis at {where} does not answer ({error}); is `wharfinger run` running?") from None


def _reports(redis: Redis, name: FullName | None) -> Iterator[RegisterReport]:
    standings, catalogue = ReportStore(redis), load_catalog()
    for installation in standings.installations():
        latest = LatestReports(redis, catalogue, installation)
        for standing in sorted(standings.all(installation), key=lambda each: each.repository.lower()):
            if name and standing.repository.lower() != name.lower():
                continue
            report = latest.report(standing.id)
            if report is None and name:
                raise WharfingerError(f"of {standing.repository} no snapshot is kept; the next look at it makes one")
            register = build_register(report, WorkflowRunCache(redis, standing.id).cached()) if report else None
            if register and (register.entries or register.missing or name):
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
    parser.add_argument("--policy", type=Path, metavar="FILE", help="the organization's policy file, for checkouts")
    parser.add_argument("--repository", metavar="OWNER/NAME", help="only this one; of a checkout, what GitHub calls it")
    return parser
