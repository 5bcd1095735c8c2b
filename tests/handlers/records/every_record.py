"""Stores at least one record of every kind: what the tests of documents and of migrations read."""

from dataclasses import replace
from datetime import date, timedelta

from redis import Redis
from sqlalchemy import delete

from bot.evaluation.change_report import ChangeReport, StoredAlert
from bot.evaluation.package_alerts import AlertThresholds, PackageAlertKind
from bot.identities import PublishingIdentity
from bot.model.core_types import Mode, RegistryId, RuleName, Severity, Sha
from bot.model.findings import Finding, Known, Location, Unknown
from bot.model.identity_register import AccessReview, IdentityKind
from bot.packages.publish_history import NewMaintainer, Observation, WatchedPackage
from bot.packages.versions import (
    CacheValidator,
    FetchedListing,
    Package,
    PackageFile,
    PackageListing,
    PackageVersion,
    PublisherKind,
    TraceStatus,
    Workload,
)
from bot.rendering.departure import Departure, DepartureItem, DepartureStep
from bot.rendering.issue import IssueText
from bot.rendering.notification import Notification, NotificationKind
from bot.settings import Environment
from handlers.config.database import Database
from handlers.records.change_alert_store import BranchState, ChangeAlertStore, UnreportedAlert
from handlers.records.departure_store import DepartureStore
from handlers.records.gate_store import GateStore, WaitingDeployment
from handlers.records.issue_outbox import IssueOutbox, IssueOutboxEntry
from handlers.records.notification_store import NotificationStore
from handlers.records.policy_custody_store import (
    AcceptedPolicy,
    PendingPolicy,
    PolicyCustodyStore,
    PolicyVersion,
    PusherStore,
)
from handlers.records.policy_store import PolicyKey, PolicyStore
from handlers.records.protection_store import ProtectionStore
from handlers.records.release_store import ReleaseStore, TaggedRelease
from handlers.records.review_store import OpenRound, ReviewRoundStore, ReviewStore, SecretDeletion, SecretDeletionStore
from handlers.records.schema.tables import unreadable_records
from handlers.records.watch_store import Outage, PackageClaim, PackageWatch, WatchState, WatchStore
from tests.handlers.web.pages.stored_records import INSTALLATION, NAME, NOW, NUMBER, store_records

COMMIT = Sha("c0ffee" + "0" * 34)
PYPI = RegistryId("pypi")
LOCATION = Location(".github/workflows/release.yml", 7, 7)


def store_everything(records: Database, redis: Redis, text: str = "release") -> None:
    """Store one repository of acme; what a person can name is called `text`."""
    store_records(records, redis, text)
    _store_reviews(records, text)
    _store_changes(records, text)
    _store_packages(records, text)
    gate = WaitingDeployment(INSTALLATION, NUMBER, NAME, 9, text)
    GateStore(records).put_last_approved_files(gate, text, {text: "1"}, {text: "2"})
    entry = IssueOutboxEntry(INSTALLATION, NUMBER, IssueText(NAME, text, text, (RuleName("a"),), (), text), NAME)
    IssueOutbox(records).put(entry)
    IssueOutbox(records).mark_open(entry, NAME)
    key = PolicyKey.organization(INSTALLATION, "acme")
    PolicyStore(records).put(key, b"version: 1\n", COMMIT, NOW)
    PolicyStore(records).put(key, b"version: 1\nmode: enforce\n", COMMIT, NOW + timedelta(days=1))
    version = PolicyVersion(NAME, NUMBER, text, COMMIT, "1", "version: 1\n", "version: 1\n")
    custody = PolicyCustodyStore(records)
    custody.accept(INSTALLATION, AcceptedPolicy(version, NOW, text))
    custody.put_pending(INSTALLATION, PendingPolicy(version, (text,), NOW, NOW, text, NOW, text, is_rejected=True))
    before, seen = Environment(text, wait_minutes=5), Environment(text)
    protected = ProtectionStore(records, INSTALLATION, NUMBER)
    protected.observe(before, "acme", frozenset(), NOW)
    protected.observe(seen, "acme", frozenset(), NOW)
    said = Notification(
        key=text,
        kind=NotificationKind.TEST,
        title=text,
        text=text,
        severity=Severity.LOW,
        at=NOW,
        subject=text,
        resolved=True,
    )
    NotificationStore(records).put(said, ["c0ffee"], NOW)
    PusherStore(records, INSTALLATION).keep(COMMIT, "alice", NOW)
    ReleaseStore(records).record_check(TaggedRelease(INSTALLATION, NUMBER, NAME, text), COMMIT, NOW.timestamp())
    with records.transaction() as connection:
        connection.execute(delete(unreadable_records))


def _store_reviews(records: Database, text: str) -> None:
    review = AccessReview(IdentityKind.SECRET, text, NAME, NOW, "alice", keep=True)
    ReviewStore(records).record_check(NUMBER, NOW)
    ReviewStore(records).add(NUMBER, review)
    ReviewStore(records).add(NUMBER, replace(review, holder="acme"))
    ReviewRoundStore(records).put(NUMBER, OpenRound(date(2026, 11, 24), NAME, 3))
    item = DepartureItem("0" * 12, DepartureStep.ROTATE_SECRET, text, NAME, NOW, text)
    departure = Departure("acme", text, NOW, (text,), left_organization=True, items=(item,), issue_repository=NAME)
    DepartureStore(records).put(INSTALLATION, departure)
    identity = PublishingIdentity(kind=IdentityKind.SECRET, name=text, holder=NAME, location=LOCATION, rotated_at=NOW)
    SecretDeletionStore(records, NUMBER).put(SecretDeletion(identity, "alice", NOW, NAME, 3))


def _store_changes(records: Database, text: str) -> None:
    alert = StoredAlert(
        name=RuleName("a"), title=text, severity=Severity.HIGH, mode=Mode.ENFORCE, open_issue=True,
        findings=(Finding(LOCATION, text, text),), unknown=(Unknown(text, text),), error=None,
    )  # fmt: skip
    report = ChangeReport(NAME, text, COMMIT, NOW, (alert,))
    store = ChangeAlertStore(records, INSTALLATION, NUMBER)
    store.put("refs/heads/x", report, UnreportedAlert(report, NAME), BranchState(COMMIT, (text,)))
    store.keep_tags({"v1": COMMIT}, read_all=True)


def _store_packages(records: Database, text: str) -> None:
    package = Package(PYPI, text)
    watch, store = PackageWatch(INSTALLATION, package), WatchStore(records)
    thresholds = AlertThresholds(frozenset(PackageAlertKind))
    store.put_claims(INSTALLATION, NUMBER, {package: PackageClaim(NUMBER, NAME, NAME, thresholds, NOW)}, NOW)
    workload = Workload(NAME, text, text, COMMIT, text, None, text, 9, 1)
    version = PackageVersion(
        package,
        "1.0",
        NOW,
        PublisherKind.TRUSTED_PUBLISHER,
        text,
        workload,
        (PackageFile(text, {"sha256": "00"}, NOW),),
    )
    seen = Observation(version, NOW, TraceStatus.TRACED, (text,), workload)
    observed = WatchedPackage(
        package, NAME, NOW, NOW, (seen,), frozenset({"1.0"}), (text,), (NewMaintainer(text, NOW),), Known((text,))
    )
    listing = FetchedListing(PackageListing(package, (version,), Known((text,))), NOW, CacheValidator("x", None))
    store.put_state(watch, WatchState(observed, listing, text, NOW, (version,)), NOW)
    store.announce_version(watch, NOW)
    store.put_outage(Outage(PYPI, NOW, text, NOW))
