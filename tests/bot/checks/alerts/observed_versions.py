"""Versions of a watched package, in a line each."""

from datetime import UTC, datetime, timedelta

from bot.model.core_types import FullName, RegistryId
from bot.model.findings import Fact, Seen
from bot.packages.publish_history import Sighting, Watched
from bot.packages.versions import Listing, Package, Sender, Standing, Version, Workload

CLI = Package(RegistryId("npm"), "@acme/cli")
HERE = FullName("acme/cli")
RELEASE = ".github/workflows/release.yml"
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def version(number: str, at: datetime = NOON, *, sender: Sender = Sender.UNTOLD, provenance: bool | None = None) -> Version:  # fmt: skip
    account = "mona" if sender is Sender.ACCOUNT else None
    return Version(CLI, number, at, sender, account, provenance=provenance)


def sighting(  # noqa: PLR0913 - each is a fact of its own, by its name
    number: str,
    at: datetime = NOON,
    *,
    sender: Sender = Sender.UNTOLD,
    provenance: bool | None = None,
    workflow: str | None = None,
    repository: str = HERE,
    standing: Standing | None = Standing.ACCOUNTED,
    step: str | None = None,
) -> Sighting:
    work = Workload(FullName(repository), workflow) if workflow else None
    told = version(number, at, sender=sender, provenance=provenance)
    return Sighting(told, at, standing, workload=work, step=step, judged=at)


def watched(*sightings: Sighting, began: datetime = NOON) -> Watched:
    numbers = frozenset(each.version.number for each in sightings)
    return Watched(CLI, HERE, began, began, sightings, numbers)


def listing(*versions: Version, maintainers: Fact[tuple[str, ...]] = Seen(("mona",))) -> Listing:  # noqa: B008 - a frozen value
    return Listing(CLI, versions, maintainers)
