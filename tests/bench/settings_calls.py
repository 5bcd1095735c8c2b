"""What reading a repository costs in calls: cold, with one publish environment and with every rule; and where nothing is published."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from redis import Redis

from bot.checks.rules import RULES
from bot.github.git_data import HEADS_PER_QUERY, REPOSITORIES_PER_QUERY
from bot.github.rate_limits import Share
from handlers.jobs.job_table import run_job
from handlers.queue.job_specs import CheckBranch
from tests.app.acme import CREATE_TOKEN, RELEASE_WORKFLOW_PATH, STORED_TOKEN, WITHOUT_PUBLICATION, acme_on
from tests.bot.github.settings.settings_scenario import ALL_SETTINGS, full_repository, read_settings_of
from tests.conftest import EmbeddedRedis
from tests.handlers.jobs.changes.push_scenario import PushScenario


def push_figures() -> Iterator[dict[str, Any]]:
    """What all events of one push cost, and what that comes to for ten thousand repositories."""
    with TemporaryDirectory(prefix="wf") as folder:
        server = EmbeddedRedis(Path(folder))
        with Redis.from_url(server.url) as redis, acme_on(redis, permissions=ALL_SETTINGS) as acme:
            story = PushScenario(acme, redis)
            plain = acme.organization.repository("plain", {RELEASE_WORKFLOW_PATH: WITHOUT_PUBLICATION})
            widgets = full_repository(acme)
            story.work_until_idle()
            swept = {}
            for name, repository in (("publishing", widgets), ("other", plain)):
                run_job(acme.context, CheckBranch(*acme.names(repository)))
                before = len(acme.github.calls)
                run_job(acme.context, CheckBranch(*acme.names(repository)))
                swept[name] = Counter(acme.github.calls[before:])
            pushes = {
                "to the publish path of a default branch": (
                    widgets,
                    {RELEASE_WORKFLOW_PATH: f"{STORED_TOKEN}# edited\n"},
                    19,
                    5,
                ),
                "beside it, README.md": (widgets, {"README.md": "news"}, 17, 1),
                "where nothing is published, README.md": (plain, {"README.md": "news"}, 6, 1),
            }
            for which, (repository, files, was, aim) in pushes.items():
                repository.push(files, by="alice")
                before = len(acme.github.calls)
                story.work_until_idle()
                calls = [call for call in acme.github.calls[before:] if call != CREATE_TOKEN]
                yield {"figure": f"calls for all events of a push {which}", "value": len(calls), "before": was, "aim": f"<= {aim}", "calls": calls}  # fmt: skip
        server.kill()
    rest = {name: sum(calls.values()) - calls["POST /graphql"] for name, calls in swept.items()}
    points = {name: calls["POST /graphql"] for name, calls in swept.items()}
    for limit in (5_000, 12_500):
        share = limit * (1 - Share.SWEEP.reserved)
        total = PUBLISHING * (rest["publishing"] + 1) + OTHERS * rest["other"]
        queries = PUBLISHING * points["publishing"] + OTHERS * points["other"]
        hours = max(total, queries) / share
        yield {"figure": f"hours to read the settings of 10,000 repositories, 15 % publishing, at {limit:,} an hour (from counted calls)", "value": round(hours, 1), "before": "7-9", "aim": "< 6"}  # fmt: skip
    queries = -(-(PUBLISHING + OTHERS) // HEADS_PER_QUERY)
    yield {"figure": "GraphQL points to compare all heads of 10,000 repositories", "value": queries, "aim": "<= 200"}
    queries = -(-PUBLISHING // REPOSITORIES_PER_QUERY) * 12
    yield {"figure": "GraphQL points an hour to poll tags at 10,000 repositories", "value": queries, "before": 6_000, "aim": "<= 900"}  # fmt: skip


PUBLISHING, OTHERS = 1_500, 8_500


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
    yield from push_figures()
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
