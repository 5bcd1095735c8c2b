"""Everything that pages show, kept in Redis with one text for every name: `keep(redis, "<script>")`."""

from dataclasses import replace
from datetime import UTC, date, datetime

from redis import Redis
from sqlalchemy import update

from bot.evaluation.evaluate import Report
from bot.evaluation.gate_decision import GateVerdict
from bot.evaluation.package_alerts import AlertReason, PackageAlert, PackageAlertKind
from bot.github.github_app import InstallationRepository
from bot.model.core_types import Conclusion, FullName, InstallationId, RegistryId, RepositoryId, Sha
from bot.model.findings import Finding, Location
from bot.packages.versions import Package
from bot.rendering import scan_report
from bot.rendering.digest import DigestState, TrendRow
from bot.rendering.digest_facts import DigestIdentity
from bot.rendering.markdown import plain_line
from bot.rendering.publish_path_diagram import render_ascii_diagram
from handlers.cache.diagnoses import DiagnosisStore, StoredDiagnosis, diagnosed_missing
from handlers.config.database import Database
from handlers.records.gate_store import GateStore, StoredGateDecision, WaitingDeployment, WaitState
from handlers.records.installation_store import InstallationRepositories, InstallationRepositoryStore
from handlers.records.inventory_store import InventoryStore
from handlers.records.package_alert_store import PackageAlertIssue, PackageAlertStore, StoredPackageAlert
from handlers.records.report_store import FACTS, DigestFactStore, DigestStore, ReportStore, StoredReport
from handlers.records.schema.tables import digest_facts
from handlers.records.trace_store import TraceStore
from tests.bot.rendering.test_hostile_versions import account
from tests.bot.rendering.test_reports import hostile

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
NUMBER = RepositoryId(7)
INSTALLATION = InstallationId(5)
NAME = FullName("acme/widgets")
WEB = "https://github.example/acme/widgets"
KEY = "7:9:1:3:pypi"


def store_status(records: Database, name: str) -> None:
    """Keep that a repository was looked at, and that is all."""
    place = (INSTALLATION, NUMBER, FullName(name), "main", Sha("c0ffee" + "0" * 34), NOW)
    ReportStore(records).put(StoredReport(*place, "", Conclusion.SUCCESS, "", enforced=True, paths=(), report={}))


def store_records(records: Database, redis: Redis, text: str) -> None:
    """Keep one repository of acme, of which everything that a person can name is called `words`."""
    known = InstallationRepository(NUMBER, NAME, archived=False, html_url=WEB)
    refused = InstallationRepository(RepositoryId(8), FullName(f"acme/{text}"), archived=False)
    InstallationRepositoryStore(records).put(INSTALLATION, InstallationRepositories(NOW, (known, refused)))
    report = hostile(text)
    ReportStore(records).put(
        StoredReport(
            installation=INSTALLATION,
            id=NUMBER,
            repository=NAME,
            branch=text,
            commit=Sha("c0ffee" + "0" * 34),
            taken_at=NOW,
            fingerprint="",
            conclusion=Conclusion.FAILURE,
            title=text,
            enforced=True,
            paths=(),
            report=scan_report.repository_object(text, report),
            diagram=tuple(render_ascii_diagram(report.snapshot)),
        )
    )
    _store_reports(records, text, report)
    _store_gates(records, text)
    TraceStore(records).put(NUMBER, account(text))
    store_alert(records, INSTALLATION, text)
    trend = tuple(TrendRow(f"2026-W{week}", 1, 2, week - 40, 0, 0, 0, 0) for week in (46, 47))
    DigestStore(records, INSTALLATION).put(DigestState(text, text, {}, trend))
    DiagnosisStore(redis).put(StoredDiagnosis(NOW, (diagnosed_missing(text, text, text),)))


def _store_reports(records: Database, text: str, report: Report) -> None:
    """Keep two judgements, so that something changed between them."""
    book = DigestFactStore(records, INSTALLATION)
    first, *others = report.results
    for findings in ((), (Finding(Location(text, 1, 1), text, text),)):
        changed = replace(first, findings=findings, unknown=(), error=None)
        book.put(NUMBER, replace(report, results=(changed, *others)))
    told = book.get(NUMBER)
    assert told is not None
    held = DigestIdentity("k" * 12, "secret", text, text, text, date(2026, 1, 1), date(2026, 12, 1), declared=False)
    whole = replace(told, identities=(*told.identities, held))
    with records.transaction() as connection:
        connection.execute(update(digest_facts).values(document=FACTS.text(whole)))  # as the store keeps it
    InventoryStore(records, INSTALLATION).put(NUMBER, whole.identities)
    book.set_not_evaluated(RepositoryId(8), text.encode(errors="replace").decode())


def store_alert(records: Database, installation: InstallationId, text: str) -> None:
    """Keep one about a version that nobody can account for, with an issue."""
    trouble = AlertReason(PackageAlertKind.UNTRACED_VERSION, text, text, NOW, (text,))
    package = Package(RegistryId("pypi"), text)
    alarm = PackageAlert(
        PackageAlertKind.UNTRACED_VERSION, package, package.registry, NAME, NOW, (trouble,), resolution_evidence=(text,)
    )
    book, kept = PackageAlertStore(records), StoredPackageAlert(alarm, NAME, NAME)
    book.put(installation, kept, NOW.timestamp())
    book.mark_reported(installation, kept, PackageAlertIssue(NAME, 3))


def _store_gates(records: Database, text: str) -> None:
    book, gate = GateStore(records), WaitingDeployment(INSTALLATION, NUMBER, NAME, 9, text)
    book.add(gate, NOW.timestamp())
    book.put_state(gate, WaitState(NOW.timestamp(), attempts=2, reasons=(plain_line(text), plain_line(f"- {text}"))))
    for key, verdict in (
        (KEY, GateVerdict.REJECTED),
        (f"8:9:1:4:{text[:50].encode(errors='replace').decode()}", GateVerdict.APPROVED),
    ):
        book.begin_decision(
            key, NUMBER, StoredGateDecision(NOW, NAME, text, 9, 1, text, text, text, verdict, (text,), (text,), (text,))
        )
