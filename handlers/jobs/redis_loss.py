"""Makes good what is lost when Redis loses its data or its last writes, and keeps a second App away from it."""

import logging

from redis import Redis

from bot.model.errors import ConfigurationError
from handlers.config.context import Context
from handlers.config.redis_client import without_password
from handlers.config.settings import Settings
from handlers.queue.enqueue import LEASE_COUNTER, OWNER_KEY, enqueue
from handlers.queue.job_spec import JobSpec
from handlers.queue.job_specs import RedeliverFailed, SweepGates, SweepInstallations
from handlers.records.app_store import AppStore
from handlers.records.outbox import outbox_of

log = logging.getLogger("wharfinger.redis")

TOKENS_PER_EPOCH = 1 << 32  # lease tokens grow from one time to the next, so that no lease of a lost Redis looks newer


def claim_redis(redis: Redis, settings: Settings) -> None:
    """Make a Redis this App's if it is nobody's yet; raises ConfigurationError where it is another's, and RedisError."""
    mine = settings.app
    redis.set(OWNER_KEY, mine, nx=True)
    owner = redis.get(OWNER_KEY)
    if isinstance(owner, bytes) and owner.decode(errors="replace") != mine:
        raise ConfigurationError(
            f"the Redis at {without_password(settings.redis_url)} belongs to {owner.decode(errors='replace')[:200]}, and "
            f"this is {mine}; give each App a Redis, or a database number, of its own"
        )


def recover_lost_redis(context: Context) -> None:
    """Look whether Redis lost anything since it was last seen, and have all of it made good.

    Where it lost everything, GitHub is asked for each delivery since the last look again, and everything is swept. Where
    it only was started again, the deliveries of its last moments are asked for again. Done twice, it does no harm.
    """
    redis = context.redis
    store, counted = AppStore(context.records), int(redis.get(LEASE_COUNTER) or 0)
    wiped = counted < store.epoch * TOKENS_PER_EPOCH
    epoch = store.begin_epoch(str(redis.info("server")["run_id"]), wiped=wiped)
    if epoch is None:
        return
    if counted < epoch * TOKENS_PER_EPOCH:
        redis.set(LEASE_COUNTER, epoch * TOKENS_PER_EPOCH)
    claim_redis(redis, context.settings)
    if epoch == 1:
        return
    lost = "what it held" if wiped else "perhaps its last writes"
    log.warning("Redis lost %s; deliveries are asked for again, and the records are complete", lost)
    outbox_of(context).enqueue_again()
    sweeps: list[JobSpec] = [SweepGates(), SweepInstallations()] if wiped else []
    enqueue(redis, [RedeliverFailed(), *sweeps])
