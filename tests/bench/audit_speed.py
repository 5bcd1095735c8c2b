"""How long the audit of a year takes: a thousand repositories with ten identities each, each reviewed twice."""

import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import insert

from bot.checks.rules import RULES
from bot.evaluation.audit import AuditPeriod
from bot.model.core_types import Outcome
from bot.model.identity_register import AccessReview, IdentityKind
from bot.registries import load_catalog
from bot.rendering.audit_report import audit_content, render_audit_csv, render_audit_html, render_audit_json
from handlers.config.database import Database
from handlers.records.audit_store import AuditStore
from handlers.records.report_store import CHANGES, OutcomeChange
from handlers.records.review_store import REVIEWS
from handlers.records.schema.migrate import migrate
from handlers.records.schema.tables import access_reviews, outcome_changes, repositories, repository_names

REPOSITORIES, IDENTITIES, QUARTERS = 1000, 10, 4
NOW = datetime(2026, 11, 24, tzinfo=UTC)
AIM = 2.0  # seconds


def figures() -> Iterator[dict[str, Any]]:
    with TemporaryDirectory(prefix="wf") as folder:
        records = Database(f"sqlite:///{Path(folder) / 'records.sqlite3'}")
        migrate(records)
        _store_year(records, random.Random(7))  # noqa: S311 - the same year each time
        catalog, period = load_catalog(), AuditPeriod(NOW - timedelta(days=365), NOW)
        began, worked = time.perf_counter(), time.process_time()
        content = audit_content(AuditStore(records, catalog, "acme").read(period, NOW))
        size = sum(len(render(content)) for render in (render_audit_html, render_audit_json, render_audit_csv))
        yield {
            "figure": f"seconds for the audit of a year, {REPOSITORIES * IDENTITIES:,} identities",
            "wall": round(time.perf_counter() - began, 2),
            "processor": round(time.process_time() - worked, 2),
            "aim": f"<= {AIM}",
            "events": len(content.events),
            "MB": round(size / 1e6, 1),
        }
        records.close()


def _store_year(records: Database, chance: random.Random) -> None:
    with records.transaction() as connection:
        numbers = range(1, REPOSITORIES + 1)
        connection.execute(insert(repositories), [{"id": number, "installation": None} for number in numbers])
        names = [{"name": f"acme/repository-{number}", "repository": number} for number in numbers]
        connection.execute(insert(repository_names), names)
        connection.execute(insert(outcome_changes), [row for number in numbers for row in _changes(number, chance)])
        connection.execute(insert(access_reviews), [row for number in numbers for row in _reviews(number)])


def _changes(repository: int, chance: random.Random) -> Iterator[dict[str, Any]]:
    """Yield a change of two outcomes in each quarter."""
    outcomes = {rule.name: chance.choice([*[Outcome.PASSED] * 8, Outcome.FAILED, Outcome.UNKNOWN]) for rule in RULES}
    for quarter in range(QUARTERS):
        at = NOW - timedelta(days=364 - 90 * quarter)
        for name in chance.sample(list(outcomes), 2):
            outcomes[name] = chance.choice([Outcome.PASSED, Outcome.FAILED])
        document = CHANGES.text(OutcomeChange(at, None, dict(outcomes)))
        yield {"repository": repository, "changed_at": at, "document": document}


def _reviews(repository: int) -> Iterator[dict[str, Any]]:
    for identity in range(IDENTITIES):
        for half in (0, 1):
            at, holder = NOW - timedelta(days=180 * half + identity + 1), f"acme/repository-{repository}"
            review = AccessReview(
                IdentityKind.SECRET,
                f"TOKEN_{identity}",
                holder,
                at,
                "mona",
                keep=True,
                reason="needed",
                shown="x" * 300,
            )
            yield {"repository": repository, "organization": None, "reviewed_at": at, "document": REVIEWS.text(review)}
