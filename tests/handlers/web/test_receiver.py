"""The receiver over real HTTP with a real Redis: what is kept, what is refused and in which words, what is answered when."""

import asyncio
import json
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest
from redis import Redis
from redis.exceptions import ResponseError

from handlers.config.redis_client import open_async_redis
from handlers.config.settings import Settings
from handlers.queue.enqueue import EnqueueResult, EnqueueStatus, enqueue, enqueue_arguments, queue_lengths
from handlers.queue.job_specs import SweepInstallations
from handlers.web import app
from handlers.web.delivery_store import DeliveryStore
from tests.conftest import EmbeddedRedis, environment
from tests.handlers.web.running_receiver import COMMIT, RunningReceiver, push_payload, sign, signed_headers


@pytest.fixture(scope="module")
def served(session_redis: EmbeddedRedis, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningReceiver]:
    data = str(tmp_path_factory.mktemp("data"))
    with RunningReceiver(
        Settings.from_environment(environment(REDIS_URL=session_redis.url, WHARFINGER_DATA=data))
    ) as web:
        yield web


@pytest.fixture
def web(served: RunningReceiver, redis_url: str) -> RunningReceiver:
    """A receiver with an empty Redis."""
    assert redis_url
    return served


def test_a_push_becomes_one_piece_of_work_and_nothing_else_of_it_is_kept(web: RunningReceiver, redis: Redis) -> None:
    answer = web.deliver("push", push_payload(pusher={"email": "octocat@example.com"}))
    assert (answer.status_code, answer.text) == (202, "will be done: a branch was pushed\n")
    name = redis.lindex("rq:queue:check", 0)
    assert isinstance(name, bytes)
    data = redis.hget(f"rq:job:{name.decode()}", "data")
    assert data is not None
    assert json.loads(data) == {
        "job": "check-commit",
        "version": 1,
        "arguments": {"installation": 5, "repository": 7, "full_name": "acme/widgets", "revision": COMMIT},
    }
    assert not any(b"octocat" in (redis.dump(key) or b"") for key in redis.keys("*"))


def test_a_repeated_delivery_is_answered_and_not_done_twice(web: RunningReceiver, redis: Redis) -> None:
    web.deliver("push", push_payload(), "guid-1")
    again = web.deliver("push", push_payload(), "guid-1")
    assert (again.status_code, again.text) == (202, "waits already: a branch was pushed\n")
    name = redis.rpop("rq:queue:check")
    assert isinstance(name, bytes)
    redis.delete(f"rq:job:{name.decode()}")  # as a worker leaves it: done
    done = web.deliver("push", push_payload(), "guid-1")
    assert (done.status_code, done.text) == (200, "done already: a branch was pushed\n")
    assert queue_lengths(redis)["check"] == 0


def test_deliveries_of_one_moment_are_each_kept_before_they_are_answered(web: RunningReceiver, redis: Redis) -> None:
    def deliver(number: int) -> tuple[int, str]:
        payload = json.loads(json.dumps(push_payload()).replace(COMMIT, f"{number % 40 + 1:040x}"))
        answer = web.deliver("push", payload, f"guid-{number}")
        kept = redis.exists(f"wharfinger:delivery:guid-{number}")
        return answer.status_code, f"{answer.text.partition(':')[0]}, {kept}"

    redis.script_flush()  # as a Redis that was started anew
    with ThreadPoolExecutor(16) as senders:
        answers = list(senders.map(deliver, range(80)))

    assert sorted(answers) == [(202, "waits already, 1")] * 40 + [(202, "will be done, 1")] * 40
    assert queue_lengths(redis)["check"] == 40


def test_a_delivery_that_redis_refuses_does_not_take_those_beside_it_along(redis_url: str, redis: Redis) -> None:
    async def store() -> list[EnqueueResult | BaseException]:
        opened = open_async_redis(redis_url, 2)
        kept = DeliveryStore(opened.client)
        wrong: list[str | int] = ["guid-wrong", "never", "", 100, ""]  # seconds are a number
        whole = [enqueue_arguments([SweepInstallations()], f"guid-{number}", 0, 100) for number in range(2)]
        calls = (kept.store(each) for each in (whole[0], [*wrong, *whole[0][5:]], whole[1]))
        answers = await asyncio.gather(*calls, return_exceptions=True)
        await opened.close()
        return list(answers)

    first, refused, last = asyncio.run(store())

    assert isinstance(refused, ResponseError)
    assert (first, last) == (
        EnqueueResult(EnqueueStatus.OK, queued=1),
        EnqueueResult(EnqueueStatus.OK, already_waiting=1),
    )
    assert redis.exists("wharfinger:delivery:guid-0", "wharfinger:delivery:guid-1") == 2


