"""What reading a repository costs in calls: cold, with one publish environment and with every rule; and where nothing is published."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from redis import Redis

from bot.checks.rules import RULES
from handlers.jobs.job_table import run_job
from handlers.queue.job_specs import CheckBranch
from tests.app.acme import CREATE_TOKEN, RELEASE_WORKFLOW_PATH, WITHOUT_PUBLICATION, acme_on
from tests.bot.github.settings.settings_scenario import ALL_SETTINGS, full_repository, read_settings_of
from tests.conftest import EmbeddedRedis


def figures() -> Iterator[dict[str, Any]]:
    reads = {each for rule in RULES for each in rule.reads}
    with TemporaryDirectory(prefix="wf") as folder:
        server = EmbeddedRedis(Path(folder))
        with Redis.from_url(server.url) as redis, acme_on(redis, permissions=ALL_SETTINGS) as acme:
            plain = acme.organization.repository("plain", {RELEASE_WORKFLOW_PATH: WITHOUT_PUBLICATION})
            plain.secret("CODE_COVERAGE")
            widgets, counted = full_repository(acme), []
            for repository, publishes in ((widgets, True), (widgets, True), (plain, False)):
                before = len(acme.github.calls)
                read_settings_of(acme, repository, reads=reads, publishes=publishes)
                counted.append([call for call in acme.github.calls[before:] if call != CREATE_TOKEN])
            whole = []
            redis.flushall()
            for repository in (widgets, widgets, plain):
                before = len(acme.github.calls)
                run_job(acme.context, CheckBranch(*acme.names(repository)))
                whole.append([call for call in acme.github.calls[before:] if call != CREATE_TOKEN])
        server.kill()
    first, cold, nothing = counted
    yield {
        "figure": "calls to read a repository with one publish environment, all rules, nothing kept of it",
        "value": len(cold), "aim": "<= 12", "calls": cold,
        "first of its organization": len(first),
    }  # fmt: skip
    yield {
        "figure": "calls to read a repository that publishes nothing",
        "value": len(nothing), "aim": "<= 2", "calls": nothing,
    }  # fmt: skip
    aims = {
        "with one publish environment, first of its organization": "none: what an organization shares is kept for an hour",
        "with one publish environment": "<= 12",
        "that publishes nothing": "<= 2",
    }
    for (which, aim), calls in zip(aims.items(), whole, strict=True):
        asked = [call for call in calls if "/check-runs" not in call]
        yield {
            "figure": f"calls to read in a sweep's whole check of a repository {which}", "value": len(asked), "aim": aim,
            "calls": asked, "for its check run": len(calls) - len(asked),
        }  # fmt: skip
