"""Rate limits: every form GitHub gives them, and how the jobs of an installation wait together."""

from email.utils import format_datetime

import pytest
from redis import Redis

from bot.github.auth import utc_now
from bot.github.rate_limits import RateLimit, RateLimitPauses, rate_limit_of, rate_limit_of_errors
from bot.github.transport import GitHubServer
from bot.model.core_types import InstallationId
from bot.model.errors import RetryLaterError

ACME, OTHER = InstallationId(1), InstallationId(2)
RESET_IN_90 = str(int(utc_now().timestamp()) + 90)
NOW = format_datetime(utc_now(), usegmt=True)


@pytest.mark.parametrize(
    ("status", "headers", "message", "limit"),
    [
        (403, {"retry-after": "7"}, "You have exceeded a secondary rate limit.", RateLimit("secondary", 7)),
        (429, {"retry-after": "7"}, "", RateLimit("secondary", 7)),
        (403, {}, "You have exceeded a secondary rate limit.", RateLimit("secondary", None)),
        (403, {}, "You have triggered an abuse detection mechanism.", RateLimit("secondary", None)),
        (429, {}, "", RateLimit("secondary", None)),
        (429, {"retry-after": "soon"}, "", RateLimit("secondary", None)),
        (
            403,
            {"x-ratelimit-remaining": "0"},
            "You have exceeded a secondary rate limit.",
            RateLimit("secondary", None),
        ),
        (403, {"x-ratelimit-remaining": "12"}, "Resource not accessible by integration", None),
        (404, {"x-ratelimit-remaining": "0"}, "Not Found", None),
        (200, {"x-ratelimit-remaining": "0"}, "", None),
    ],
)
def test_every_form_of_a_limit_is_known(
    status: int, headers: dict[str, str], message: str, limit: RateLimit | None
) -> None:
    assert rate_limit_of(status, headers, message) == limit


def test_a_spent_hour_lasts_until_its_reset_by_githubs_clock() -> None:
    spent = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": RESET_IN_90, "date": NOW}
    for status in (403, 429):
        limit = rate_limit_of(status, spent, "API rate limit exceeded for installation ID 1.")
        assert limit is not None
        assert limit.kind == "primary"
        assert limit.seconds == pytest.approx(91, abs=2)


def test_graphql_says_a_limit_in_an_answer_with_status_200() -> None:
    headers = {"x-ratelimit-reset": RESET_IN_90, "date": NOW}
    limit = rate_limit_of_errors([{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}], headers)
    assert limit is not None
    assert limit.seconds == pytest.approx(91, abs=2)
    secondary = rate_limit_of_errors([{"message": "You have exceeded a secondary rate limit."}], {})
    assert secondary == RateLimit("secondary", None)
    assert rate_limit_of_errors([{"type": "NOT_FOUND", "message": "Could not resolve to a Repository"}], {}) is None


@pytest.fixture
def pauses(redis: Redis) -> RateLimitPauses:
    return RateLimitPauses(redis, GitHubServer(), 1234)


def test_all_jobs_of_an_installation_wait_and_no_others(pauses: RateLimitPauses, redis: Redis) -> None:
    pauses.pause(ACME, RateLimit("secondary", 7))
    elsewhere = RateLimitPauses(redis, GitHubServer(), 1234)  # another process
    with pytest.raises(RetryLaterError) as later:
        elsewhere.raise_if_paused(ACME)
    assert 6 < later.value.seconds <= 7
    elsewhere.raise_if_paused(OTHER)
    elsewhere.raise_if_paused(None)
    RateLimitPauses(redis, GitHubServer("https://github.example.com/api/v3"), 1234).raise_if_paused(ACME)


def test_without_a_word_how_long_each_time_waits_twice_as_long(pauses: RateLimitPauses) -> None:
    waits = [pauses.pause(ACME, RateLimit("secondary", None)).seconds for _ in range(7)]
    assert waits == [60, 120, 240, 480, 960, 960, 960]


def test_a_sweep_leaves_the_last_fifth_of_an_hour_to_events(pauses: RateLimitPauses) -> None:
    rest = {"x-ratelimit-limit": "5000", "x-ratelimit-reset": RESET_IN_90, "date": NOW}
    pauses.record_remaining(ACME, {**rest, "x-ratelimit-remaining": "1000"})
    pauses.raise_if_reserved(ACME)
    pauses.record_remaining(ACME, {**rest, "x-ratelimit-remaining": "999"})
    with pytest.raises(RetryLaterError, match="kept for events"):
        pauses.raise_if_reserved(ACME)
    pauses.raise_if_paused(ACME)