def test_a_delivery_whose_work_failed_is_done_when_it_is_sent_again(web: RunningReceiver, redis: Redis) -> None:
    web.deliver("push", push_payload(), "guid-1")
    name = redis.rpop("rq:queue:check")
    assert isinstance(name, bytes)
    redis.hset(f"rq:job:{name.decode()}", "status", "failed")
    assert web.deliver("push", push_payload(), "guid-1").text == "will be done: a branch was pushed\n"
    assert queue_lengths(redis)["check"] == 1


def test_every_secret_may_sign_while_they_are_rotated(settings: Settings) -> None:
    with RunningReceiver(replace(settings, webhook_secrets=("the new secret", "the old secret"))) as web:
        assert web.deliver("push", push_payload(), secret="the old secret").status_code == 202
        assert web.deliver("push", push_payload(), secret="the new secret").status_code == 202
        assert web.deliver("push", push_payload(), secret="another secret").status_code == 401


def test_the_form_that_github_can_send_instead_is_read(web: RunningReceiver, redis: Redis) -> None:
    body = urlencode({"payload": json.dumps(push_payload())}).encode()
    form = {**signed_headers(body), "content-type": "application/x-www-form-urlencoded"}
    assert web.post(body, form).status_code == 202
    assert queue_lengths(redis)["check"] == 1


@pytest.mark.parametrize(
    ("changed", "status", "sentence"),
    [
        ({"x-hub-signature-256": ""}, 401, "the delivery is not signed"),
        ({"x-hub-signature-256": "sha256=" + "0" * 64}, 401, "the signature is not one made with WHARFINGER_WEBHOOK"),
        ({"x-hub-signature-256": "sha1=" + "0" * 40}, 401, "X-Hub-Signature-256 is not of the form"),
        ({"x-hub-signature-256": "é"}, 401, "X-Hub-Signature-256 is not of the form"),
        ({"x-github-event": ""}, 400, "this is not a delivery of GitHub's"),
        ({"x-github-event": "Push Me"}, 400, "this is not a delivery of GitHub's"),
        ({"x-github-delivery": "../../etc"}, 400, "this is not a delivery of GitHub's"),
        ({"content-type": "text/plain"}, 415, "set the webhook's content type to application/json"),
        (
            {"x-github-hook-installation-target-type": "integration", "x-github-hook-installation-target-id": "9"},
            400,
            "the delivery is for another App than that of WHARFINGER_APP_ID, 1234",
        ),
    ],
)
def test_what_is_no_delivery_of_ours_is_refused_in_words(
    web: RunningReceiver, redis: Redis, changed: dict[str, str], status: int, sentence: str
) -> None:
    body = json.dumps(push_payload()).encode()
    answer = web.post(body, {**signed_headers(body), **changed})
    assert answer.status_code == status
    assert answer.text.startswith(sentence)
    assert queue_lengths(redis)["check"] == 0


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "Expecting value at 0"),
        (b'{"a": ', "Expecting value at 6"),
        (b"[]", "it is not an object"),
        (b'"text"', "it is not an object"),
        (b'{"a": NaN}', "NaN is not JSON"),
        (b'{"a": -Infinity}', "-Infinity is not JSON"),
        (b'{"a": 1e999}', "a number is too large"),
        (b'{"a": ' + b"9" * 5000 + b"}", "Exceeds the limit"),
        (b'{"a": 1, "a": 2}', "a key stands twice"),
        (b'{"a": "\\ud800"}', "it is not UTF-8"),
        (b'{"a": "\xff"}', "it is not UTF-8"),
        ('{"a": "b"}'.encode("utf-16"), "it is not UTF-8"),
        (b'{"a":' * 5000 + b"1" + b"}" * 5000, "it is nested too deeply"),
        (b'{"a":' * 150 + b"1" + b"}" * 150, "it is nested too deeply"),
        (b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "it is nested too deeply"),
    ],
)
def test_a_signed_payload_that_cannot_be_read_is_refused_in_words(
    web: RunningReceiver, body: bytes, sentence: str
) -> None:
    answer = web.post(body, signed_headers(body))
    assert answer.status_code == 400
    assert answer.text.startswith(f"the payload cannot be read: {sentence}")


