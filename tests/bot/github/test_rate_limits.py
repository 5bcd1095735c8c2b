"""Rate limits: every form GitHub gives them, and how the jobs of an installation wait together."""

from email.utils import format_datetime

import pytest
from redis import Redis

from bot.github.auth import utc_now
from bot.github.rate_limits import Limit, Pauses, limit_of, limit_of_errors
from bot.github.transport import Server
from bot.model.core_types import InstallationId
from bot.model.errors import LaterError

ACME, OTHER = InstallationId(1), InstallationId(2)
RESET_IN_90 = str(int(utc_now().timestamp()) + 90)
NOW = format_datetime(utc_now(), usegmt=True)


@pytest.mark.parametrize(
    ("status", "headers", "message", "limit"),
    [
        (403, {"retry-after": "7"}, "You have exceeded a secondary rate limit.", Limit("secondary", 7)),
        (429, {"retry-after": "7"}, "", Limit("secondary", 7)),
        (403, {}, "You have exceeded a secondary rate limit.", Limit("secondary", None)),
        (403, {}, "You have triggered an abuse detection mechanism.", Limit("secondary", None)),
        (429, {}, "", Limit("secondary", None)),
        (429, {"retry-after": "soon"}, "", Limit("secondary", None)),
        (403, {"x-ratelimit-remaining": "0"}, "You have exceeded a secondary rate limit.", Limit("secondary", None)),
        (403, {"x-ratelimit-remaining": "12"}, "Resource not accessible by integration", None),
        (404, {"x-ratelimit-remaining": "0"}, "Not Found", None),
        (200, {"x-ratelimit-remaining": "0"}, "", None),
    ],
)
def test_every_form_of_a_limit_is_known(
    status: int, headers: dict[str, str], message: str, limit: Limit | None
) -> None:
    assert limit_of(status, headers, message) == limit


def test_a_spent_hour_lasts_until_its_reset_by_githubs_clock() -> None:
    spent = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": RESET_IN_90, "date": NOW}
    for status in (403, 429):
        limit = limit_of(status, spent, "API rate limit exceeded for installation ID 1.")
        assert limit is not None
        assert limit.kind == "primary"
        assert limit.seconds == pytest.approx(91, abs=2)


def test_graphql_says_a_limit_in_an_answer_with_status_200() -> None:
    headers = {"x-ratelimit-reset": RESET_IN_90, "date": NOW}
    limit = limit_of_errors([{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}], headers)
    assert limit is not None
    assert limit.seconds == pytest.approx(91, abs=2)
    secondary = limit_of_errors([{"message": "You have exceeded a secondary rate limit."}], {})
    assert secondary == Limit("secondary", None)
    assert limit_of_errors([{"type": "NOT_FOUND", "message": "Could not resolve to a Repository"}], {}) is None


@pytest.fixture
def pauses(redis: Redis) -> Pauses:
    return Pauses(redis, Server(), 1234)


def test_all_jobs_of_an_installation_wait_and_no_others(pauses: Pauses, redis: Redis) -> None:
    pauses.begin(ACME, Limit("secondary", 7))
    elsewhere = Pauses(redis, Server(), 1234)  # another process
    with pytest.raises(LaterError) as later:
        elsewhere.respect(ACME)
    assert 6 < later.value.seconds <= 7
    elsewhere.respect(OTHER)
    elsewhere.respect(None)
    Pauses(redis, Server("https://github.example.com/api/v3"), 1234).respect(ACME)


def test_without_a_word_how_long_each_time_waits_twice_as_long(pauses: Pauses) -> None:
    waits = [pauses.begin(ACME, Limit("secondary", None)).seconds for _ in range(7)]
    assert waits == [60, 120, 240, 480, 960, 960, 960]


def test_a_sweep_leaves_the_last_fifth_of_an_hour_to_events(pauses: Pauses) -> None:
    rest = {"x-ratelimit-limit": "5000", "x-ratelimit-reset": RESET_IN_90, "date": NOW}
    pauses.watch(ACME, {**rest, "x-ratelimit-remaining": "1000"})
    pauses.respect_spare(ACME)
    pauses.watch(ACME, {**rest, "x-ratelimit-remaining": "999"})
    with pytest.raises(LaterError, match="kept for events"):
        pauses.respect_spare(ACME)
    pauses.respect(ACME)
