"""The queue's promises, on a real Redis: each piece once, urgent first, one at a time per lane, the last never lost."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from redis import Redis

from bot.model.core_types import FullName, InstallationId, RegistryId, RepositoryId
from handlers.queue.enqueue import (
    CRASH_RETRY_DELAYS,
    FAILED_JOB_TTL,
    EnqueueStatus,
    accepted_deliveries,
    enqueue,
    enqueue_all,
    load_script,
    queue_lengths,
)
from handlers.queue.job_spec import JobSpec, Priority
from handlers.queue.job_specs import CheckCommit, CheckPackage, DecideGate, SweepInstallations


def check(repository: int, commit: str = "c0ffee") -> CheckCommit:
    return CheckCommit(InstallationId(1), RepositoryId(repository), FullName("acme/widgets"), commit)


def gate(run: int) -> DecideGate:
    return DecideGate(InstallationId(1), RepositoryId(7), FullName("acme/widgets"), run, "pypi")


SWEEP = SweepInstallations()


@dataclass(frozen=True)
class TakenJob:
    id: str
    queue: str
    lease_token: str
    concurrency_key: str


def take(redis: Redis, lease: float = 30) -> TakenJob | None:
    answer = redis.eval(load_script("take"), 0, lease, "", *Priority)
    return TakenJob(*(part.decode() for part in answer)) if answer else None


def finish(redis: Redis, hold: TakenJob) -> int:
    """What RQ and the worker do in one transaction at a job's good end."""
    with redis.pipeline() as pipe:
        pipe.delete(f"rq:job:{hold.id}")
        pipe.eval(load_script("finish"), 0, hold.id, hold.lease_token, hold.concurrency_key, "check-commit", "done")
        return int(pipe.execute()[1])


def sweep(redis: Redis) -> list[int]:
    answer: list[int] = redis.eval(load_script("sweep"), 0, FAILED_JOB_TTL, *CRASH_RETRY_DELAYS)
    return answer


def start(redis: Redis, hold: TakenJob) -> None:
    redis.hset(f"rq:job:{hold.id}", "status", "started")


def test_the_scripts_know_the_same_queues_as_the_work() -> None:
    words = load_script("take")
    assert "local QUEUES = {" + ", ".join(f"'{priority}'" for priority in Priority) + "}" in words


def test_a_piece_that_waits_is_not_queued_twice(redis: Redis) -> None:
    assert enqueue(redis, [check(7)]).queued == 1
    again = enqueue(redis, [check(7)])
    assert (again.queued, again.already_waiting) == (0, 1)
    assert queue_lengths(redis) == {"gate": 0, "check": 1, "sweep": 0}


def test_the_most_urgent_piece_is_taken_first(redis: Redis) -> None:
    enqueue(redis, [SWEEP, check(7), gate(1)])
    order = [hold.queue for hold in (take(redis), take(redis), take(redis)) if hold]
    assert order == ["gate", "check", "sweep"]
    assert take(redis) is None


def test_one_lane_is_worked_one_piece_at_a_time_and_wakes_the_next(redis: Redis) -> None:
    enqueue(redis, [check(7, "a"), check(7, "b"), check(8, "a")])
    first, other = take(redis), take(redis)
    assert first is not None
    assert other is not None
    assert (first.concurrency_key, other.concurrency_key) == ("repository-7", "repository-8")
    assert take(redis) is None
    finish(redis, first)
    second = take(redis)
    assert second is not None
    assert second.id == check(7, "b").deduplication_key


def test_an_event_during_the_work_is_worked_after_it(redis: Redis) -> None:
    enqueue(redis, [check(7)])
    hold = take(redis)
    assert hold is not None
    start(redis, hold)
    assert enqueue(redis, [check(7)]).already_waiting == 1
    assert take(redis) is None
    finish(redis, hold)
    again = take(redis)
    assert again is not None
    assert again.id == hold.id
    finish(redis, again)
    assert take(redis) is None


def test_an_event_after_the_work_is_new_work(redis: Redis) -> None:
    enqueue(redis, [check(7)], "one")
    hold = take(redis)
    assert hold is not None
    finish(redis, hold)
    assert enqueue(redis, [check(7)], "two").queued == 1


def test_a_repeated_delivery_is_not_done_twice(redis: Redis) -> None:
    enqueue(redis, [check(7)], "one")
    assert enqueue(redis, [check(7)], "one").already_waiting == 1
    hold = take(redis)
    assert hold is not None
    finish(redis, hold)
    repeat = enqueue(redis, [check(7)], "one")
    assert (repeat.queued, repeat.already_done) == (0, 1)
    assert accepted_deliveries(redis, ["one", "two"]) == {"one"}