def test_another_method_is_not_allowed(web: RunningReceiver) -> None:
    assert web.client.get("/webhook").status_code == 405


def test_a_body_above_githubs_most_is_refused_before_it_is_read(web: RunningReceiver) -> None:
    headers = {**signed_headers(b""), "content-length": str(26 * 1024 * 1024)}
    with web.line() as line:
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        line.sendall(f"POST /webhook HTTP/1.1\r\nhost: x\r\n{head}\r\n".encode())
        assert line.recv(100).startswith(b"HTTP/1.1 413 ")


def test_a_body_that_grows_above_githubs_most_is_refused_while_it_is_read(web: RunningReceiver) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(27):
            yield b" " * 1024 * 1024

    answer = web.client.post("/webhook", content=endless(), headers=signed_headers(b""))
    assert answer.status_code == 413


def test_a_head_without_end_is_not_listened_to(web: RunningReceiver) -> None:
    with web.line() as line:
        line.sendall(b"POST /webhook HTTP/1.1\r\nhost: x\r\n")
        with pytest.raises(ConnectionError):  # noqa: PT012 - it may be noticed at any of them
            for number in range(10_000):
                line.sendall(b"x-%d: %s\r\n" % (number, b"y" * 1000))
                time.sleep(0.0001)
    assert web.client.get("/health").status_code == 200


def test_a_head_that_does_not_come_is_not_waited_for(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "HEAD_TIMEOUT", 0.2)
    with RunningReceiver(settings) as web, web.line() as line:
        line.sendall(b"POST /webhook HTTP/1.1\r\nhost: x\r\n")
        assert line.recv(100) == b""


def test_a_body_that_breaks_off_does_no_harm(web: RunningReceiver) -> None:
    with web.line() as line:
        head = "".join(f"{name}: {value}\r\n" for name, value in signed_headers(b"").items())
        line.sendall(f"POST /webhook HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n{head}\r\n{{".encode())
    assert web.client.get("/health").status_code == 200


def test_the_largest_body_github_sends_is_read(web: RunningReceiver, redis: Redis) -> None:
    body = json.dumps(push_payload(padding="x" * (24 * 1024 * 1024))).encode()
    assert web.post(body, signed_headers(body)).status_code == 202
    assert queue_lengths(redis)["check"] == 1


# What the App itself causes is reported to it too.
def own(**more: Any) -> dict[str, Any]:  # noqa: ANN401 - a payload's fields
    return {
        **push_payload(),
        "action": "rerequested",
        "check_run": {"name": "publishing", "head_sha": COMMIT, "app": {"id": 1234}},
        **more,
    }


def test_what_our_own_app_did_is_dropped_and_what_a_person_did_with_it_is_not(
    web: RunningReceiver, redis: Redis
) -> None:
    robot = {"login": "wharfinger[bot]", "type": "Bot"}
    assert web.deliver("check_run", own(sender=robot)).text == "this App did that itself; nothing to do\n"
    assert queue_lengths(redis)["check"] == 0
    assert web.deliver("check_run", own()).status_code == 202
    assert queue_lengths(redis)["check"] == 1


def test_an_installation_that_is_not_allowed_is_refused_and_counted(settings: Settings, redis: Redis) -> None:
    with RunningReceiver(replace(settings, organizations=frozenset({"acme"}))) as web:
        assert web.deliver("push", push_payload(login="Acme")).status_code == 202
        answer = web.deliver("push", push_payload(login="stranger"))
        assert (answer.status_code, answer.text) == (202, "refused: this App is not open to stranger\n")
        assert 'wharfinger_deliveries_total{event="push",outcome="not-allowed"}' in web.metrics()
    assert queue_lengths(redis)["check"] == 1


