"""Runs queued jobs by priority and renews each job's lease while it runs.

A job is JSON that names a spec of the table of jobs, so RQ never imports or calls anything else.
"""

import argparse
import faulthandler
import logging
import random
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from types import TracebackType
from typing import Any, Self, TypeAlias
from uuid import uuid4

import rq.serializers
from redis import Redis
from redis.client import Pipeline
from redis.exceptions import RedisError
from rq import Queue, SimpleWorker
from rq.exceptions import NoSuchJobError, StopRequested
from rq.executions import Execution
from rq.job import Job, JobStatus
from rq.worker import WorkerStatus
from rq.worker_registration import clean_worker_registry

from bot.github.github_errors import BudgetSpentError
from bot.github.rate_limits import Share
from bot.model.errors import RetryLaterError
from handlers.config.context import Context, JobFunction, open_context
from handlers.config.database import DatabaseError
from handlers.config.logs import describe_error, set_up_logging
from handlers.config.redis_client import open_redis, wait_for_redis, without_password
from handlers.config.settings import Settings
from handlers.jobs.job_table import JOBS
from handlers.jobs.redis_loss import claim_redis, recover_lost_redis
from handlers.queue.enqueue import CRASH_RETRY_DELAYS, FAILED_JOB_TTL, QUEUES, WAKEUP_KEY, load_script
from handlers.queue.job_spec import InvalidJobError, JobSpec, Priority, read_job
from handlers.queue.job_specs import ReportChangeAlerts, WritePackageAlert
from handlers.records.fence import fenced
from handlers.records.schema.migrate import open_records

# Whoever can write to Redis must not be able to run code here. RQ falls back to pickle wherever no serializer was
# passed (its pool and its cron do so), so the fallback itself is made JSON: then no pickle is ever read.
rq.serializers.DefaultSerializer.dumps = rq.serializers.JSONSerializer.dumps
rq.serializers.DefaultSerializer.loads = rq.serializers.JSONSerializer.loads

# The fields of a job's hash that are read. Left out: callbacks and webhooks (names and addresses RQ would call),
# meta, results, dependencies, groups, repeats and rate limits, none of which we use.
ALLOWED_FIELDS = frozenset(
    b"created_at data origin worker_name description enqueued_at started_at ended_at last_heartbeat timeout result_ttl "
    b"failure_ttl status number_of_retries retries_left retry_intervals".split()
)


class QueuedJob(Job):
    """A job as RQ keeps it. The worker sets `run` before it performs the job."""

    run: Callable[[bytes, str], None] | None = None  # with the stored job, and the delivery that asked for it
    delivery_id: str = ""

    def restore(self, raw_data: Mapping[Any, Any]) -> None:
        """Read the job's hash, without the fields we never write."""
        super().restore({name: value for name, value in raw_data.items() if name in ALLOWED_FIELDS})
        self.delivery_id = raw_data.get(b"delivery", b"").decode(errors="replace")

    def _deserialize_data(self) -> None:
        """Tell RQ nothing but a name for its log: it is `read_job` that reads the data, when the job is performed."""
        self._func_name, self._instance, self._args, self._kwargs = self.description or "", None, (), {}

    def _execute(self) -> None:
        if self.run is None:
            raise InvalidJobError("the job was not taken by a worker of Wharfinger")
        self.run(self.data, self.delivery_id)


log = logging.getLogger("wharfinger.worker")


@dataclass(frozen=True, slots=True)
class WorkerTiming:
    """How fast a worker notices things, in seconds. Tests run the same worker faster."""

    lease: float = 30  # a worker without a heartbeat for so long counts as crashed
    heartbeat: float = 10  # between two heartbeats
    sweep: float = 15  # between two sweeps for what crashed workers left behind
    wakeup: float = 1  # the longest time for which an idle worker waits to be woken
    grace: float = 30  # after a job's timeout, when a library does not even let Python interrupt it


class Heartbeat:
    """Renews the lease of a job every few seconds while the `with` block runs."""

    def __init__(self, redis: Redis, job_id: str, lease_token: str, timing: WorkerTiming) -> None:
        self._renew = redis.register_script(load_script("renew"))
        self._job_id = job_id
        self._lease_token = lease_token
        self._timing = timing
        self._ended = Event()
        self._thread = Thread(target=self._renew_until_ended, name=f"heartbeat of {job_id}", daemon=True)

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
                log.warning("the lease of %s could not be renewed: %s", self._job_id, type(error).__name__)


