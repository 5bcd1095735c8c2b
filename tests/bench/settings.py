"""What reading a repository costs in calls: cold, with one publish environment and with every rule; and where nothing is published."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from redis import Redis

from bot.rules import RULES
from tests.acme import MINTED, NOTHING, RELEASE, acme_on
from tests.conftest import EmbeddedRedis
from tests.holdings.story import EVERYTHING, full, read


def figures() -> Iterator[dict[str, Any]]:
    reads = {each for rule in RULES for each in rule.reads}
    with TemporaryDirectory(prefix="wf") as folder:
        server = EmbeddedRedis(Path(folder))
        with Redis.from_url(server.url) as redis, acme_on(redis, permissions=EVERYTHING) as acme:
            plain = acme.organisation.repository("plain", {RELEASE: NOTHING})
            plain.secret("CODE_COVERAGE")
            widgets, counted = full(acme), []
            for repository, publishes in ((widgets, True), (widgets, True), (plain, False)):
                before = len(acme.github.calls)
                read(acme, repository, reads=reads, publishes=publishes)
                counted.append([call for call in acme.github.calls[before:] if call != MINTED])
        server.kill()
    first, cold, nothing = counted
    yield {
        "figure": "calls to read a repository with one publish environment, all rules, nothing kept of it",
        "value": len(cold), "aim": "<= 12", "calls": cold,
        "first of its organisation": len(first),
    }  # fmt: skip
    yield {
        "figure": "calls to read a repository that publishes nothing",
        "value": len(nothing), "aim": "<= 2", "calls": nothing,
    }  # fmt: skip
