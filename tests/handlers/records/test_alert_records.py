"""The alerts that are kept: those of one package are read without those of the thousands of others."""

from datetime import UTC, datetime

from sqlalchemy import event

from bot.evaluation.package_alerts import AlertReason, PackageAlert, PackageAlertKind
from bot.model.core_types import FullName, InstallationId, RegistryId
from bot.packages.versions import Package
from handlers.config.database import Database
from handlers.records.package_alert_store import PackageAlertIssue, PackageAlertStore, StoredPackageAlert

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
ACME, HERE = InstallationId(1), FullName("acme/widgets")


def raise_one(records: Database, name: str, number: str) -> StoredPackageAlert:
    trouble = AlertReason(
        PackageAlertKind.UNTRACED_VERSION, number, f"{number} is published", NOON, ("nobody sent it",)
    )
    npm = RegistryId("npm")
    kept = StoredPackageAlert(
        PackageAlert(PackageAlertKind.UNTRACED_VERSION, Package(npm, name), npm, HERE, NOON, (trouble,)), HERE, HERE
    )
    PackageAlertStore(records).put(ACME, kept, NOON.timestamp())
    return kept


def plan(records: Database) -> str:
    """How the database finds the alerts of one package."""
    asked: list[tuple[str, object]] = []

    def hear(_: object, __: object, statement: str, parameters: object, *___: object) -> None:
        asked.append((statement, parameters))

    event.listen(records.engine, "before_cursor_execute", hear)
    PackageAlertStore(records).of_package(ACME, Package(RegistryId("npm"), "widgets"))
    event.remove(records.engine, "before_cursor_execute", hear)
    with records.reading() as connection:
        return str(connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked[-1][0]}", asked[-1][1]).all())  # type: ignore[arg-type]  # as it was asked


def test_a_look_reads_the_alarms_of_its_package_and_no_other(records: Database) -> None:
    kept = raise_one(records, "widgets", "1.0.1")
    for other in range(200):
        raise_one(records, f"other-{other}", "1.0.0")
    if records.engine.dialect.name == "sqlite":  # PostgreSQL reads so small a table whole
        assert "USING INDEX ix_package_alerts_installation_registry_package" in plan(records)

    PackageAlertStore(records).mark_reported(ACME, kept, PackageAlertIssue(HERE, 7, closed_by_person=True))
    (alarm,) = PackageAlertStore(records).of_package(ACME, Package(RegistryId("npm"), "widgets"))
    assert alarm.closed_by_person
    assert len(tuple(PackageAlertStore(records).all(ACME))) == 201


def test_of_an_installation_that_is_gone_nothing_stays(records: Database) -> None:
    raise_one(records, "widgets", "1.0.1")
    PackageAlertStore(records).forget(ACME)
    assert list(PackageAlertStore(records).all(ACME)) == []
    assert list(PackageAlertStore(records).unreported(NOON.timestamp())) == []
