"""RQ's job, narrowed: JSON only, allow-listed names only, and none of the fields that make RQ import or call things."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import rq.serializers
from rq.job import Job

RunJob: TypeAlias = Callable[[str, str, tuple[int | str, ...]], None]  # name, delivery, arguments

# Whoever can write to Redis must not be able to run code here. RQ falls back to pickle wherever no serializer was
# passed (facts: its pool and its cron do so), so the fallback itself is made JSON: then no pickle is ever read.
rq.serializers.DefaultSerializer.dumps = rq.serializers.JSONSerializer.dumps
rq.serializers.DefaultSerializer.loads = rq.serializers.JSONSerializer.loads

# The fields of a job's hash that are read. Left out: callbacks and webhooks (names and addresses RQ would call),
# meta, results, dependencies, groups, repeats and rate limits, none of which we use.
ALLOWED_FIELDS = frozenset(
    b"created_at data origin worker_name description enqueued_at started_at ended_at last_heartbeat timeout result_ttl "
    b"failure_ttl status number_of_retries retries_left retry_intervals".split()
)


class UnknownJobError(Exception):
    """A job in Redis that this App did not put there."""


class QueuedJob(Job):
    """A piece of work as RQ keeps it. The worker sets `run` before it performs the job."""

    run: RunJob | None = None
    delivery_id: str = ""

    def restore(self, raw_data: Mapping[Any, Any]) -> None:
        """Read the job's hash, without the fields we never write."""
        super().restore({name: value for name, value in raw_data.items() if name in ALLOWED_FIELDS})
        self.delivery_id = raw_data.get(b"delivery", b"").decode(errors="replace")

    def _execute(self) -> Any:  # noqa: ANN401 - RQ's own signature
        """Perform the work by its name in the table of jobs; nothing is imported by name."""
        arguments = self.args
        if self.run is None or self.instance is not None or self.kwargs or not isinstance(arguments, list):
            raise UnknownJobError("the job's data does not have the shape this App writes")
        if not all(isinstance(argument, int | str) for argument in arguments):
            raise UnknownJobError("the job's arguments are not all names and numbers")
        self.run(str(self.func_name), self.delivery_id, tuple(arguments))
