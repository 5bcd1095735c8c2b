"""Carries deliveries to Apps: signed, with GitHub's headers, ten seconds to answer, no second try of its own."""

import hashlib
import hmac
import ssl
import threading
import time
from concurrent.futures import Future as Errand
from concurrent.futures import ThreadPoolExecutor, wait

import httpx

from tests.fakes.github.state.apps import FakeDelivery
from tests.fakes.github.state.github_world import GitHubWorld

NO_TLS = ssl.SSLContext(
    ssl.PROTOCOL_TLS_CLIENT
)  # receivers here speak plain HTTP; loading authorities would cost 30 ms
ANSWER_TIMEOUT = 10.0  # seconds; GHES waits 30 (docs: handling webhook deliveries)


class WebhookSender:
    """Takes what the world puts out; a few at a time, so they may arrive out of order, as GitHub's do."""

    def __init__(self, world: GitHubWorld, *, timeout: float = ANSWER_TIMEOUT) -> None:
        self.world = world
        self.timeout = timeout
        self._pool = ThreadPoolExecutor(8, thread_name_prefix="courier")
        self._pending: set[Errand[None]] = set()
        self._lock = threading.Lock()
        self._client = httpx.Client(timeout=timeout, verify=NO_TLS)
        world.undelivered = self.enqueue

    def enqueue(self, delivery: FakeDelivery) -> None:
        """Sends it soon; an App without an address gets nothing, but the log keeps what it would have got."""
        if delivery.app.webhook_url is None:
            delivery.status = "not sent: the App has no webhook address"
            return
        with self._lock:
            errand = self._pool.submit(self._post, delivery, delivery.app.webhook_url)
            self._pending.add(errand)
        errand.add_done_callback(self._forget)

    def wait_until_idle(self, timeout: float = 30.0) -> None:
        """Waits until everything that was put out so far has been answered or given up."""
        with self._lock:
            open_errands = set(self._pending)
        late = wait(open_errands, timeout).not_done
        assert not late, f"{len(late)} deliveries were neither answered nor given up within {timeout:g} s"

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._client.close()

    def _forget(self, errand: Errand[None]) -> None:
        with self._lock:
            self._pending.discard(errand)
        if not errand.cancelled() and errand.exception() is not None:
            self.world.log.violations.append(f"the courier failed: {errand.exception()!r}")

    def _post(self, delivery: FakeDelivery, address: str) -> None:
        delivery.headers = headers(delivery)
        started = time.monotonic()
        try:
            answer = self._client.post(address, content=delivery.body, headers=delivery.headers)
        except httpx.TimeoutException:
            self._record_outcome(delivery, 0, "timed out", started)
        except httpx.TransportError as error:
            self._record_outcome(delivery, 502, f"failed to connect to host: {type(error).__name__}", started)
        else:
            delivery.response_headers = dict(answer.headers)
            delivery.response_body = answer.text[:10_000]
            self._record_outcome(delivery, answer.status_code, answer.reason_phrase or "OK", started)

    def _record_outcome(self, delivery: FakeDelivery, code: int, status: str, started: float) -> None:
        with self.world.lock:
            delivery.status_code, delivery.status = code, status
            delivery.duration = round(time.monotonic() - started, 2)


def headers(delivery: FakeDelivery) -> dict[str, str]:
    """The headers of a delivery, in GitHub's spelling."""
    digest = hmac.new(delivery.app.webhook_secret.encode(), delivery.body, hashlib.sha256).hexdigest()
    return {
        "Accept": "*/*",
        "Content-Type": "application/json",
        "User-Agent": f"GitHub-Hookshot/{delivery.app.client_id[-7:]}",
        "X-GitHub-Delivery": delivery.guid,
        "X-GitHub-Event": delivery.event,
        "X-GitHub-Hook-ID": str(delivery.app.id + 1),
        "X-GitHub-Hook-Installation-Target-ID": str(delivery.app.id),
        "X-GitHub-Hook-Installation-Target-Type": "integration",
        "X-Hub-Signature-256": f"sha256={digest}",
    }
