"""Runs `wharfinger deliver`: shows or performs what the App does with a webhook payload."""

import argparse
import difflib
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from bot.json_access import get_int
from bot.model.errors import RetryLaterError, WharfingerError
from bot.rendering.markdown import plain_line
from handlers.config.context import open_context
from handlers.config.logs import describe_error, set_up_logging
from handlers.config.redis_client import connected_redis
from handlers.config.settings import Settings
from handlers.events.event_table import EVENTS, jobs_for_event
from handlers.jobs.job_table import run_job
from handlers.queue.job_spec import JobSpec
from handlers.records.schema.migrate import opened_records
from handlers.web.delivery import DeliveryRefused, Payload, account_login, read_payload, sent_by_this_app

SUCCESS, FAILED, BAD_USAGE = 0, 1, 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `wharfinger deliver`."""
    parser.add_argument("event", help="the event's name, as in X-GitHub-Event: push, check_suite, …")
    parser.add_argument("file", type=Path, help="the payload as JSON; - reads standard input")
    parser.add_argument("--dry-run", action="store_true", help="only print the jobs; needs no settings")


def main(options: argparse.Namespace) -> int:
    """Read the payload, print its jobs, and run them unless this is a dry run."""
    payload = _read_payload_file(options.file)
    _check_event(options.event)
    result = jobs_for_event(options.event, payload)
    _print(f"{options.event}: {result.reason}")
    for spec in result.jobs:
        _print(f"asks for {spec} (queue {spec.priority}, concurrency key {spec.concurrency_key or 'none'})")
    if options.dry_run or not result.jobs:
        return SUCCESS
    settings = Settings.from_environment()
    set_up_logging(settings)
    if sent_by_this_app(payload, settings.app_id):
        _print("the App itself did that, so the receiver would drop it; nothing is done")
        return SUCCESS
    if not settings.allows(get_int(payload, "installation", "id"), account_login(payload)):
        _print("the settings do not allow this installation, so the receiver would refuse it; nothing is done")
        return SUCCESS
    return _run_jobs(settings, result.jobs)


def _check_event(event: str) -> None:
    """Raise WharfingerError for a name that is none of GitHub's, as far as one that is known lies near it."""
    near = difflib.get_close_matches(event[:100], EVENTS, n=1)
    if event not in EVENTS and near:
        raise WharfingerError(f"there is no event {plain_line(event, 60)}; did you mean {near[0]}?")


def _run_jobs(settings: Settings, jobs: Sequence[JobSpec]) -> int:
    """Run each job as a worker would, without the queue."""
    status = SUCCESS
    with opened_records(settings) as records, connected_redis(settings.redis_url) as redis:
        context = open_context(settings, redis, records)
        for spec in jobs:
            try:
                run_job(context, spec)
            except RetryLaterError as error:
                _print(f"{spec.job}: GitHub asks to be asked again in {error.seconds:.0f} seconds: {error.reason}")
                status = FAILED
            except Exception as error:
                logging.getLogger("wharfinger.deliver").debug("it failed", exc_info=True)
                _print(f"{spec.job}: failed: {describe_error(error)}")
                status = FAILED
            else:
                _print(f"{spec.job}: done")
        context.github.close()
    return status


def _read_payload_file(file: Path) -> Payload:
    try:
        body = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        return read_payload(body, is_form=False)
    except OSError as error:
        raise WharfingerError(
            f"{file} cannot be read ({(error.strerror or 'unknown reason').lower()}); check the path"
        ) from error
    except DeliveryRefused as refusal:
        raise WharfingerError(f"{file}: {refusal.message}; give the JSON as GitHub sent it") from None


def _print(line: str) -> None:
    sys.stdout.write(plain_line(line) + "\n")
