"""Pulse: a thread that renews a worker's hold on its job, so that only a dead worker's job goes to another."""

import logging
from dataclasses import dataclass
from threading import Event, Thread
from types import TracebackType
from typing import Self

from redis import Redis
from redis.exceptions import RedisError

from handlers.queue.enqueue import load_script

log = logging.getLogger("wharfinger.worker")


@dataclass(frozen=True, slots=True)
class WorkerTiming:
    """How fast a worker notices things, in seconds. Tests run the same worker faster."""

    lease: float = 30  # a worker that gave no sign of life for so long is taken for dead
    heartbeat: float = 10  # between two signs of life
    sweep: float = 15  # between two looks for what dead workers left
    wakeup: float = 1  # the longest wait of an idle worker before it looks by itself
    grace: float = 30  # after a job's timeout, when a library does not even let Python interrupt it


class Heartbeat:
    """While the `with` block runs, say every few seconds that the job is still held."""

    def __init__(self, redis: Redis, job_id: str, lease_token: str, timing: WorkerTiming) -> None:
        self._renew = redis.register_script(load_script("renew"))
        self._job_id = job_id
        self._lease_token = lease_token
        self._timing = timing
        self._ended = Event()
        self._thread = Thread(target=self._renew_until_ended, name=f"pulse of {job_id}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()

    def renew_lease(self) -> bool:
        """Whether nobody else was given the job meanwhile; raises redis.RedisError."""
        return bool(self._renew(args=[self._job_id, self._lease_token, self._timing.lease]))

    def _renew_until_ended(self) -> None:
        while not self._ended.wait(self._timing.heartbeat):
            try:
                if not self.renew_lease():
                    return
            except RedisError as error:
                log.warning("the hold on %s could not be renewed: %s", self._job_id, type(error).__name__)
