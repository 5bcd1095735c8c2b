"""Runs `wharfinger doctor`: checks everything the App needs and explains what is missing."""

import argparse
import sys
from collections.abc import Iterator
from datetime import UTC, datetime

from redis.exceptions import RedisError
from termcolor import can_colorize, colored

from bot.model.errors import ConfigurationError
from bot.rendering.markdown import plain_line
from handlers.cache.diagnoses import Diagnosis, DiagnosisState, diagnosed_missing, diagnosed_ok, diagnosed_unknown
from handlers.cache.redis_health import away, look_at_redis
from handlers.config.context import open_context
from handlers.config.database import Database
from handlers.config.redis_client import open_redis, without_password
from handlers.config.settings import Settings
from handlers.jobs.notifications import try_channels
from handlers.jobs.repositories.diagnose import diagnose_github
from handlers.records.schema.health import examine_records

SUCCESS, MISSING = 0, 1
COLORS = {DiagnosisState.OK: "green", DiagnosisState.MISSING: "red", DiagnosisState.UNKNOWN: "yellow"}


def main(_: argparse.Namespace) -> int:
    """Print one line for each thing that was checked; return 1 if one of them is missing or unknown."""
    status = SUCCESS
    for diagnosis in examine():
        word = colored(f"{diagnosis.state:<7}", COLORS[diagnosis.state]) if can_colorize() else f"{diagnosis.state:<7}"
        sys.stdout.write(f"{word}  {plain_line(str(diagnosis))}\n")
        sys.stdout.flush()
        if diagnosis.state is not DiagnosisState.OK:
            status = MISSING
    return status


def examine() -> Iterator[Diagnosis]:
    """Check one thing after another; what cannot be checked before another is fixed is unknown."""
    try:
        settings = Settings.from_environment()
    except ConfigurationError as error:
        for line in str(error).splitlines():
            name, _, why = line.partition(" ")
            sentence, _, remedy = why.partition("; ")
            yield diagnosed_missing(name, sentence, remedy)
        yield diagnosed_unknown(
            "Redis and GitHub", "they are checked once the settings are valid", "fix the settings first"
        )
        return
    yield diagnosed_ok("settings", "complete and readable")
    redis, records = open_redis(settings.redis_url, fail_fast=True), Database(settings.database_url)
    try:
        yield from examine_records(records, settings)
        yield from look_at_redis(redis)
        context = open_context(settings, redis, records)
        yield from diagnose_github(context)
        context.github.close()
        yield from try_channels(settings, datetime.now(UTC))
        yield _registries(settings)
    except RedisError as error:
        yield away(error, without_password(settings.redis_url), embedded=settings.embedded_redis)
        yield diagnosed_unknown("GitHub", "tokens and pauses are shared through Redis", "start Redis first")
    finally:
        redis.close()
        records.close()


def _registries(settings: Settings) -> Diagnosis:
    """Say how registries are asked; that they do not know by whom is no fault, but rude."""
    mirrors = ", ".join(sorted(settings.registry_urls))
    where = f"a mirror is asked instead of {mirrors}" if mirrors else "they are asked at their own addresses"
    who = (
        f"as {settings.contact}"
        if settings.contact
        else "without a contact; set WHARFINGER_CONTACT, so that they can reach you"
    )
    return diagnosed_ok("registries", f"{where}, {who}")