def test_a_suspended_installation_is_refused_until_it_is_let_in_again(web: RunningReceiver, redis: Redis) -> None:
    web.deliver("installation", {"action": "suspend", "installation": {"id": 5, "account": {"login": "acme"}}})
    assert web.deliver("push", push_payload()).text == "refused: the installation is suspended\n"
    assert redis.llen("rq:queue:check") == 1  # the token of the suspended one is dropped
    web.deliver("installation", {"action": "unsuspend", "installation": {"id": 5, "account": {"login": "acme"}}})
    assert web.deliver("push", push_payload()).text == "will be done: a branch was pushed\n"


def test_events_that_ask_for_nothing_are_answered_and_counted(web: RunningReceiver, redis: Redis) -> None:
    assert web.deliver("ping", {"zen": "Design for failure.", "hook_id": 1}).text == "the webhook works\n"
    assert web.deliver("star", {"action": "created"}).text == "nothing to do: nothing depends on this event\n"
    assert 'wharfinger_deliveries_total{event="star",outcome="nothing"}' in web.metrics()
    assert sum(queue_lengths(redis).values()) == 0


def test_without_redis_the_answer_is_503_and_comes_soon(own_redis: EmbeddedRedis, settings: Settings) -> None:
    with RunningReceiver(replace(settings, redis_url=own_redis.url)) as web:
        assert web.deliver("push", push_payload()).status_code == 202
        os.kill(own_redis.process.pid, signal.SIGSTOP)  # worse than away: it takes and does not answer
        begin = time.monotonic()
        assert web.deliver("push", push_payload()).status_code == 503
        assert time.monotonic() - begin < 8  # GitHub waits for ten seconds
        os.kill(own_redis.process.pid, signal.SIGCONT)
        own_redis.kill()
        answer = web.deliver("push", push_payload())
        assert answer.status_code == 503
        assert answer.text.startswith("Redis cannot be reached, so the delivery is not kept")
        assert web.client.get("/health").status_code == 200
        ready = web.client.get("/ready")
        assert (ready.status_code, ready.json()["ready"]) == (503, False)
        assert web.client.get("/metrics").status_code == 200
        own_redis.start()
        assert web.deliver("push", push_payload()).status_code == 202
        assert web.client.get("/ready").json() == {"ready": True, "credentials": "ok", "redis": "ok"}


def test_more_work_than_may_wait_is_refused_so_that_github_counts_a_failure(settings: Settings, redis: Redis) -> None:
    enqueue(redis, [SweepInstallations()])
    with RunningReceiver(replace(settings, queue_limit=1)) as web:
        answer = web.deliver("push", push_payload(), "guid-1")
    assert answer.status_code == 503
    assert not redis.exists("wharfinger:delivery:guid-1")


def test_a_redis_that_is_nearly_full_takes_no_more(own_redis: EmbeddedRedis, settings: Settings) -> None:
    with Redis.from_url(own_redis.url) as redis, RunningReceiver(replace(settings, redis_url=own_redis.url)) as web:
        redis.config_set("maxmemory", "20mb")
        for number in range(150):
            redis.set(f"ballast-{number}", b"x" * 100_000)
        end = time.monotonic() + 10
        while web.client.get("/ready").status_code == 200 and time.monotonic() < end:
            time.sleep(0.1)
        assert web.client.get("/ready").json()["redis"].startswith("nearly full")
        assert web.deliver("push", push_payload()).status_code == 503


def test_the_figures_tell_what_waits_and_what_is_dead(web: RunningReceiver, redis: Redis) -> None:
    web.deliver("push", push_payload())
    redis.zadd("rq:failed:gate", {"one": 1})
    redis.hset("wharfinger:counts", "done:check-commit", 3)
    figures = web.metrics()
    assert 'wharfinger_waiting{queue="check"} 1.0' in figures
    assert 'wharfinger_failed_jobs{queue="gate"} 1.0' in figures
    assert 'wharfinger_jobs_total{ending="done",job="check-commit"} 3.0' in figures
    assert "wharfinger_response_seconds_count" in figures


def test_signatures_are_made_as_githubs_documentation_says() -> None:
    # https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries, "Testing the webhook payload"
    expected = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    assert sign(b"Hello, World!", "It's a Secret to Everybody") == expected