ExceptionInfo: TypeAlias = tuple[type[BaseException] | None, BaseException | None, TracebackType | None]

SHARES = {Priority.GATE: Share.GATE, Priority.CHECK: Share.CHECK, Priority.SWEEP: Share.SWEEP}
ALERT_JOBS = (ReportChangeAlerts, WritePackageAlert)
MAX_POSTPONEMENT = timedelta(days=1)  # a job that GitHub puts off for longer than this has failed


@dataclass(frozen=True, slots=True)
class Lease:
    """What lua/take.lua gave us: the token tells this lease from any later one of the same job."""

    job_id: str
    queue: str
    lease_token: str
    concurrency_key: str


class Worker(SimpleWorker):
    """Runs jobs with RQ's loop, records and time limits; jobs are taken, leased and finished by our own scripts (lua/).

    RQ loses a job when it is killed between popping and recording it, and knows no concurrency keys. Here taking a job,
    leasing it and claiming its concurrency key are one step, and so is its end; a lease that is not renewed is swept.
    """

    def __init__(
        self,
        redis: Redis,
        jobs: Mapping[type[JobSpec], JobFunction],
        context: Context,
        timing: WorkerTiming | None = None,
        only: Priority | None = None,
    ) -> None:
        super().__init__(
            list(QUEUES),
            connection=redis,
            job_class=QueuedJob,
            serializer="json",
            worker_ttl=60,
            log_job_description=False,
        )
        self.jobs = jobs
        self.context = context
        self.timing = timing or WorkerTiming()
        self._taken_queues = [only.value] if only else list(QUEUES)
        self._wakeup_key = f"{WAKEUP_KEY}:{only.value}" if only else WAKEUP_KEY
        self._spec: JobSpec | None = None  # of the job that runs
        self._lease = Lease("", "", "", "")
        self._swept_at = -float("inf")  # monotonic
        self._handlers: dict[signal.Signals, Any] = {}  # as they were before this worker's own
        self._take_script = redis.register_script(load_script("take"))
        self._sweep_script = redis.register_script(load_script("sweep"))
        self._finish_script = redis.register_script(load_script("finish"))

    # -- the loop, as RQ calls it -------------------------------------------------------------------------------------

    def bootstrap(self, *_: object) -> None:
        """Register this worker. RQ would also set up logging and listen for commands: neither is wanted."""
        self.register_birth()  # type: ignore[no-untyped-call]  # RQ leaves it untyped
        self.set_state(WorkerStatus.STARTED)

    def check_for_suspension(self, burst: bool) -> None:  # noqa: FBT001 - RQ's own signature
        """Suspending workers by a key in Redis is not offered."""

    def _install_signal_handlers(self) -> None:
        self._handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        super()._install_signal_handlers()  # type: ignore[no-untyped-call]  # RQ leaves it untyped

    def procline(self, message: str) -> None:
        """Leave the process's title alone."""

    def _shutdown(self) -> None:
        """On SIGTERM finish the present job, then stop: nothing is interrupted, so nothing is lost on a deploy."""
        self._stop_requested = True

    @property
    def should_run_maintenance_tasks(self) -> bool:
        """Whether it is time for a sweep."""
        return time.monotonic() - self._swept_at > self.timing.sweep

    def run_maintenance_tasks(self) -> None:
        """Repair what crashed workers left behind; let failed jobs expire."""
        requeued, failed, freed, again = self._sweep_script(args=[FAILED_JOB_TTL, *CRASH_RETRY_DELAYS])
        if requeued or failed or freed or again:
            log.warning(
                "after a crash: %d jobs queued again, %d failed for good, %d concurrency keys freed, %d jobs asked for again",
                *(requeued, failed, freed, again),
            )
        recover_lost_redis(self.context)
        for queue in self.queues:
            queue.failed_job_registry.cleanup()
        clean_worker_registry(self.queues[0])
        self._swept_at = time.monotonic()

    def dequeue_job_and_maintain_ttl(
        self, timeout: int | None, max_idle_time: int | None = None
    ) -> tuple[Job, Queue] | None:
        """Wait for a job and take it; with `timeout` None (burst) do not wait."""
        del max_idle_time
        pause = 0.5
        while not self._stop_requested:
            try:
                taken = self._take_next()
                pause = 0.5
                if taken or timeout is None:
                    return taken
                self.connection.blpop([self._wakeup_key], self.timing.wakeup)
            except (RedisError, DatabaseError) as error:
                away = "Redis is" if isinstance(error, RedisError) else "the records are"
                log.warning("%s away (%s); looking again in %.1f s", away, type(error).__name__, pause)
                time.sleep(pause)
                pause = min(pause * 2, 10)
        raise StopRequested

    def _take_next(self) -> tuple[Job, Queue] | None:
        if self.should_run_maintenance_tasks:
            self.run_maintenance_tasks()
            self.heartbeat()
        while taken := self._take_script(args=[self.timing.lease, self.context.settings.app, *self._taken_queues]):
            lease = Lease(*(part.decode() for part in taken))
            try:
                job = QueuedJob.fetch(lease.job_id, connection=self.connection, serializer=self.serializer)
            except NoSuchJobError:  # dropped by hand meanwhile
                self._finish_script(args=[lease.job_id, lease.lease_token, lease.concurrency_key, "dropped", "done"])
                continue
            except (ValueError, TypeError, LookupError) as error:
                self._fail_unreadable(lease, type(error).__name__)  # its words may quote what is stored
                continue
            self._lease = lease
            return job, next(queue for queue in self.queues if queue.name == lease.queue)
        return None

    def _fail_unreadable(self, lease: Lease, kind: str) -> None:
        """Keep a job that RQ cannot read among the failed ones, where an operator sees it."""
        reason = f"what is stored is not a job of Wharfinger ({kind}); drop it"
        log.error("job %s failed: %s", lease.job_id, reason)
        with self.connection.pipeline() as pipe:
            pipe.hset(Job.key_for(lease.job_id), mapping={"status": "failed", "reason": reason})
            pipe.expire(Job.key_for(lease.job_id), FAILED_JOB_TTL)
            pipe.zadd(f"rq:failed:{lease.queue}", {lease.job_id: time.time() + FAILED_JOB_TTL})
            args = [lease.job_id, lease.lease_token, lease.concurrency_key, "unreadable", "failed"]
            self._finish_script(args=args, client=pipe)
            pipe.execute()

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Run one job. When Redis is away at its end, the lease expires and the job runs once more."""
        try:
            super().execute_job(job, queue)
        except RedisError as error:
            log.warning("the end of %s could not be recorded (%s); it will run again", job.id, type(error).__name__)
        finally:
            self.executions.clear()

    def heartbeat(self, timeout: int | None = None, pipeline: Pipeline | None = None) -> None:
        """Refresh this worker's entry in the list of workers; nothing else depends on it."""
        try:
            super().heartbeat(timeout, pipeline)
        except RedisError as error:
            log.warning("Redis is away (%s)", type(error).__name__)

    def teardown(self) -> None:
        """Unregister this worker, if Redis can be reached; the process handles signals by itself again."""
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        with suppress(RedisError):
            self.register_death()  # type: ignore[no-untyped-call]  # RQ leaves it untyped

    # -- one job ------------------------------------------------------------------------------------------------------

    def prepare_execution(self, job: Job) -> Execution:
        """Record in this process alone what it does; Redis knows that by the lease, which is swept when we crash.

        RQ 3.0.0 would write a record and a list of records. Behind a killed worker the record expires a minute before
        the list does, and whoever ends the job within that minute reads the list and fails: "Execution … not found".
        """
        self.set_state(WorkerStatus.BUSY)
        execution = Execution(uuid4().hex, job.id, self.connection)
        self.executions[execution.id] = execution
        return execution

    def perform_job(self, job: Job, queue: Queue, execution: Execution) -> bool:
        """Run the job under a lease that is renewed, within its time limit; if even that limit is ignored, exit the process."""
        if isinstance(job, QueuedJob):
            job.run = self._run_stored_job
        with Heartbeat(self.connection, job.id, self._lease.lease_token, self.timing) as self._lease_heartbeat:
            faulthandler.dump_traceback_later(int(job.timeout or 60) + self.timing.grace, exit=True)
            try:
                return super().perform_job(job, queue, execution)
            finally:
                faulthandler.cancel_dump_traceback_later()

    def _run_stored_job(self, content: bytes, delivery_id: str) -> None:
        self._spec = spec = read_job(content, self.jobs)
        started = time.monotonic()
        lease, run = self._lease, self.jobs[type(spec)]
        context = replace(self.context, delivery_id=delivery_id)
        context.github.share = Share.ALERT if isinstance(spec, ALERT_JOBS) else SHARES[spec.priority]
        with (
            fenced(context.records, lease.concurrency_key, int(lease.lease_token))
            if lease.concurrency_key
            else nullcontext()
        ):
            run(context, spec)
        log.info("did %s in %.2f s (delivery %s)", spec, time.monotonic() - started, delivery_id or "-")

    def _finalize_success(self, job: Job, queue: Queue, execution: Execution, return_value: Any) -> None:  # noqa: ANN401 - RQ's own signature
        """Record the success, unless the lease was lost meanwhile: then another worker runs the job and records its end."""
        if self._renew_lease(job):
            super()._finalize_success(job, queue, execution, return_value)

    def _finalize_failure(self, job: Job, queue: Queue, execution: Execution, exc_info: ExceptionInfo) -> None:
        """Postpone the job if GitHub asked for that; else try again after a pause, until it has failed for good."""
        if not self._renew_lease(job):
            return
        error = exc_info[1]
        if isinstance(error, RetryLaterError) and datetime.now(UTC) - job.created_at < MAX_POSTPONEMENT:
            self._postpone(job, queue, execution, error)
            return
        reason = describe_error(error)
        log.error("job %s failed: %s", job.id, reason, exc_info=error)
        job.ended_at = datetime.now(UTC)
        self.connection.hset(job.key, "reason", reason)
        self.handle_job_failure(job, queue, exc_string=reason, execution=execution)

    def _postpone(self, job: Job, queue: Queue, execution: Execution, error: RetryLaterError) -> None:
        seconds = max(1.0, error.seconds) * random.uniform(1, 1.1)  # noqa: S311 - only spreads the herd
        log.info("job %s is put off for %.0f s: %s", job.id, seconds, error.reason)
        if isinstance(error, BudgetSpentError) and self._spec is not None and self._spec.bulk:
            installation = self._spec.arguments.get("installation", "")
            self.connection.eval(load_script("hold"), 0, queue.name, installation, error.seconds)
        with self.connection.pipeline() as pipe:
            queue.schedule_job(job, datetime.now(UTC) + timedelta(seconds=seconds), pipeline=pipe)
            self.cleanup_execution(job, pipe, execution)
            pipe.execute()

    def cleanup_execution(self, job: Job, pipeline: Pipeline, execution: Execution | None = None) -> None:
        """End the lease in the transaction in which RQ records the end."""
        super().cleanup_execution(job, pipeline, execution)
        status = job.get_status(refresh=False)
        if status is JobStatus.FINISHED:
            ending = "done"
        elif status is JobStatus.SCHEDULED:
            ending = "later"
        else:
            ending = "retry" if job.should_retry else "failed"
        lease = self._lease
        self._finish_script(
            args=[lease.job_id, lease.lease_token, lease.concurrency_key, job.description or "", ending],
            client=pipeline,
        )

    def _renew_lease(self, job: Job) -> bool:
        if self._lease_heartbeat.renew_lease():
            return True
        log.warning("%s had no heartbeat for so long that another worker runs it, and records its end", job.id)
        return False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `wharfinger worker`."""
    parser.add_argument("--burst", action="store_true", help="exit when the queue is empty")
    gates = "take no other jobs, so that a release never waits for a check"
    parser.add_argument("--only", choices=[Priority.GATE.value], help=gates)


def main(options: argparse.Namespace) -> int:
    """Run jobs until told to stop: SIGTERM lets the present job end first."""
    settings = Settings.from_environment()
    set_up_logging(settings)
    redis = open_redis(settings.redis_url)
    wait_for_redis(redis, settings.redis_url)
    claim_redis(redis, settings)
    context = open_context(settings, redis, open_records(settings))
    log.info("ready for jobs from %s", without_password(settings.redis_url))
    only = Priority(options.only) if options.only else None
    Worker(redis, JOBS, context, only=only).work(burst=options.burst)
    context.github.close()
    return 0
