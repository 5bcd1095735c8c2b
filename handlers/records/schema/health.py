"""Checks that the database of records is there, is this App's, and can be read."""

from collections.abc import Iterator

from bot.model.errors import ConfigurationError
from handlers.cache.diagnoses import Diagnosis, diagnosed_missing, diagnosed_ok
from handlers.config.database import Database, DatabaseError
from handlers.config.settings import Settings
from handlers.records import (
    change_alert_store,
    departure_store,
    gate_store,
    issue_outbox,
    notification_store,
    package_alert_store,
    policy_custody_store,
    protection_store,
    report_store,
    review_store,
    trace_store,
    watch_store,
)
from handlers.records.schema.migrate import prepare_records
from handlers.records.schema.record_documents import find_unreadable

DOCUMENTS = (
    review_store.REVIEWS,
    review_store.ROUNDS,
    review_store.DELETIONS,
    departure_store.DEPARTURES,
    trace_store.TRACES,
    gate_store.DECISIONS,
    gate_store.WAIT_STATES,
    gate_store.APPROVED_FILES,
    report_store.REPORTS,
    report_store.CHANGES,
    report_store.FACTS,
    report_store.DIGESTS,
    issue_outbox.ENTRIES,
    policy_custody_store.ACCEPTED,
    policy_custody_store.PENDING,
    change_alert_store.REPORTS,
    change_alert_store.UNREPORTED,
    change_alert_store.BRANCHES,
    package_alert_store.ALERTS,
    package_alert_store.ISSUES,
    watch_store.CLAIMS,
    watch_store.STATES,
    watch_store.OUTAGES,
    notification_store.NOTIFICATIONS,
    protection_store.PROTECTIONS,
)


def examine_records(records: Database, settings: Settings) -> Iterator[Diagnosis]:
    """Yield what is to be said of the records: that they answer, whose they are, and each one that cannot be read."""
    try:
        prepare_records(records, settings)
        unreadable = list(find_unreadable(records, DOCUMENTS))
    except (ConfigurationError, DatabaseError) as error:
        what, _, remedy = str(error).partition("; ")
        yield diagnosed_missing("records", what, remedy)
        return
    yield diagnosed_ok("records", f"they are in {records.shown_url}")
    for sentence in unreadable:
        yield diagnosed_missing(
            "unreadable record", sentence.partition("; ")[0], "mend it, or delete its row so that it is made anew"
        )
