"""The alerts that are kept: those of one package are read without those of the thousands of others."""

from datetime import UTC, datetime

from redis import Redis

from bot.evaluation.package_alerts import AlertReason, PackageAlert, PackageAlertKind
from bot.model.core_types import FullName, InstallationId, RegistryId
from bot.packages.versions import Package
from handlers.records.package_alert_store import PackageAlertIssue, PackageAlertStore, StoredPackageAlert

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
ACME, HERE = InstallationId(1), FullName("acme/widgets")


def raise_one(redis: Redis, name: str, number: str) -> StoredPackageAlert:
    trouble = AlertReason(
        PackageAlertKind.UNTRACED_VERSION, number, f"{number} is published", NOON, ("nobody sent it",)
    )
    npm = RegistryId("npm")
    kept = StoredPackageAlert(
        PackageAlert(PackageAlertKind.UNTRACED_VERSION, Package(npm, name), npm, HERE, NOON, (trouble,)), HERE, HERE
    )
    with redis.pipeline() as pipe:
        PackageAlertStore(redis).put(pipe, ACME, kept, NOON.timestamp())
        pipe.execute()
    return kept


def read(redis: Redis) -> tuple[int, int]:
    """Read the alerts of one package: how many there are, and how many bytes Redis gave for it."""
    before = redis.info("stats")["total_net_output_bytes"]
    found = PackageAlertStore(redis).of_package(ACME, Package(RegistryId("npm"), "widgets"))
    after = redis.info("stats")["total_net_output_bytes"]
    return len(found), after - before


def test_a_look_reads_the_alarms_of_its_package_and_no_other(redis: Redis) -> None:
    kept = raise_one(redis, "widgets", "1.0.1")
    number, alone = read(redis)
    for other in range(200):
        raise_one(redis, f"other-{other}", "1.0.0")
    found, among_many = read(redis)

    assert (number, found) == (1, 1)
    assert among_many < alone + 1_000

    PackageAlertStore(redis).mark_reported(ACME, kept, PackageAlertIssue(HERE, 7, closed_by_person=True))
    (alarm,) = PackageAlertStore(redis).of_package(ACME, Package(RegistryId("npm"), "widgets"))
    assert alarm.closed_by_person
    assert len(tuple(PackageAlertStore(redis).all(ACME))) == 201


def test_of_an_installation_that_is_gone_nothing_stays(redis: Redis) -> None:
    raise_one(redis, "widgets", "1.0.1")
    PackageAlertStore(redis).forget(ACME)
    assert redis.keys("wharfinger:package-alerts:*") == []
