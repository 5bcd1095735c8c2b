"""Rate limits: every form GitHub gives them, and how the jobs of an installation wait together."""

from email.utils import format_datetime

import pytest
from redis import Redis

from bot.github.auth import utc_now
from bot.github.rate_limits import (
    CORE,
    GRAPHQL,
    POINTS_A_MINUTE,
    RateLimit,
    RateLimitAccount,
    Share,
    rate_limit_of,
    rate_limit_of_errors,
)
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
def account(redis: Redis) -> RateLimitAccount:
    return RateLimitAccount(redis, GitHubServer(), 1234)


def admitted(account: RateLimitAccount, share: Share = Share.CHECK, resource: str = CORE, points: int = 1) -> bool:
    try:
        account.admit(ACME, resource, share, points)
    except RetryLaterError:
        return False
    return True


def test_all_jobs_of_an_installation_wait_for_the_one_resource_and_no_others(
    account: RateLimitAccount, redis: Redis
) -> None:
    account.pause(ACME, GRAPHQL, RateLimit("secondary", 7))
    elsewhere = RateLimitAccount(redis, GitHubServer(), 1234)  # another process
    with pytest.raises(RetryLaterError) as later:
        elsewhere.admit(ACME, GRAPHQL, Share.GATE, 1)
    assert 6 < later.value.seconds <= 7
    assert admitted(elsewhere)
    elsewhere.admit(OTHER, GRAPHQL, Share.SWEEP, 1)
    elsewhere.admit(None, GRAPHQL, Share.CHECK, 1)
    RateLimitAccount(redis, GitHubServer("https://github.example.com/api/v3"), 1234).admit(ACME, GRAPHQL, Share.GATE, 1)


def test_without_a_word_how_long_each_time_waits_twice_as_long(account: RateLimitAccount) -> None:
    waits = [account.pause(ACME, CORE, RateLimit("secondary", None)).seconds for _ in range(7)]
    assert waits == [60, 120, 240, 480, 960, 960, 960]
    assert account.pause(ACME, GRAPHQL, RateLimit("secondary", None)).seconds == 60


@pytest.mark.parametrize(
    ("remaining", "refused"),
    [
        (1000, ()),
        (999, (Share.SWEEP,)),
        (499, (Share.ALERT, Share.SWEEP)),
        (249, (Share.CHECK, Share.ALERT, Share.SWEEP)),
        (1, (Share.CHECK, Share.ALERT, Share.SWEEP)),
    ],
)
def test_the_end_of_an_hour_belongs_to_more_urgent_work(
    account: RateLimitAccount, remaining: int, refused: tuple[Share, ...]
) -> None:
    rest = {"x-ratelimit-limit": "5000", "x-ratelimit-reset": RESET_IN_90, "date": NOW}
    account.record(ACME, CORE, {**rest, "x-ratelimit-remaining": str(remaining)})
    assert tuple(share for share in Share if not admitted(account, share)) == refused
    assert all(admitted(account, share, GRAPHQL) for share in Share)
    if Share.SWEEP in refused:
        with pytest.raises(RetryLaterError, match="kept for more urgent work"):
            account.raise_if_reserved(ACME)


def test_an_answer_counts_for_the_budget_that_it_names(account: RateLimitAccount) -> None:
    rest = {"x-ratelimit-limit": "5000", "x-ratelimit-reset": RESET_IN_90, "date": NOW, "x-ratelimit-remaining": "0"}
    account.record(ACME, CORE, {**rest, "x-ratelimit-resource": "search"})
    account.record(ACME, GRAPHQL, {**rest, "x-ratelimit-resource": "evil:key"})
    assert admitted(account, Share.SWEEP, CORE)
    assert not admitted(account, Share.CHECK, GRAPHQL)


def test_the_points_of_a_minute_are_not_overdrawn_by_any_worker(account: RateLimitAccount, redis: Redis) -> None:
    workers = [account, RateLimitAccount(redis, GitHubServer(), 1234)]
    assert all(admitted(account, points=5) for _ in range(300))  # a server that speaks of no limits
    redis.flushall()
    rest = {"x-ratelimit-limit": "5000", "x-ratelimit-reset": RESET_IN_90, "x-ratelimit-remaining": "4999"}
    for resource in (CORE, GRAPHQL):
        account.record(ACME, resource, rest)
    writes = 0
    while admitted(workers[writes % 2], points=5):
        writes += 1
    assert 5 * writes < POINTS_A_MINUTE[CORE] * 0.8
    assert not admitted(account, Share.SWEEP)
    assert admitted(account, Share.GATE)
    assert admitted(account, Share.SWEEP, GRAPHQL)
    account.admit(OTHER, CORE, Share.SWEEP, 1)


def test_what_was_heard_and_the_busiest_hour_are_known(account: RateLimitAccount) -> None:
    assert account.state(ACME, CORE) is None
    for _ in range(3):
        account.admit(ACME, CORE, Share.CHECK, 1)
    rest = {"x-ratelimit-limit": "5000", "x-ratelimit-reset": RESET_IN_90, "date": NOW, "x-ratelimit-remaining": "4997"}
    account.record(ACME, CORE, rest)
    state = account.state(ACME, CORE)
    assert state is not None
    assert (state.limit, state.remaining, state.busiest_hour) == (5000, 4997, 3)
