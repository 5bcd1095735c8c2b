"""Versions of a watched package, in a line each."""

from datetime import UTC, datetime, timedelta

from bot.model.core_types import FullName, RegistryId
from bot.model.findings import Known, MaybeKnown
from bot.packages.publish_history import Observation, WatchedPackage
from bot.packages.versions import Package, PackageListing, PackageVersion, PublisherKind, TraceStatus, Workload

CLI = Package(RegistryId("npm"), "@acme/cli")
HERE = FullName("acme/cli")
RELEASE = ".github/workflows/release.yml"
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def version(number: str, at: datetime = NOON, *, sender: PublisherKind = PublisherKind.UNKNOWN, provenance: bool | None = None) -> PackageVersion:  # fmt: skip
    account = "mona" if sender is PublisherKind.ACCOUNT else None
    return PackageVersion(CLI, number, at, sender, account, has_provenance=provenance)


def observation(  # noqa: PLR0913 - each is a fact of its own, by its name
    number: str,
    at: datetime = NOON,
    *,
    sender: PublisherKind = PublisherKind.UNKNOWN,
    provenance: bool | None = None,
    workflow: str | None = None,
    repository: str = HERE,
    standing: TraceStatus | None = TraceStatus.TRACED,
    step: str | None = None,
) -> Observation:
    work = Workload(FullName(repository), workflow) if workflow else None
    told = version(number, at, sender=sender, provenance=provenance)
    return Observation(told, at, standing, workload=work, publish_step_problem=step, traced_at=at)


def watched_package(*sightings: Observation, since: datetime = NOON) -> WatchedPackage:
    numbers = frozenset(each.version.number for each in sightings)
    return WatchedPackage(CLI, HERE, since, since, sightings, numbers)


def listing(*versions: PackageVersion, maintainers: MaybeKnown[tuple[str, ...]] = Known(("mona",))) -> PackageListing:  # noqa: B008 - a frozen value
    return PackageListing(CLI, versions, maintainers)
