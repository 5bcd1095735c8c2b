"""How many issues and comments an installation writes: well below what GitHub allows, so that check runs never wait for them.

GitHub counts what makes content, 80 a minute and 500 an hour, and refuses every call of an installation that is beyond:
docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits
"""

import time

from redis import Redis

from bot.model.errors import RetryLaterError

# By the clock's minutes and hours: twice as many may fall into any sixty seconds, and that is still allowed.
CONTENT_LIMITS = ((60, 30), (3600, 200))


def count_content_write(redis: Redis, name: str, now: float | None = None) -> None:
    """Count one more piece of content under a name; raise LaterError when the minute or the hour is full."""
    at = time.time() if now is None else now
    for seconds, most in CONTENT_LIMITS:
        key = f"{name}:{seconds}:{int(at // seconds)}"
        with redis.pipeline() as pipe:
            pipe.incr(key)
            pipe.expire(key, seconds * 2)
            count, _ = pipe.execute()
        if count > most:
            raise RetryLaterError(
                f"{most} issues and comments were written in {seconds} seconds", seconds - at % seconds + 1
            )
