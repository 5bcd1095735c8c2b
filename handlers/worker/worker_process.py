"""`wharfinger worker`: a process that does the work, one piece at a time. Start as many as there is work for."""

import argparse
import logging
from collections.abc import Sequence

from handlers.config.context import open_context
from handlers.config.logs import set_up_logging
from handlers.config.redis_client import open_redis, wait_for_redis, without_password
from handlers.config.settings import Settings
from handlers.jobs.job_table import JOBS
from handlers.worker.worker import Worker

log = logging.getLogger("wharfinger.worker")


def main(arguments: Sequence[str]) -> int:
    """Work until told to stop: SIGTERM lets the present job end first."""
    parser = argparse.ArgumentParser(prog="wharfinger worker", description="Do the work that waits in Redis.")
    parser.add_argument("--burst", action="store_true", help="leave when nothing waits any more")
    options = parser.parse_args(arguments)
    settings = Settings.from_environment()
    set_up_logging(settings)
    redis = open_redis(settings.redis_url)
    wait_for_redis(redis, settings.redis_url)
    context = open_context(settings, redis)
    log.info("ready for work from %s", without_password(settings.redis_url))
    Worker(redis, JOBS, context).work(burst=options.burst)
    context.github.close()
    return 0
