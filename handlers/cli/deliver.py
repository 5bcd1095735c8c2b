"""`wharfinger deliver EVENT FILE`: what the App would do with a payload, or does with it, here and now."""

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from bot.model.errors import LaterError, WharfingerError
from bot.rendering.markdown import plain
from handlers.config.context import open_context
from handlers.config.logs import set_up_logging, told
from handlers.config.redis_client import answering_redis
from handlers.config.settings import Settings
from handlers.events.events import work_for
from handlers.jobs.job_table import JOBS
from handlers.queue.job_specs import Work
from handlers.web.delivery import Payload, Refusal, account_of, is_own, read_payload

GOOD, FAILED, BAD = 0, 1, 2


def main(arguments: Sequence[str]) -> int:
    """Read the payload, say what it asks for, and do that unless told not to."""
    options = _parser().parse_args(arguments)
    payload = _read(options.file)
    asked = work_for(options.event, payload)
    _say(f"{options.event}: {asked.why}")
    for work in asked.work:
        _say(f"asks for {work.job}{work.arguments!r} (queue {work.priority}, lane {work.lane})")
    if options.dry_run or not asked.work:
        return GOOD
    settings = Settings.from_environment()
    set_up_logging(settings)
    if is_own(payload, settings.app_id):
        _say("the App itself did that, so the receiver would drop it; nothing is done")
        return GOOD
    if not settings.allows(int(str(asked.work[0].arguments[0])), account_of(payload)):
        _say("the settings do not allow this installation, so the receiver would refuse it; nothing is done")
        return GOOD
    return _do(settings, asked.work)


def _do(settings: Settings, work: Sequence[Work]) -> int:
    """Do each piece as a worker would, without the queue."""
    status = GOOD
    with answering_redis(settings.redis_url) as redis:
        context = open_context(settings, redis)
        for piece in work:
            try:
                JOBS[piece.job](context, *piece.arguments)
            except LaterError as error:
                _say(f"{piece.job}: GitHub asks to be asked again in {error.seconds:.0f} seconds: {error.reason}")
                status = FAILED
            except Exception as error:
                logging.getLogger("wharfinger.deliver").debug("it failed", exc_info=True)
                _say(f"{piece.job}: failed: {told(error)}")
                status = FAILED
            else:
                _say(f"{piece.job}: done")
        context.telephone.close()
    return status


def _read(file: Path) -> Payload:
    try:
        body = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        return read_payload(body, form=False)
    except OSError as error:
        raise WharfingerError(
            f"{file} cannot be read ({(error.strerror or 'unknown reason').lower()}); check the path"
        ) from error
    except Refusal as refusal:
        raise WharfingerError(f"{file}: {refusal.sentence}; give the JSON as GitHub sent it") from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="wharfinger deliver",
        description="Send a payload through the real handlers, without signature and queue.",
        epilog="Exit status: 0 done or nothing to do, 1 a job failed, 2 bad usage, settings or no Redis.",
    )
    parser.add_argument("event", help="the event's name, as in X-GitHub-Event: push, check_suite, …")
    parser.add_argument("file", type=Path, help="the payload, JSON as GitHub sends it; - for standard input")
    parser.add_argument("--dry-run", action="store_true", help="only say what it asks for; needs no settings")
    return parser


def _say(line: str) -> None:
    sys.stdout.write(plain(line) + "\n")
