"""Deliveries that did not reach us: GitHub does not send them again by itself, and keeps them for three days."""

import logging
from datetime import datetime, timedelta

from bot.github.deliveries import Delivery, failed_deliveries, send_again
from bot.github.github_errors import MissingError, RefusedError, UnansweredError
from handlers.config.context import Context

log = logging.getLogger("wharfinger.jobs")

KEPT = timedelta(days=3)  # by github.com; a GitHub Enterprise Server keeps them for longer
LAST = "wharfinger:deliveries:last"
MOST_TIMES = 5  # one delivery is asked for again
OVERLAP = timedelta(minutes=5)  # an attempt is logged when it ends, and may end after a later one


def missed_deliveries(context: Context) -> None:
    """Have every delivery sent again that failed since the last look, the oldest first.

    A repeat that fails too is a new entry in GitHub's log, so it is found by the next look; a repeat of something that
    was done meanwhile is recognised by the receiver. Interrupted, it begins again where the last whole look ended.
    """
    line = context.telephone.app(context.delivery)
    now = context.clock()
    latest: dict[str, Delivery] = {}
    for delivery in failed_deliveries(line, _since(context, now)):
        latest.setdefault(delivery.guid, delivery)
    for delivery in reversed(latest.values()):
        asked = f"wharfinger:deliveries:again:{delivery.guid}"
        if not _due(context, delivery, asked):
            continue
        try:
            send_again(line, delivery)
        except (MissingError, RefusedError, UnansweredError) as error:
            log.warning("delivery %s could not be asked for again: %s", delivery.guid, error)
        context.redis.sadd(asked, delivery.id)  # after the wish: made twice it does no harm, never made it would
        context.redis.expire(asked, KEPT)
    context.redis.set(LAST, now.isoformat())


def _since(context: Context, now: datetime) -> datetime:
    last = context.redis.get(LAST)
    if not isinstance(last, bytes):
        return now - KEPT
    return max(datetime.fromisoformat(last.decode()) - OVERLAP, now - KEPT)


def _due(context: Context, delivery: Delivery, asked: str) -> bool:
    """Whether this attempt has not been answered by a wish yet, and the delivery not been asked for too often."""
    if context.redis.sismember(asked, str(delivery.id)):
        return False
    if context.redis.scard(asked) < MOST_TIMES:
        return True
    log.error("delivery %s (%s) failed %d times; it is not asked for again", delivery.guid, delivery.event, MOST_TIMES)
    return False