def test_a_repeated_delivery_whose_work_failed_is_done_again(redis: Redis) -> None:
    enqueue(redis, [check(7)], "one")
    hold = take(redis, lease=0)
    assert hold is not None
    start(redis, hold)
    redis.hset(f"rq:job:{hold.id}", "crashes", len(CRASH_RETRY_DELAYS))
    assert sweep(redis) == [0, 1, 0, 0]
    assert redis.zrange("rq:failed:check", 0, -1) == [hold.id.encode()]
    assert enqueue(redis, [check(7)], "one").queued == 1
    assert redis.zcard("rq:failed:check") == 0


def test_the_work_of_a_dead_worker_goes_back_to_the_head_and_its_lane_is_freed(redis: Redis) -> None:
    enqueue(redis, [check(7, "a"), check(7, "b")])
    dead = take(redis, lease=0)
    assert dead is not None
    start(redis, dead)
    assert take(redis) is None
    assert sweep(redis)[0] == 1
    hold = take(redis)
    assert hold is not None
    assert hold.lease_token != dead.lease_token
    assert finish(redis, dead) == 0  # it was not dead, only late: it may not settle what another holds


def test_a_death_before_the_start_is_no_death_of_the_job(redis: Redis) -> None:
    enqueue(redis, [check(7)])
    hold = take(redis, lease=0)
    assert hold is not None
    sweep(redis)
    assert redis.hget(f"rq:job:{hold.id}", "crashes") is None
    assert take(redis) is not None


def test_work_that_kills_each_worker_waits_longer_each_time_frees_its_lane_and_ends_as_a_dead_letter(
    redis: Redis,
) -> None:
    enqueue(redis, [check(7, "poison")], "one")
    id_ = check(7, "poison").deduplication_key
    pauses = []
    while not redis.zcard("rq:failed:check"):
        hold = take(redis, lease=0)
        assert hold is not None
        assert hold.id == id_
        start(redis, hold)
        sweep(redis)
        due = redis.zscore("rq:scheduled:check", id_)
        pauses.append(0 if due is None else round((due - time.time()) / 5) * 5)
        redis.zadd("rq:scheduled:check", {id_: 1}, xx=True)
        assert not redis.exists("wharfinger:running:repository-7")
    assert pauses == [*CRASH_RETRY_DELAYS, 0]
    assert redis.hmget(f"rq:job:{id_}", "status", "retries_left") == [b"failed", b"4"]
    assert redis.eval(load_script("retry"), 0, "check", id_, 4) == 1
    assert redis.hmget(f"rq:job:{id_}", "status", "crashes") == [b"queued", None]


def test_nothing_waits_for_ever_before_a_lane_nobody_holds(redis: Redis) -> None:
    enqueue(redis, [check(7, "a"), check(7, "b")])
    hold = take(redis)
    assert hold is not None
    assert take(redis) is None
    redis.delete("wharfinger:holders", "wharfinger:leases")  # as after a restore from an old copy
    assert sweep(redis)[2] == 1
    assert take(redis) is not None


def test_what_was_asked_for_again_is_not_lost_when_the_job_fails_for_good(redis: Redis) -> None:
    enqueue(redis, [check(7)])
    hold = take(redis)
    assert hold is not None
    enqueue(redis, [check(7)])
    redis.hset(f"rq:job:{hold.id}", "status", "failed")
    redis.eval(load_script("finish"), 0, hold.id, hold.lease_token, hold.concurrency_key, "check-commit", "failed")
    assert sweep(redis)[3] == 1
    assert take(redis) is not None


def test_a_full_queue_takes_nothing_and_remembers_nothing(redis: Redis) -> None:
    enqueue(redis, [check(1), check(2)])
    answer = enqueue(redis, [check(3)], "one", limit=2)
    assert answer.status is EnqueueStatus.FULL
    assert accepted_deliveries(redis, ["one"]) == set()


def test_what_is_due_later_is_taken_when_it_is_due(redis: Redis) -> None:
    enqueue(redis, [check(7)])
    redis.lpop("rq:queue:check")
    redis.hset(f"rq:job:{check(7).deduplication_key}", "status", "scheduled")
    redis.zadd("rq:scheduled:check", {check(7).deduplication_key: 9_999_999_999})
    assert take(redis) is None
    redis.zadd("rq:scheduled:check", {check(7).deduplication_key: 1})
    assert take(redis) is not None


NOISY, QUIET = InstallationId(1), InstallationId(2)
WINDOW = 4  # jobs of a line that stand before another's, as in lua/prelude.lua


def gate_of(installation: InstallationId, run: int) -> DecideGate:
    return DecideGate(installation, RepositoryId(run), FullName("acme/widgets"), run, "pypi")


def check_of(installation: InstallationId, repository: int) -> CheckCommit:
    return CheckCommit(installation, RepositoryId(repository), FullName("acme/widgets"), "c0ffee")


def order(redis: Redis) -> list[str]:
    """Take and finish everything, in the order in which it is given out."""
    taken = []
    while job := take(redis):
        taken.append(job.id)
        finish(redis, job)
    return taken


