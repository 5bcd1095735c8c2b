"""The whole way with real parts: GitHub's signed delivery, receiver, Redis, worker, review."""

from pathlib import Path

from redis import Redis

from tests.app.test_end_to_end import processes, wait_for
from tests.conftest import WEBHOOK_SECRET
from tests.handlers.jobs.gate.gate_scenario import deployment_waiting, gate_scenario


def test_a_release_is_let_go_when_a_colleague_approves(
    redis_url: str, redis: Redis, free_port: int, tmp_path: Path
) -> None:
    with gate_scenario(redis) as (acme, widgets):
        acme.github.app.webhook_secret = WEBHOOK_SECRET
        with processes(acme, redis_url, free_port, tmp_path):
            acme.github.deliver_to(f"http://127.0.0.1:{free_port}/webhook")
            release = deployment_waiting(acme, widgets, checked=False)  # its check is asked for by the push of the tag
            wait_for(lambda: release.status_reports)
            release.approve()
            wait_for(lambda: release.verdict)
            assert release.verdict == "approved"
            acme.github.wait_for_deliveries()
            wait_for(lambda: not redis.keys("rq:job:*"))
        assert len(release.pending_deployment.comments) == 1
