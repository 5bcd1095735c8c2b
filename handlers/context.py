"""Context: what a job gets besides its arguments, opened once per worker process."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from redis import Redis

from handlers.settings import Settings


@dataclass(frozen=True, slots=True)
class Context:
    """The App's settings and its Redis (bytes in, bytes out). The telephone to GitHub joins them here."""

    settings: Settings
    redis: Redis
    delivery: str = ""  # the delivery that asked for the work, "" for the clock's: to be named in logs and to GitHub


# A job is called with the context and the arguments of its Work, all positional. It may raise LaterError to be done
# again after some seconds; any other error counts as an attempt and is retried with growing pauses.
Job: TypeAlias = Callable[..., None]


def open_context(settings: Settings, redis: Redis) -> Context:
    """Open what jobs need; a worker calls it once, before its first job."""
    return Context(settings, redis)