@pytest.mark.parametrize("of", [gate_of, check_of])
def test_ten_thousand_jobs_of_one_installation_delay_another_by_few(
    redis: Redis, of: Callable[[InstallationId, int], JobSpec]
) -> None:
    enqueue_all(redis, [of(NOISY, number) for number in range(1, 10_001)])
    quiet = [of(QUIET, number) for number in range(20_001, 20_004)]
    enqueue(redis, quiet)
    assert sum(queue_lengths(redis).values()) == 10_003
    first: list[str] = []
    while len(first) < 100 and (job := take(redis)):
        first.append(job.id)
        finish(redis, job)
    places = [first.index(each.deduplication_key) for each in quiet]
    assert places[0] <= WINDOW
    assert places[-1] <= 2 * WINDOW
    mine = [each for each in first if each not in {one.deduplication_key for one in quiet}]
    assert mine == [
        of(NOISY, number).deduplication_key for number in range(1, len(mine) + 1)
    ]  # first come, first served
    assert len(order(redis)) == 10_003 - 100


def test_a_long_row_for_one_concurrency_key_lets_others_pass(redis: Redis) -> None:
    row = [CheckCommit(NOISY, RepositoryId(7), FullName("acme/widgets"), str(number)) for number in range(1, 31)]
    enqueue(redis, row)
    first = take(redis)
    assert first is not None
    assert take(redis) is None  # all others wait for the key
    enqueue(redis, [check_of(QUIET, 9), check_of(QUIET, 10)])
    finish(redis, first)
    taken = order(redis)
    assert max(taken.index(check_of(QUIET, number).deduplication_key) for number in (9, 10)) <= 3
    assert [
        each for each in taken if each.startswith("check-commit-1-") or each in {one.deduplication_key for one in row}
    ] == [each.deduplication_key for each in row[1:]]


def test_the_limit_counts_all_that_waits(redis: Redis) -> None:
    row = [CheckCommit(NOISY, RepositoryId(7), FullName("acme/widgets"), str(number)) for number in range(5)]
    enqueue(redis, [*row, *(check_of(NOISY, number) for number in range(100, 120))])
    holding = take(redis)
    assert holding is not None
    assert take(redis) is not None  # the others of the row wait for its key
    enqueue(redis, [row[0]])  # once more, after the one that runs
    redis.hset(f"rq:job:{check_of(NOISY, 119).deduplication_key}", "status", "scheduled")
    waiting = 5 + 20 - 2 + 1
    assert enqueue(redis, [check(3)], limit=waiting).status is EnqueueStatus.FULL
    assert enqueue(redis, [check(3)], limit=waiting + 1).status is EnqueueStatus.OK
    sweep(redis)
    assert enqueue(redis, [check(4)], limit=waiting + 1).status is EnqueueStatus.FULL


def hold(redis: Redis, seconds: float) -> int:
    return int(redis.eval(load_script("hold"), 0, "check", NOISY, seconds))


def test_the_bulk_jobs_of_an_installation_that_has_to_wait_are_skipped(redis: Redis) -> None:
    watched = CheckPackage(NOISY, RegistryId("pypi"), "toolbox")
    enqueue(redis, [*(check_of(NOISY, number) for number in range(1, 21)), watched])
    assert hold(redis, 60) == WINDOW
    enqueue(redis, [check_of(NOISY, 30), check_of(QUIET, 31)])
    assert set(order(redis)) == {watched.deduplication_key, check_of(QUIET, 31).deduplication_key}
    assert queue_lengths(redis)["check"] == 21
    redis.zadd("wharfinger:held:check", {f"{NOISY}:bulk": 1})  # the pause is over
    assert order(redis) == [check_of(NOISY, number).deduplication_key for number in (*range(1, 21), 30)]


def test_a_worker_for_gates_is_given_nothing_else_and_has_a_wakeup_of_its_own(redis: Redis) -> None:
    enqueue(redis, [check_of(NOISY, 1), gate_of(QUIET, 2)])
    assert redis.llen("wharfinger:wakeup:gate") == 1
    taken = redis.eval(load_script("take"), 0, 30, "", "gate")
    assert taken[0].decode() == gate_of(QUIET, 2).deduplication_key
    assert redis.eval(load_script("take"), 0, 30, "", "gate") is None


def test_a_place_that_nobody_holds_any_more_is_given_on(redis: Redis) -> None:
    enqueue(redis, [check_of(NOISY, number) for number in range(1, 21)])
    redis.delete("rq:queue:check")
    assert len(order(redis)) == 20 - WINDOW
    enqueue(redis, [check_of(NOISY, number) for number in range(31, 51)])
    redis.delete(*(f"rq:job:{check_of(NOISY, number).deduplication_key}" for number in range(31, 36)))  # by hand
    sweep(redis)
    assert len(order(redis)) == 15
    assert not redis.keys("wharfinger:aside*")


@pytest.mark.parametrize("name", ["enqueue", "take", "renew", "finish", "sweep", "retry", "hold", "lengths"])
def test_every_script_is_understood_by_the_server(redis: Redis, name: str) -> None:
    assert len(redis.script_load(load_script(name))) == 40
