"""Who may see pages: nobody until a password is set, then whoever has it; and what is said when pages cannot be made."""

import base64
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from redis import Redis
from sqlalchemy import func, update

from bot.checks.documentation import documented_checks
from handlers.config.database import Database
from handlers.config.settings import Settings
from handlers.records.schema.tables import reports
from handlers.web.pages.page_context import MAX_ROWS, ListPage
from handlers.web.pages.routes import format_day, is_authorized, relative_time
from tests.conftest import EmbeddedRedis
from tests.handlers.web.pages.stored_records import NOW, store_records
from tests.handlers.web.running_receiver import RunningReceiver

PASSWORD, ANOTHER = "a password for pages of tests", "0123456789abcdef0123456789abcdef"
OPEN = (PASSWORD, ANOTHER)


@pytest.fixture
def web(settings: Settings) -> Iterator[RunningReceiver]:
    with RunningReceiver(replace(settings, pages_tokens=OPEN)) as web:
        yield web


def basic(text: str) -> str:
    return f"Basic {base64.b64encode(text.encode()).decode()}"


@pytest.mark.parametrize(
    ("authorization", "may"),
    [
        (basic(f":{PASSWORD}"), True),
        (basic(f"anybody:{ANOTHER}"), True),
        (f"bearer {PASSWORD}", True),
        (f"Bearer  {ANOTHER} ", True),
        ("", False),
        (basic(PASSWORD), False),
        (basic(":"), False),
        (basic(f":{PASSWORD}x"), False),
        (basic(f":{PASSWORD[:-1]}"), False),
        ("Basic %%%", False),
        ("Bearer", False),
        ("Bearer ünmöglich", False),
        (f"Digest {PASSWORD}", False),
        (PASSWORD, False),
    ],
)
def test_only_who_has_a_password_may(authorization: str, may: bool) -> None:  # noqa: FBT001 - a row of the table
    assert is_authorized(OPEN, authorization) is may
    assert is_authorized((), authorization) is False


def test_without_the_setting_there_are_no_pages(settings: Settings) -> None:
    with RunningReceiver(settings) as web:
        answer = web.client.get("/")
        assert answer.status_code == 404
        assert "once WHARFINGER_PAGES_TOKEN is set" in answer.text
        for address in ("/organizations/acme", "/repositories/acme/widgets", "/gates/1"):
            assert web.client.get(address, headers={"authorization": basic(":")}).status_code == 404


def test_without_the_password_nothing_is_shown_and_the_browser_asks_for_it(
    web: RunningReceiver, records: Database, redis: Redis
) -> None:
    store_records(records, redis, "release")
    for address in ("/", "/organizations/acme", "/organizations/nobody", "/repositories/acme/widgets", "/gates/1"):
        answer = web.client.get(address, headers={"authorization": basic(":a wrong password for pages")})
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Basic realm=")
        assert "acme" not in answer.text


def test_pages_can_only_be_looked_at(web: RunningReceiver) -> None:
    for method in ("POST", "PUT", "DELETE"):
        assert web.client.request(method, "/", auth=("", PASSWORD)).status_code == 405


def test_what_breaks_or_is_away_is_said_without_its_words(
    web: RunningReceiver, records: Database, redis: Redis
) -> None:
    store_records(records, redis, "release")
    with records.transaction() as connection:
        connection.execute(update(reports).values(document=func.replace(reports.c.document, '"high"', '"a secret"')))
    broken = web.client.get("/repositories/acme/widgets", auth=("", PASSWORD))
    assert broken.status_code == 500
    assert "an error in Wharfinger" in broken.text
    assert "a secret" not in broken.text


def test_pages_say_that_redis_is_away(own_redis: EmbeddedRedis, settings: Settings) -> None:
    with RunningReceiver(replace(settings, redis_url=own_redis.url, pages_tokens=OPEN)) as web:
        own_redis.kill()
        answer = web.client.get("/", auth=("", PASSWORD))
    assert answer.status_code == 503
    assert "Redis does not answer (ConnectionError). Start it, or correct REDIS_URL." in answer.text


def test_a_long_list_has_numbered_parts() -> None:
    assert list(ListPage((), 2 * MAX_ROWS + 1, 1).page_numbers) == [1, 2, 3]
    assert list(ListPage((), 0, 1).page_numbers) == []


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "just now"),
        (-59, "just now"),
        (-60, "1 minute ago"),
        (-7_199, "1 hour ago"),
        (-86_400, "1 day ago"),
        (-800 * 86_400, "2 years ago"),
        (3 * 86_400, "in 3 days"),
    ],
)
def test_how_long_ago_is_said_in_the_largest_whole_step(seconds: int, said: str) -> None:
    at = NOW.fromtimestamp(NOW.timestamp() + seconds, NOW.tzinfo)
    assert relative_time(at, NOW) == said
    assert relative_time(NOW.date(), NOW) == "today"
    assert (format_day(None), format_day(NOW)) == ("-", "2026-11-24")


def test_anybody_may_read_the_documentation_and_nothing_else(settings: Settings) -> None:
    with RunningReceiver(settings) as web:
        names = re.findall(r'href="/documentation/([a-z-]+)"', web.client.get("/documentation").text)
        assert set(names) == set(documented_checks())
        for name in names:
            answer = web.client.get(f"/documentation/{name}")
            assert answer.status_code == 200
            assert "<h1>" in answer.text
            assert ".md" not in "".join(re.findall(r'href="([^"]*)"', answer.text))
        missing = web.client.get("/documentation/pined-actions")
        assert missing.status_code == 404
        assert "Did you mean pinned-actions?" in missing.text
