"""Deliveries that did not reach us: GitHub does not send them again by itself, and keeps them for three days."""

import logging
from datetime import datetime, timedelta

from bot.github.deliveries import Delivery, list_failed_deliveries, redeliver
from bot.github.github_errors import MissingError, RefusedError, UnansweredError
from handlers.config.context import Context

log = logging.getLogger("wharfinger.jobs")

DELIVERIES_KEPT = timedelta(days=3)  # by github.com; a GitHub Enterprise Server keeps them for longer
LAST_CHECK_KEY = "wharfinger:deliveries:last"
MAX_REDELIVERIES = 5  # one delivery is asked for again
OVERLAP = timedelta(minutes=5)  # an attempt is logged when it ends, and may end after a later one


def redeliver_failed(context: Context) -> None:
    """Have every delivery sent again that failed since the last look, the oldest first.

    A repeat that fails too is a new entry in GitHub's log, so it is found by the next look; a repeat of something that
    was done meanwhile is recognised by the receiver. Interrupted, it begins again where the last whole look ended.
    """
    line = context.github.app(context.delivery_id)
    now = context.clock()
    latest: dict[str, Delivery] = {}
    for delivery in list_failed_deliveries(line, _check_since(context, now)):
        latest.setdefault(delivery.guid, delivery)
    for delivery in reversed(latest.values()):
        asked = f"wharfinger:deliveries:again:{delivery.guid}"
        if not _should_redeliver(context, delivery, asked):
            continue
        try:
            redeliver(line, delivery)
        except (MissingError, RefusedError, UnansweredError) as error:
            log.warning("delivery %s could not be asked for again: %s", delivery.guid, error)
        context.redis.sadd(asked, delivery.id)  # after the wish: made twice it does no harm, never made it would
        context.redis.expire(asked, DELIVERIES_KEPT)
    context.redis.set(LAST_CHECK_KEY, now.isoformat())


def _check_since(context: Context, now: datetime) -> datetime:
    last = context.redis.get(LAST_CHECK_KEY)
    if not isinstance(last, bytes):
        return now - DELIVERIES_KEPT
    return max(datetime.fromisoformat(last.decode()) - OVERLAP, now - DELIVERIES_KEPT)


def _should_redeliver(context: Context, delivery: Delivery, attempts_key: str) -> bool:
    """Whether this attempt has not been answered by a wish yet, and the delivery not been asked for too often."""
    if context.redis.sismember(attempts_key, str(delivery.id)):
        return False
    if context.redis.scard(attempts_key) < MAX_REDELIVERIES:
        return True
    log.error(
        "delivery %s (%s) failed %d times; it is not asked for again", delivery.guid, delivery.event, MAX_REDELIVERIES
    )
    return False
